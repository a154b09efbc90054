"""minenetcd explain"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Option

from minenetcd.cli.band_warnings import warn_of_bands
from minenetcd.cli.checks import check_early
from minenetcd.cli.console import digits, print_rich, progress_bar, table
from minenetcd.cli.options import (
    After,
    Bands,
    BandsAfter,
    Before,
    Crs,
    DateAfter,
    DateBefore,
    Detector,
    Device,
    Gsd,
    Nodata,
    Remote,
    bands_wanted,
    metres_per_pixel,
    nodata_values,
    three_numbers,
)
from minenetcd.errors import OptionError
from minenetcd.files import one_run_in

if TYPE_CHECKING:
    from minenetcd.explain.explanation import Explanation
    from minenetcd.explain.options import Pixels, Target
    from minenetcd.explain.view import View


def explain(
    model: Detector,
    before: Before,
    after: After,
    beside: Annotated[
        list[str] | None, Option(help="Another detector to show beside it; may be repeated.", show_default=False)
    ] = None,
    level: Annotated[str, Option(help="Levels to explain, 1 is the finest: all, 2, 1,3 or 1..4.")] = "all",
    target: Annotated[str, Option(help="What to explain: change or no-change.")] = "change",
    pixels: Annotated[
        str, Option(help="Explain the score of pixels 'predicted' as the target, or of 'all'.")
    ] = "predicted",
    window: Annotated[
        str | None, Option(help="Part of the image: COL,ROW,SIZE in pixels.", show_default="what both images show")
    ] = None,
    truth: Annotated[Path | None, Option(help="True changes, drawn as outlines: raster or polygons.")] = None,
    out: Annotated[Path, Option(help="Folder for the results.")] = Path("explanation"),
    bands: Bands = None,
    bands_after: BandsAfter = None,
    remote: Remote = False,
    gsd: Gsd = None,
    crs: Crs = None,
    nodata: Nodata = None,
    date_before: DateBefore = None,
    date_after: DateAfter = None,
    device: Device = "auto",
) -> None:
    """Show where a detector looked: Grad-CAM before and after ChangeFFT, or on the layers that a method declares.

    Example: minenetcd explain minenetcd-nano 2019.tif 2023.tif --beside runs/bit --window 512,512,256
    """
    from minenetcd.explain.options import ExplainOptions
    from minenetcd.explain.view import open_view

    nodata_before, nodata_after = nodata_values(nodata)
    options = ExplainOptions(  # which refuses what is no target or pixels
        levels=_levels(level),
        target=cast("Target", target),
        pixels=cast("Pixels", pixels),
        window=None if window is None else three_numbers(window, "--window", "512,512,256"),
        bands=bands_wanted(bands),
        bands_after=bands_wanted(bands_after, "--bands-after"),
        gsd=metres_per_pixel(gsd),
        truth=truth,
        crs=crs,
        nodata=nodata_before,
        nodata_after=nodata_after,
        date_before=date_before,
        date_after=date_after,
        remote=remote,
    )
    sources = [model, *(beside or ())]
    check_early(detectors=sources, device=device, out=out)
    with open_view(before, after, options) as (pair, view), one_run_in(out):
        warn_of_bands(pair, asked=bands is not None or bands_after is not None)
        # from here on torch is needed
        from minenetcd.detectors.side_by_side import load_networks
        from minenetcd.explain.explanation import explain_opened
        from minenetcd.explain.outputs import write_explanations

        detectors = load_networks(sources)
        with progress_bar("Looking inside") as progress:
            explanations = explain_opened(detectors, pair, view, options=options, device=device, progress=progress)
        written = write_explanations(view, explanations, out, options=options)
    _print_focus(view, explanations)
    print(f"Side by side {written.sheet}, each map in {written.maps[0].parent}, numbers in {written.numbers}")
    if written.spectra:
        print(f"Channel spectra before and after ChangeFFT {written.spectra}")


def _levels(text: str) -> tuple[int, ...] | None:
    """ "all", "2", "1,3", "1..4" """
    if text == "all":
        return None
    if ends := re.fullmatch(r"(\d+)(?:\.\.|-)(\d+)", text):
        levels = tuple(range(int(ends[1]), int(ends[2]) + 1))
    else:
        levels = tuple(int(number) for number in text.split(",")) if re.fullmatch(r"\d+(,\d+)*", text) else ()
    if not levels:
        raise OptionError(f"--level needs all, one level, some or a range, got {text!r}: e.g. 2, 1,3 or 1..4.")
    return tuple(sorted(set(levels)))


def _print_focus(view: "View", explanations: Mapping[str, "Explanation"]) -> None:
    """How much hotter the maps are where it changed than anywhere, by level."""
    from minenetcd.explain.explanation import region_of_target

    levels = sorted({level for explanation in explanations.values() for level in explanation.levels})
    target = next(iter(explanations.values())).target.replace("-", " ")
    by = "the detector" if view.truth is None else "the truth"
    print(f"Heat where {by} has {target}, over the mean heat; 1 is chance:")
    headings = [f"Level {level}" for level in levels]
    rows = table("Detector", "Stage", *headings, right=headings)
    for name, explanation in explanations.items():
        region = region_of_target(view, explanation)
        if not explanation.maps:
            rows.add_row(name, "has none of these levels")
        for stage in explanation.stages:
            by_level = {heat.level: heat.focus(region) for heat in explanation.maps if heat.stage == stage}
            rows.add_row(name, stage, *(_focus(by_level, level) for level in levels))
    print_rich(rows)


def _focus(by_level: Mapping[int, float | None], level: int) -> str:
    return digits(by_level[level], ".2f", unknown="-") if level in by_level else ""
