"""The images that a finished result was made of, opened again where they are still here."""

import os
from collections.abc import Sequence
from pathlib import Path

from minenetcd.errors import RasterError, one_line
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.date_files.finding import DateFiles, find_date
from minenetcd.geo.date_files.names import is_remote
from minenetcd.geo.date_files.read_files import ReadFile, ReadPair
from minenetcd.prediction.facts import SceneFacts

#: Of a file that is read from front to back where somebody waits for it [bytes].
MOST_COMPARED = 2**28


def open_images(
    facts: SceneFacts,
    inputs: ReadPair | None,
    *,
    need: str,
    advice: str,
    quick: bool = False,
    bands: Wanted | None = None,
    bands_after: Wanted | None = None,
) -> AlignedPair:
    """Both dates of a result, as its report shows them unless others are asked for; displaced as they are in the files.

    Local files only, as a result is no reason to fetch one. RasterError where one of them is not here, or was changed
    since then; `need` (who needs them) and `advice` (what to do) are parts of that. `quick`: files of more than
    MOST_COMPARED bytes count as the same where they are as long.
    """
    before, after = dates_here(facts, inputs, need=need, advice=advice, quick=quick)
    return open_pair(
        before,
        after,
        bands=bands or _colours(facts.before.shown),
        bands_after=bands_after or bands or _colours(facts.after.shown),
        stated=facts.options.stated,
    )


def dates_here(
    facts: SceneFacts, inputs: ReadPair | None, *, need: str, advice: str, quick: bool = False
) -> tuple[DateFiles, DateFiles]:
    """The files of both dates, which are those that the result was made of; else as `open_images`."""
    opened = (None, None) if inputs is None else (inputs.opened_before, inputs.opened_after)
    sources = opened[0] or facts.before.source, opened[1] or facts.after.source
    before, after = (_date_here(source, need, advice) for source in sources)
    if inputs is not None and not (quick and _are_as_they_were((*inputs.before, *inputs.after))):
        _check_same(inputs, ReadPair.of(before, after), need, advice)
    return before, after


def _are_as_they_were(kept: Sequence[ReadFile]) -> bool:
    """Whether each of the files lies where it lay, and is the same, as far as a quick look can say."""
    known = (file for file in kept if file.sha256 is not None)
    return all(file.is_at(Path(file.name), most_read=MOST_COMPARED) for file in known)


def _check_same(made_of: ReadPair, here: ReadPair, need: str, advice: str) -> None:
    """RasterError where the files that are here are not those that a result was made of."""
    for kept, found in ((made_of.before, here.before), (made_of.after, here.after)):
        sums = {file.sha256 for file in kept} - {None}
        if sums and not sums <= {file.sha256 for file in found}:
            raise RasterError(
                f"{need} the images that the map was made from, {found[0].name} was changed since then, or is "
                f"another: {advice}"
            )


def _date_here(source: str, need: str, advice: str) -> DateFiles:
    """The files of a date that a result names, as it names them. RasterError where one of them is not here."""
    why = "is not there"
    if not any(is_remote(name.strip()) for name in source.split(",")):
        try:
            date = find_date(source)
        except RasterError as error:
            why = f"cannot be read any more ({one_line(error)})"
        else:
            if date.local or os.path.exists(source):  # a folder that GDAL opens as a whole lists no files
                return date
    raise RasterError(f"{need} both images, {source} {why}: {advice}")


def _colours(shown: tuple[int, ...]) -> tuple[int, ...]:
    return shown if len(shown) >= 3 else (shown[0],) * 3
