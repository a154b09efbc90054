"""Several dates of one place on the grid of the first."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from rasterio.errors import WindowError
from rasterio.windows import Window, intersection

from minenetcd.configs.value_range import ValueRange
from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.adjustment import Shift
from minenetcd.geo.align import AlignedPair, open_pair, refuse_same_image
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.date import Pixels
from minenetcd.geo.date_files.finding import DateFiles, Image, find_date
from minenetcd.geo.grid import Grid
from minenetcd.geo.metadata.stated import NOTHING_STATED, Stated
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.shift import find_shift
from minenetcd.geo.values import Limits, dates_limits, kind_of, range_limits, rounded_range, sample_pixels

#: Files of one date have one band each; those of so many bands are images by themselves.
_WHOLE = 3


class Scale(NamedTuple):
    """The values that become 0 and 1: one range of all dates, where there is one, and the limits of each date."""

    value_range: ValueRange | None
    limits: list[Limits]


@dataclass(frozen=True)
class AlignedSeries:
    """Dates read as one; made by `open_series`.

    `images`: what they were named, `files`: those of each that lie here.
    `pairs`: the first date with each of the others, moved back by its `shifts`, one for each pair where it was looked
    for. `area`: the window of the grid that all of them share.
    """

    images: tuple[str, ...]
    files: tuple[tuple[Path, ...], ...]
    pairs: tuple[AlignedPair, ...]
    shifts: tuple[Shift, ...]
    area: Window

    @property
    def grid(self) -> Grid:
        return self.pairs[0].grid

    def read(self, window: Window) -> list[Pixels]:
        """Pixels and own validity of each date in `window`. RasterError for a damaged file."""
        first, second = self.pairs[0].read_dates(window)
        return [first, second, *(pair.read_dates(window)[1] for pair in self.pairs[1:])]

    def scale(self, asked: ValueRange | None = None) -> Scale:
        """By the range `asked` for; else, of dates that all hold other numbers than 8 bits, by the one they share.

        OptionError for a range of other numbers, RasterError where the dates share no valid pixel.
        """
        samples = [sample_pixels(SceneSample(pair)) for pair in self.pairs]
        dates = [samples[0][0], *(after for _, after in samples)]
        if not all(map(len, dates)):
            raise RasterError(
                "More valid pixels are needed, the images share next to none: crop them to where both have data."
            )
        limits = dates_limits(dict(zip((f"image {image}" for image in self.images), dates, strict=True)), asked)
        kinds = {kind_of(date.dtype) for date in dates}
        if asked is None and len(kinds) == 1 and kinds != {"8-bit"}:
            asked = rounded_range(limits[0])
            limits = [range_limits(asked, dates[0].shape[-1])] * len(dates)
        return Scale(asked, limits)


@contextmanager
def open_series(
    images: Iterable[Image],
    *,
    bands: Wanted | None = None,
    coregister: bool = False,
    stated: Stated = NOTHING_STATED,
    remote: bool = False,
) -> Iterator[AlignedSeries]:
    """Open images of one place on the grid of the first; with `coregister` the others are moved back onto it.

    `stated` says of all of them what their files do not; `remote` as in `find_date`. OptionError for fewer than two
    images, GridError where they have no ground in common; else as `open_pair`.
    """
    if isinstance(images, str | Path):
        raise OptionError(f"Two dates of one place are needed, got one name ({images!s:.80}): give a list of names.")
    images = list(images)
    if len(images) < 2:
        raise OptionError(f"Two dates of one place are needed, got {len(images)}: name another image of it.")
    dates = [_one_date(image, remote=remote) for image in images]
    for one, other in combinations(dates, 2):
        refuse_same_image(one, other)
    with ExitStack() as opened:
        pairs = [
            opened.enter_context(open_pair(dates[0], other, bands=bands, stated=(stated, stated)))
            for other in dates[1:]
        ]
        shifts = [find_shift(pair) for pair in pairs] if coregister else []
        if coregister:
            pairs = [pair.adjusted(shift=shift) for pair, shift in zip(pairs, shifts, strict=True)]
        names, files = tuple(map(str, dates)), tuple(date.local for date in dates)
        yield AlignedSeries(names, files, tuple(pairs), tuple(shifts), _shared(pairs))


def _one_date(image: Image, *, remote: bool) -> DateFiles:
    """OptionError for several whole images as one date, such as a pair."""
    date = find_date(image, remote=remote)
    is_list = not isinstance(image, str | Path | DateFiles)
    if is_list and len(date.parts) > 1 and len(date.bands.bands) >= _WHOLE * len(date.parts):
        raise OptionError(
            f"Each date is needed by itself, got {len(date.parts)} images as one ({date!s:.160}): give all dates in "
            "one flat list."
        )
    return date


def _shared(pairs: Sequence[AlignedPair]) -> Window:
    """The window that all overlaps share."""
    area = pairs[0].overlap
    for pair in pairs[1:]:
        try:
            area = intersection(area, pair.overlap)
        except WindowError as error:
            raise GridError(
                f"Dates of one place are needed, {pair.after.source} shares no ground with all of the others: leave "
                "it out."
            ) from error
    return area
