"""minenetcd accuracy sample, minenetcd accuracy estimate"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option, Typer

from minenetcd.cli.console import print_json, print_rich, progress_bars, table, warn
from minenetcd.cli.options import Bands, BandsAfter, Json, MetresPerPixel, Quiet, bands_wanted
from minenetcd.display.escaping import in_terminal
from minenetcd.display.words import counted, number
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.accuracy.estimation.outcome import AccuracyEstimate
    from minenetcd.accuracy.estimation.tables import TextTable
    from minenetcd.accuracy.sampling.sample import DrawnSample

app = Typer(no_args_is_help=True, help="Areas with an error bar: draw points of a map, judge them, estimate.")


@app.command()
def sample(
    source: Annotated[
        Path,
        Argument(
            metavar="MAP", help="Folder that minenetcd predict has written, or a raster of classes.", show_default=False
        ),
    ],
    out: Annotated[Path, Option(help="Folder for the points, their pictures and the page to judge them on.")] = Path(
        "accuracy"
    ),
    points: Annotated[int | None, Option(help="How many points in all.", show_default="by --standard-error")] = None,
    standard_error: Annotated[
        float | None,
        Option(help="Wanted of the overall accuracy; of two classes also of change, as a share.", show_default="0.01"),
    ] = None,
    standard_error_ha: Annotated[
        float | None, Option(help="In its place: wanted of the area of change, in hectares.", show_default=False)
    ] = None,
    expect: Annotated[
        list[str] | None,
        Option(
            metavar="STRATUM=ACCURACY",
            help="User's accuracy that you expect of a stratum or class, e.g. change=0.8; may be repeated.",
            show_default="change 0.7, near it 0.9, no change 0.95, other classes 0.85",
        ),
    ] = None,
    least: Annotated[int, Option(help="Points in a stratum whose share would be fewer.")] = 50,
    confidence: Annotated[
        str | None,
        Option(metavar="P[,P]", help="Divide change at these mapped probabilities, e.g. 0.7,0.9.", show_default=False),
    ] = None,
    buffer: Annotated[
        float | None,
        Option(metavar="METRES", help="What lies so near change is a stratum of its own.", show_default=False),
    ] = None,
    seed: Annotated[int, Option(help="Another seed draws other points.")] = 8888,
    classes: Annotated[
        list[str] | None,
        Option(
            "--class",
            metavar="NUMBER=NAME",
            help="A class of a raster; may be repeated.",
            show_default="every number in it",
        ),
    ] = None,
    change: Annotated[
        int | None, Option(metavar="NUMBER", help="The class of a raster that is change.", show_default=False)
    ] = None,
    before: Annotated[
        str | None, Option(help="Earlier image to judge by.", show_default="that of the result, where it still is")
    ] = None,
    after: Annotated[str | None, Option(help="Later image.", show_default="that of the result")] = None,
    bands: Bands = None,
    bands_after: BandsAfter = None,
    pictures: Annotated[bool, Option("--pictures/--no-pictures", help="Cut pictures, and make the page.")] = True,
    context: Annotated[int, Option(help="Pixels that a picture shows, a side.")] = 64,
    metres_per_pixel: MetresPerPixel = None,
    quiet: Quiet = False,
) -> None:
    """Draw points of a map at random, stratum by stratum, for a person to judge: on a page that works offline.

    Example: minenetcd accuracy sample change --out accuracy --buffer 50
    """
    from minenetcd.accuracy.classes import named_classes
    from minenetcd.accuracy.sampling.options import SampleOptions
    from minenetcd.accuracy.sampling.sample import sample_accuracy

    options = SampleOptions(
        points=points,
        standard_error=standard_error,
        standard_error_ha=standard_error_ha,
        expected=_expected(expect or ()),
        least=least,
        confidence=_bounds(confidence),
        buffer=buffer,
        seed=seed,
        classes=named_classes(classes or ()),
        change=change,
        metres_per_pixel=metres_per_pixel,
        before=before,
        after=after,
        bands=bands_wanted(bands),
        bands_after=bands_wanted(bands_after, "--bands-after"),
        pictures=pictures,
        context=context,
    )
    with progress_bars("Drawing points", "Cutting pictures", quiet=quiet) as (drawing, cutting):
        drawn = sample_accuracy(source, out, options=options, progress=drawing, picture_progress=cutting)
    _print_drawn(drawn)


@app.command()
def estimate(
    samples: Annotated[
        Path | None, Argument(help="Folder that minenetcd accuracy sample has written.", show_default=False)
    ] = None,
    labels: Annotated[
        Path | None,
        Option(help="Table that the page of interpretation saved.", show_default="what is filled in in the folder"),
    ] = None,
    error_below: Annotated[
        float, Option(help="Share of wrong pixels that the certified zone of change stays below.")
    ] = 0.1,
    counts: Annotated[
        Path | None,
        Option(
            help="In place of a sample: an error matrix of points, CSV, rows map, columns reference.",
            show_default=False,
        ),
    ] = None,
    areas: Annotated[
        Path | None, Option(help="With --counts: area of each class of the map, CSV.", show_default=False)
    ] = None,
    pixel_hectares: Annotated[
        float | None, Option(help="With --counts: area of a pixel, where --areas counts pixels.", show_default=False)
    ] = None,
    out: Annotated[Path | None, Option(help="Folder for the results.", show_default="they are only printed")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Estimate accuracies, and hectares of each class with 95 % intervals, from points that were judged.

    Example: minenetcd accuracy estimate accuracy --labels references.csv --out accuracy-results
    """
    _check_inputs(samples, labels, counts, areas, pixel_hectares)
    from minenetcd.accuracy.estimation.estimate import estimate_accuracy, estimate_from_counts
    from minenetcd.accuracy.estimation.outputs import as_json as plain
    from minenetcd.accuracy.estimation.outputs import write_estimate

    if samples is not None:
        found = estimate_accuracy(samples, labels=labels, error_below=error_below)
    else:
        assert counts is not None and areas is not None
        found = estimate_from_counts(counts, areas, pixel_hectares=pixel_hectares)
    written = [] if out is None else write_estimate(found, out)
    if not quiet:
        warn(found.warnings)
    if as_json:
        print_json(plain(found))
        return
    _print_found(found)
    for path in written:
        print(f"  {in_terminal(str(path))}")


def _check_inputs(
    samples: Path | None, labels: Path | None, counts: Path | None, areas: Path | None, pixel_hectares: float | None
) -> None:
    """OptionError unless either a sample is named, or counts and areas are."""
    given = [
        option
        for option, value in (
            ("--counts", counts),
            ("--areas", areas),
            ("--pixel-hectares", pixel_hectares),
        )
        if value is not None
    ]
    if samples is not None and given:
        raise OptionError(f"A sample or counts are needed, got {samples} and {given[0]}: leave one of them out.")
    if samples is None and (counts is None or areas is None):
        raise OptionError(
            f"A sample, or --counts and --areas, are needed, got {given[0] + ' alone' if given else 'neither'}: name a "
            "folder that minenetcd accuracy sample has written."
        )
    if samples is None and labels is not None:
        raise OptionError(f"References belong to a sample, got --labels {labels} with --counts: leave it out.")


def _expected(texts: "list[str] | tuple[()]") -> dict[str, float]:
    """ "change=0.8" by name."""
    found = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise OptionError(f"--expect needs a stratum and its accuracy, got {text!r}: e.g. --expect change=0.8.")
    return found


def _bounds(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"--confidence needs numbers with commas between, got {text!r}: e.g. 0.7,0.9.") from None


def _print_drawn(drawn: "DrawnSample") -> None:
    record = drawn.record
    print(
        f"{counted(record.points, 'point')} in {counted(len(record.strata), 'stratum', 'strata')}, seed {record.seed}"
    )
    shown = table("Stratum", "Hectares", "Points", "Expected", right=("Hectares", "Points", "Expected"))
    for stratum in record.strata:
        shown.add_row(
            in_terminal(stratum.name), number(stratum.hectares), f"{stratum.points:,}", f"{stratum.expected:g}"
        )
    print_rich(shown)
    for what in ("Size of the sample", "Allocation", "Foreseen standard error"):
        print(f"{what}: {record.about[what]}")
    folder = in_terminal(str(drawn.folder))
    if drawn.page is None:
        print(f"No pictures: fill in 'reference' in {folder}/samples.csv, or in samples.gpkg.")
        return
    print(f"Judge the points on {in_terminal(str(drawn.page))}, save the table there, and then:")
    print(f"  minenetcd accuracy estimate {folder} --labels references-{record.identity}.csv")
    print("Or judge them in the browser, where each answer is kept at once, and then:")
    print(f"  minenetcd serve {folder}")
    print(f"  minenetcd accuracy estimate {folder}")


def _print_found(found: "AccuracyEstimate") -> None:
    from minenetcd.accuracy.estimation.tables import (
        accuracies_table,
        areas_table,
        headline,
        matrix_table,
        unsure_table,
        zone_in_words,
    )

    for line in headline(found):
        print(in_terminal(line))
    for shown in (areas_table(found), unsure_table(found), accuracies_table(found), matrix_table(found)):
        if shown is not None:
            _print_table(shown)
    if found.certified is not None:
        print(in_terminal(zone_in_words(found.certified)))


def _print_table(shown: "TextTable") -> None:
    print(f"\n{shown.title}")
    rows = table(*map(in_terminal, shown.head), right=shown.head[1:])
    for row in shown.body:
        rows.add_row(*map(in_terminal, row))
    print_rich(rows)
    print(end="\n" if shown.title.startswith("Error matrix") else "")
