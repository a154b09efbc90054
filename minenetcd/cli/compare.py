"""minenetcd compare"""

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option


def compare(
    model_a: Annotated[str, Argument(help="Embedded name, hub id, or folder of a detector.", show_default=False)],
    model_b: Annotated[str, Argument(help="The detector to compare it with.", show_default=False)],
    data: Annotated[
        str | None, Option(help="A named data set, a hub id, a folder, or synthetic:NAME.", show_default=False)
    ] = None,
    split: Annotated[str, Option(help="Of the data set: train, val or test.")] = "test",
    before: Annotated[str | None, Option(help="Instead of --data: earlier image.", show_default=False)] = None,
    after: Annotated[str | None, Option(help="Later image of the same place.", show_default=False)] = None,
    truth: Annotated[
        str | None, Option(help="What did change between the two: raster or polygons.", show_default=False)
    ] = None,
    out: Annotated[Path, Option(help="Folder for the results.")] = Path("comparison"),
    examples: Annotated[int, Option(help="Largest differences on the sheet.", min=1)] = 8,
    bands: Annotated[str | None, Option(help="Bands of two images to read as red, green, blue, e.g. 4,3,2.")] = None,
    bands_after: Annotated[str | None, Option(help="The same for the later image, where it differs.")] = None,
    gsd: Annotated[float | None, Option(help="Analyse two images at this many metres per pixel.")] = None,
    batch_size: Annotated[int, Option(help="Pairs of a data set per forward pass.", min=1)] = 8,
    workers: Annotated[int, Option(help="Processes that read a data set.", min=0)] = 2,
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Compare two detectors on a data set or two images: where they differ, which is right, and is it luck.

    Example: minenetcd compare minenetcd-nano runs/bit --data levir-cd --out comparison
    """
    from minenetcd.cli.image_options import whole_numbers
    from minenetcd.cli.progress import progress_bar
    from minenetcd.detectors.side_by_side import load_detectors
    from minenetcd.errors import OptionError
    from minenetcd.explain.comparison.on_data import compare_on_data
    from minenetcd.explain.comparison.on_scene import compare_on_scene
    from minenetcd.explain.comparison.outputs import write_comparison
    from minenetcd.prediction.options import PredictOptions

    is_scene = before is not None and after is not None
    if (data is not None) + is_scene != 1 or (before is None) != (after is None):
        raise OptionError("A comparison needs --data, or --before and --after: name a data set or two images.")
    if truth is not None and not is_scene:
        raise OptionError("--truth belongs to --before and --after, a data set has its own: leave it out.")
    scene_options = PredictOptions(
        bands=whole_numbers(bands, "--bands", "4,3,2"),
        bands_after=whole_numbers(bands_after, "--bands-after", "4,3,2"),
        gsd=gsd,
    )
    detectors = load_detectors([model_a, model_b])
    with progress_bar("Comparing") as progress:
        if is_scene:
            comparison = compare_on_scene(
                detectors, before, after, out,
                options=scene_options, truth=truth, device=device, examples=examples, progress=progress,
            )  # fmt: skip
        else:
            comparison = compare_on_data(
                detectors, data,
                split=split, batch_size=batch_size, workers=workers, device=device, examples=examples,
                progress=progress,
            )  # fmt: skip
    _print(write_comparison(comparison, out), out)


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
    from rich.console import Console
    from rich.table import Table

    groups = f"{record['groups']:,} {record['group']}{'s' * (record['groups'] != 1)}"
    print(f"On {record['source']}; intervals and p over {groups}:")
    table = Table()
    for heading in ("Metric", "A", "B", "A - B", "95 %", "p"):
        table.add_column(heading, justify="left" if heading == "Metric" else "right")
    for name, found in record["metrics"].items():
        interval = found["interval_95"]
        span = "-" if interval is None else f"{interval[0]:+.4f} to {interval[1]:+.4f}"
        values = (_digits(found["a"]), _digits(found["b"]), _digits(found["difference"], signed=True))
        table.add_row(_HEADINGS[name], *values, span, "-" if found["p_value"] is None else f"{found['p_value']:.3g}")
    Console().print(table)
    test = record["mcnemar"]
    print(f"Only A right {test['only_a_right']:,} pixels, only B right {test['only_b_right']:,}", end="")
    if test["statistic"] is None:
        print()
        return
    p_value = "below 1e-300" if test["p_value"] < 1e-300 else f"{test['p_value']:.3g}"
    print(f"; McNemar {test['statistic']:,.1f}, p {p_value} if pixels were independent. They are not: trust the table.")


_HEADINGS = {"oa": "OA", "precision": "Precision", "recall": "Recall", "f1": "F1", "ciou": "cIoU"}


def _digits(value: float | None, *, signed: bool = False) -> str:
    return "undefined" if value is None else f"{value:+.4f}" if signed else f"{value:.4f}"
