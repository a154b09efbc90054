"""minenetcd compare"""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from minenetcd.cli.band_warnings import warn_of_bands
from minenetcd.cli.checks import check_early
from minenetcd.cli.console import digits, print_rich, progress_bar, table
from minenetcd.cli.options import (
    DATA,
    Bands,
    BandsAfter,
    BatchSize,
    Crs,
    DateAfter,
    DateBefore,
    Detector,
    Device,
    Gsd,
    Nodata,
    Remote,
    Split,
    Workers,
    Yes,
    bands_wanted,
    metres_per_pixel,
    nodata_values,
)
from minenetcd.display.words import MEASURES, counted
from minenetcd.errors import OptionError


def compare(
    model_a: Detector,
    model_b: Annotated[str, Argument(help="The detector to compare it with.", show_default=False)],
    data: Annotated[str | None, DATA] = None,
    split: Split = "test",
    before: Annotated[str | None, Option(help="Instead of --data: earlier image.", show_default=False)] = None,
    after: Annotated[str | None, Option(help="Later image of the same place.", show_default=False)] = None,
    truth: Annotated[
        str | None, Option(help="True changes between the two images: raster or polygons.", show_default=False)
    ] = None,
    out: Annotated[Path, Option(help="Folder for the results.")] = Path("comparison"),
    examples: Annotated[int, Option(help="How many of the largest differences to draw.", min=1)] = 8,
    bands: Bands = None,
    bands_after: BandsAfter = None,
    remote: Remote = False,
    gsd: Gsd = None,
    crs: Crs = None,
    nodata: Nodata = None,
    date_before: DateBefore = None,
    date_after: DateAfter = None,
    batch_size: BatchSize = 8,
    workers: Workers = 2,
    device: Device = "auto",
    yes: Yes = False,
) -> None:
    """Compare two detectors on a data set or two images: where they differ, which is right, and could it be chance.

    Example: minenetcd compare minenetcd-nano runs/bit --data levir-cd --out comparison
    """
    from minenetcd.prediction.options import PredictOptions

    scene = None if before is None or after is None else (before, after)
    if (data is None) == (scene is None) or (before is None) != (after is None):
        raise OptionError("A comparison needs --data, or --before and --after: name a data set or two images.")
    if truth is not None and scene is None:
        raise OptionError("--truth belongs to --before and --after, a data set has its own: leave it out.")
    nodata_before, nodata_after = nodata_values(nodata)
    scene_options = PredictOptions(
        bands=bands_wanted(bands),
        bands_after=bands_wanted(bands_after, "--bands-after"),
        gsd=metres_per_pixel(gsd),
        crs=crs,
        nodata=nodata_before,
        nodata_after=nodata_after,
        date_before=date_before,
        date_after=date_after,
        remote=remote,
        yes=yes,
    )
    check_early(detectors=[model_a, model_b], data=data, device=device, out=out)
    from minenetcd.building.scene_label import open_label
    from minenetcd.prediction.opening import open_scene

    with ExitStack() as opened:
        images = None if scene is None else opened.enter_context(open_scene(*scene, scene_options))
        if images is not None:
            warn_of_bands(images.native, asked=bands is not None or bands_after is not None)
        label = opened.enter_context(open_label(truth, images.native.grid)) if images and truth else None
        # from here on torch is needed
        from minenetcd.detectors.side_by_side import load_detectors
        from minenetcd.explain.comparison.on_data import compare_on_data
        from minenetcd.explain.comparison.on_scene import compare_on_scene, scene_files
        from minenetcd.explain.comparison.outputs import staged_comparison, write_comparison

        detectors = load_detectors([model_a, model_b])
        rasters = scene_files(detectors, images.native.grid, scene_options) if images else ()
        inputs = (*images.before.local, *images.after.local, *([truth] if truth else ())) if images else ()
        with progress_bar("Comparing") as progress, staged_comparison(out, rasters, inputs=inputs) as folder:
            if images is not None:
                comparison = compare_on_scene(
                    detectors, images, folder,
                    options=scene_options, label=label, device=device, examples=examples, progress=progress,
                )  # fmt: skip
            else:
                assert data is not None  # one of the two was asked for above
                comparison = compare_on_data(
                    detectors, data,
                    split=split, batch_size=batch_size, workers=workers, device=device, examples=examples,
                    progress=progress,
                )  # fmt: skip
            record = write_comparison(comparison, folder)
    for note in comparison.notes:
        print(note)
    _print(record, out)


def _print(record: dict[str, Any], out: Path) -> None:
    share = record["differing_pixels"] / max(1, record["counted_pixels"])
    print(f"{record['a']} (A) and {record['b']} (B) differ in {record['differing_pixels']:,} pixels, {share:.2%}")
    if "metrics" in record:
        _print_metrics(record)
    else:
        pixels = record["pixels"]
        print(
            f"Change seen by A alone {pixels['only_a']:,}, by B alone {pixels['only_b']:,}, by both {pixels['both']:,}"
        )
    if record["hectares_only_a"] is not None:
        print(
            f"Change seen by A alone {record['hectares_only_a']:.2f} ha, by B alone {record['hectares_only_b']:.2f} ha"
        )
    print(f"All of it in {out}")


def _print_metrics(record: dict[str, Any]) -> None:
    """Each metric with what resampling groups says of the difference, then McNemar's counts."""
    print(f"On {record['source']}; intervals and p over {counted(record['groups'], record['group'])}:")
    numbers = ("A", "B", "A - B", "95 %", "p")
    rows = table("Metric", *numbers, right=numbers)
    for name, found in record["metrics"].items():
        interval = found["interval_95"]
        span = "-" if interval is None else f"{interval[0]:+.4f} to {interval[1]:+.4f}"
        values = (digits(found["a"]), digits(found["b"]), digits(found["difference"], "+.4f"))
        rows.add_row(MEASURES[name], *values, span, digits(found["p_value"], ".3g", unknown="-"))
    print_rich(rows)
    test = record["mcnemar"]
    print(f"Only A right {test['only_a_right']:,} pixels, only B right {test['only_b_right']:,}", end="")
    if test["statistic"] is None:
        print()
        return
    p_value = "below 1e-300" if test["p_value"] < 1e-300 else f"{test['p_value']:.3g}"
    print(f"; McNemar {test['statistic']:,.1f}, p {p_value} if pixels were independent. They are not: trust the table.")
