"""minenetcd rethreshold"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from minenetcd.cli.console import note_to
from minenetcd.cli.options import Json, Quiet, number_or_none
from minenetcd.cli.results import print_prediction
from minenetcd.errors import OptionError

if TYPE_CHECKING:  # a start does not wait for it
    from minenetcd.prediction.rethreshold import HigherThreshold

#: In place of a format: none beside the usual files.
NONE = "none"


def rethreshold(
    result: Annotated[Path, Argument(help="Folder that minenetcd predict has written.", show_default=False)],
    threshold: Annotated[
        float | None, Option(help="Probability from which a pixel counts as changed.", show_default="as it was")
    ] = None,
    seed_threshold: Annotated[
        str | None,
        Option(
            metavar="NUMBER",
            help="Keep a change only where some pixel of it reaches this. none: keep all.",
            show_default="as it was",
        ),
    ] = None,
    isolated_threshold: Annotated[
        str | None,
        Option(
            metavar="NUMBER",
            help="Probability that some pixel of isolated change has to reach. none: halfway from the threshold to 1.",
            show_default="as it was",
        ),
    ] = None,
    min_area_ha: Annotated[
        float | None, Option(help="Leave out changes smaller than this, in hectares.", show_default="as it was")
    ] = None,
    also: Annotated[
        list[str] | None,
        Option(
            metavar="FORMAT",
            help="Formats beside the usual ones, in place of those there are; may be repeated. none: no others.",
            show_default="as it was",
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Change threshold, smallest area or formats of a finished result, in seconds: all of its files, or none.

    Example: minenetcd rethreshold change --threshold 0.6 --min-area-ha 0.1
    """
    if all(value is None for value in (threshold, seed_threshold, isolated_threshold, min_area_ha, also)):
        raise OptionError(
            "Something to change is needed, got nothing: give --threshold, --seed-threshold, --isolated-threshold, "
            "--min-area-ha or --also."
        )
    from minenetcd.prediction.rethreshold import rethreshold as make_again

    formats = None if also is None else [format for format in also if format != NONE]
    with make_again(
        result,
        threshold=threshold,
        seed_threshold=_higher(seed_threshold, "--seed-threshold"),
        isolated_threshold=_higher(isolated_threshold, "--isolated-threshold"),
        min_area_ha=min_area_ha,
        also=formats,
        note=note_to(quiet=quiet),
    ) as found:
        print_prediction(found, as_json=as_json, quiet=quiet)


def _higher(text: str | None, option: str) -> "HigherThreshold | None":
    """A threshold as Python names it: None where nothing is asked for, "none" to take it away."""
    if text is None:
        return None
    number = number_or_none(text, option, "0.8 or none")
    return "none" if number is None else number
