"""minenetcd adapt"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from minenetcd.cli.band_warnings import warn_of_bands
from minenetcd.cli.checks import check_early
from minenetcd.cli.console import print_rich, table
from minenetcd.cli.options import After, Bands, Before, Crs, Device, MetresPerPixel, Remote, bands_wanted, two_numbers
from minenetcd.errors import MineNetCDError
from minenetcd.training.adaptation.options import STEPS

if TYPE_CHECKING:
    from minenetcd.training.adaptation.outcome import Adaptation


def adapt(
    before: Before,
    after: After,
    more: Annotated[list[str] | None, Argument(help="Further images of that place.", show_default=False)] = None,
    out: Annotated[Path, Option(help="New folder for the adapted detector.")] = Path("detector"),
    model: Annotated[
        str, Option(help="Trained network to begin with: embedded name, hub id, or folder.")
    ] = "minenetcd-nano",
    bands: Bands = None,
    remote: Remote = False,
    crs: Crs = None,
    nodata: Annotated[
        float | None, Option(help="A number that means no data in all images.", show_default=False)
    ] = None,
    value_range: Annotated[
        str | None,
        Option(
            "--range",
            metavar="LOW,HIGH",
            help="Numbers that become 0 and 1.",
            show_default="the detector's, or found from the images",
        ),
    ] = None,
    coregister: Annotated[Literal["auto", "off"], Option(help="Take out a displacement of the later images.")] = "auto",
    imagery: Annotated[
        Path | None,
        Option(help="Folder of sets of images, from which pieces are pasted as well.", show_default=False),
    ] = None,
    metres_per_pixel: MetresPerPixel = None,
    steps: Annotated[int, Option(help="Steps of training.", min=1)] = STEPS,
    seed: Annotated[int, Option(help="Of everything that is drawn.", min=0)] = 1,
    resume: Annotated[bool, Option("--resume", help="Go on with an adaptation that was stopped.")] = False,
    force: Annotated[bool, Option("--force", help="Write the detector even where adapting did not help.")] = False,
    device: Device = "auto",
) -> None:
    """Train a detector a little further on your own images, without labels.

    Changes are pasted into them; what else differs between the dates is what must not be found.

    Example: minenetcd adapt 2019.tif 2023.tif --out detector
    """
    from minenetcd.geo.series import open_series
    from minenetcd.training.adaptation.options import AdaptOptions
    from minenetcd.training.adaptation.work_folder import WorkFolder

    options = AdaptOptions(
        bands=bands_wanted(bands),
        value_range=None if value_range is None else two_numbers(value_range, "--range", "0,10000"),
        coregister=coregister == "auto",
        imagery=imagery,
        steps=steps,
        seed=seed,
        metres_per_pixel=metres_per_pixel,
        crs=crs,
        nodata=nodata,
        remote=remote,
    )
    check_early(detectors=[model], device=device)
    work = WorkFolder.beside(out, resume=resume)
    images = [before, after, *(more or ())]
    with open_series(
        images, bands=options.bands, coregister=options.coregister, stated=options.stated, remote=remote
    ) as series:
        for pair in series.pairs:
            warn_of_bands(pair, asked=bands is not None)
        # from here on torch is needed
        from minenetcd.cli.training_progress import AdaptProgress
        from minenetcd.prediction.automatic import is_second_opinion_usual
        from minenetcd.training.adapt import adapt_to

        result = adapt_to(series, work, model, options, device=device, force=force, reporter=AdaptProgress())
        pair, moved = series.pairs[0], any(shift.is_applicable for shift in series.shifts)
        second = is_second_opinion_usual(pair, series.grid.metres_or(metres_per_pixel))
    if result.folder is None:
        raise MineNetCDError(result.why_not(model))
    _print(result)
    command = ["minenetcd", "predict", before, after, "--model", str(out)]
    command += [*(["--bands", bands] if bands else []), *(["--coregister", "auto"] if moved else [])]
    command += [*(["--crs", crs] if crs else []), *([f"--nodata={nodata:.17g}"] if nodata is not None else [])]
    command += ["--metres-per-pixel", f"{metres_per_pixel:g}"] if metres_per_pixel is not None else []
    command += [*(["--remote"] if remote else []), *(["--second-opinion", "on"] if second else [])]
    print(f"Next: {shlex.join(command)}")


def _print(result: "Adaptation") -> None:
    """The scores side by side, and where the detector is."""
    numbers = ("F1", "Average precision", "Unchanged called changed", "Threshold")
    scores = table("", *numbers, right=numbers)
    for what, score in result.scores.items():
        cells = (
            f"{score.f1:.3f}",
            f"{score.average_precision:.3f}",
            f"{score.false_share:.1%}",
            f"{score.threshold:.2f}",
        )
        scores.add_row(what.capitalize(), *cells)
    print_rich(scores)
    held_out = "trained and chose nothing" if result.judged_apart else "trained nothing, but chose when to stop"
    print(f"On change pasted into parts of the images that {held_out}; real change may be harder to find.")
    own = ", at a threshold that it finds in the scene" if result.detector.scene_threshold is not None else ""
    print(
        f"On a map of the first two images predict calls {result.on_map.adapted:.1%} changed{own}; before adapting "
        f"{result.on_map.start:.1%}."
    )
    print(f"{result.detector.name} is saved in {result.folder}")
