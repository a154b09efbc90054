"""minenetcd explain"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

if TYPE_CHECKING:
    from minenetcd.explain.explanation import Explanation
    from minenetcd.explain.view import View


def explain(
    model: Annotated[str, Argument(help="Embedded name, hub id, or folder of a trained detector.", show_default=False)],
    before: Annotated[str, Argument(help="Earlier image: GeoTIFF, PNG, JPEG, or a URL.", show_default=False)],
    after: Annotated[str, Argument(help="Later image of the same place.", show_default=False)],
    beside: Annotated[
        list[str] | None, Option(help="Another detector to show beside it; may be repeated.", show_default=False)
    ] = None,
    level: Annotated[str, Option(help="Levels, 1 the finest: all, 2, 1,3 or 1..4.")] = "all",
    target: Annotated[str, Option(help="What to explain: change or no-change.")] = "change",
    pixels: Annotated[str, Option(help="Whose score: 'predicted' as the target, or 'all'.")] = "predicted",
    window: Annotated[
        str | None, Option(help="Part of the image: COL,ROW,SIZE in pixels.", show_default="all that both show")
    ] = None,
    truth: Annotated[Path | None, Option(help="What did change, to be outlined: raster or polygons.")] = None,
    out: Annotated[Path, Option(help="Folder for the results.")] = Path("explanation"),
    bands: Annotated[str | None, Option(help="Bands to read as red, green, blue, e.g. 4,3,2.")] = None,
    bands_after: Annotated[str | None, Option(help="The same for the later image, where it differs.")] = None,
    gsd: Annotated[float | None, Option(help="Look at the images at this many metres per pixel.")] = None,
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """See what a detector looked at: Grad-CAM before and after ChangeFFT, or on any method's declared layers.

    Example: minenetcd explain minenetcd-nano 2019.tif 2023.tif --beside runs/bit --window 512,512,256
    """
    from minenetcd.cli.image_options import whole_numbers
    from minenetcd.cli.progress import progress_bar
    from minenetcd.detectors.side_by_side import load_detectors
    from minenetcd.explain.explanation import ExplainOptions, explain_pair
    from minenetcd.explain.outputs import write_explanations

    options = ExplainOptions(
        levels=_levels(level),
        target=target,
        pixels=pixels,
        window=whole_numbers(window, "--window", "512,512,256", count=3),
        bands=whole_numbers(bands, "--bands", "4,3,2"),
        bands_after=whole_numbers(bands_after, "--bands-after", "4,3,2"),
        gsd=gsd,
        truth=truth,
    )
    detectors = load_detectors([model, *(beside or ())])
    with progress_bar("Looking inside") as progress:
        view, explanations = explain_pair(detectors, before, after, options=options, device=device, progress=progress)
    written = write_explanations(view, explanations, out, options=options)
    _print_focus(view, explanations)
    print(f"Side by side {written.sheet}, each map in {written.maps[0].parent}, numbers in {written.numbers}")
    if written.spectra:
        print(f"Channel spectra before and after ChangeFFT {written.spectra}")


def _levels(text: str) -> tuple[int, ...] | None:
    """ "all", "2", "1,3", "1..4" """
    import re

    from minenetcd.errors import OptionError

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
    from rich.console import Console
    from rich.table import Table

    from minenetcd.explain.explanation import region_of_target

    levels = sorted({level for explanation in explanations.values() for level in explanation.levels})
    target = next(iter(explanations.values())).target.replace("-", " ")
    by = "the detector" if view.truth is None else "the truth"
    print(f"Heat where {by} has {target}, over the mean heat; 1 is chance:")
    table = Table()
    for heading in ("Detector", "Stage"):
        table.add_column(heading)
    for level in levels:
        table.add_column(f"Level {level}", justify="right")
    for name, explanation in explanations.items():
        region = region_of_target(view, explanation)
        if not explanation.maps:
            table.add_row(name, "has none of these levels")
        for stage in explanation.stages:
            by_level = {heat.level: heat.focus(region) for heat in explanation.maps if heat.stage == stage}
            table.add_row(name, stage, *(_digits(by_level[level]) if level in by_level else "" for level in levels))
    Console().print(table)


def _digits(focus: float | None) -> str:
    return "-" if focus is None else f"{focus:.2f}"
