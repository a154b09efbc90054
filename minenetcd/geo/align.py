"""Two dates of one place on one grid: the before image's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, Self

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.errors import OptionError, RasterError
from minenetcd.geo.adjustment import Shift, Tone
from minenetcd.geo.areas.limits import NO_LIMITS, Limits
from minenetcd.geo.bands.choosing import PairBands, numbers_of, pair_bands
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.date import Date, Pixels
from minenetcd.geo.date_files.finding import Image, find_date
from minenetcd.geo.footprints.check import check_places
from minenetcd.geo.footprints.overlap import shared_window
from minenetcd.geo.grid import Grid
from minenetcd.geo.metadata.stated import NOTHING_STATED, Stated
from minenetcd.geo.raster import Raster

#: Sides of the windows in which valid pixels are looked for: the first ones, and, where these hold none, the rest.
PROBE, FIRST_PROBES, LARGE_PROBE = 512, 9, 2048


@dataclass(frozen=True)
class Pair:
    """One window of both dates: `before`, `after` (H, W, C) in their own dtypes, `valid` (H, W) where both are.

    `around`: where both are, whether it is of interest or not; None where that is no other.
    """

    before: NDArray[Any]
    after: NDArray[Any]
    valid: NDArray[np.bool_]
    grid: Grid
    around: NDArray[np.bool_] | None = None

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Where a detector may look (H, W): what is of interest, and what lies around it."""
        return self.valid if self.around is None else self.around

    @classmethod
    def of_arrays(cls, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Self:
        """Two images (H, W, C) without a place on Earth, valid everywhere unless `valid` (H, W) says where."""
        height, width = before.shape[:2]
        valid = np.ones((height, width), bool) if valid is None else valid
        return cls(before, after, valid, Grid(height, width, Affine.identity(), None))


class AlignedPair:
    """Two opened dates read as one; a context manager, for one thread at a time. Made by `open_pair`.

    `grid`: the before image's, or that at the metres per pixel asked for. `shared`: the smallest window of it that
    holds the intersection of both images; `overlap`: the part of that which `limits` ask for. A date whose grid matches
    is read as stored, bit for bit; another is warped bilinearly (downsampling widens the kernel), and invalid pixels
    take no part in any mean. `shift` and `tone`: what the after image is freed of (None: nothing). Toned pixels have
    the type that holds the numbers of both dates.
    What lies outside of an area of interest, or under a mask, is not valid; the masks of the after image lie with it.
    """

    def __init__(
        self,
        before: Raster,
        after: Raster,
        *,
        grid: Grid,
        shift: Shift | None = None,
        tone: Tone | None = None,
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.before = before
        self.after = after
        self.grid = grid
        self.shift = shift
        self.tone = tone
        self.limits = limits
        on_after = grid if shift is None else shift.moved(grid)
        self.shared: Window = shared_window(on_after, after.grid)
        self.overlap: Window = limits.window(self.shared, grid)
        self._opened = ExitStack()
        self._before = self._opened.enter_context(Date(before, grid, limits.before))
        self._after = self._opened.enter_context(Date(after, on_after, limits.after))

    def read(self, window: Window) -> Pair:
        """Both dates in `window` of `grid`. GridError for a window outside it; RasterError for a damaged file."""
        part = self.grid.part(window)
        before, after, inside = self._read(window)
        pair = _pair(before, after, part)
        return pair if inside is None else replace(pair, valid=pair.valid & inside, around=pair.valid)

    def read_dates(self, window: Window) -> tuple[Pixels, Pixels]:
        """Pixels and own validity of each date in `window`, which lies in `grid`."""
        before, after, inside = self._read(window)
        if inside is None:
            return before, after
        return (before[0], before[1] & inside), (after[0], after[1] & inside)

    def _read(self, window: Window) -> tuple[Pixels, Pixels, NDArray[np.bool_] | None]:
        """Each date as it is, and what of it is of interest; where that is nothing, nothing is read."""
        inside = self.inside(window)
        if inside is not None and not inside.any():
            return self._before.nothing(window), self._toned(*self._after.nothing(window)), inside
        return self._before.read(window), self._toned(*self._after.read(window)), inside

    def inside(self, window: Window) -> NDArray[np.bool_] | None:
        """Where `window` lies in the area of interest (H, W); None where all is of interest."""
        return None if self.limits.area is None else self.limits.area.inside(self.grid.part(window))

    def read_small(self, max_side: int, window: Window | None = None) -> Pair:
        """`window` (None: the overlap of both dates) on one smaller grid, at most `max_side` pixels a side."""
        window = self.overlap if window is None else window
        small = self.grid.part(window).decimated(max_side)
        before, after = (date.read_small(window, max_side) for date in (self._before, self._after))
        if self.limits.area is not None:
            before = before[0], before[1] & self.limits.area.inside(small)
        return _pair(before, self._toned(*after), small)

    def adjusted(self, *, shift: Shift | None = None, tone: Tone | None = None) -> "AlignedPair":
        """The same pair with the after image moved back by `shift` (in pixels of `grid`), and in the tone of before.

        The tone is that of the pair with the shift. What is not given, not applicable or not reliable stays as it is
        here. It reads this pair's files, and closes with it.
        """
        adjusted = _Adjusted(
            self.before, self.after, grid=self.grid,
            shift=shift if shift is not None and shift.is_applicable else self.shift,
            tone=tone if tone is not None and tone.is_reliable else self.tone,
            limits=self.limits,
        )  # fmt: skip
        return self._opened.enter_context(adjusted)

    def _toned(self, pixels: NDArray[Any], valid: NDArray[np.bool_]) -> Pixels:
        if self.tone is None:
            return pixels, valid
        return self.tone.apply(pixels, np.result_type(self.before.dtype, self.after.dtype)), valid

    @property
    def both_as_stored(self) -> bool:
        """Whether neither date is resampled, or toned."""
        return self.tone is None and self._before.is_as_stored and self._after.is_as_stored

    def close(self) -> None:
        self._opened.close()
        self.before.close()
        self.after.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Adjusted(AlignedPair):
    """A pair whose files are those of another, which closes them."""

    def close(self) -> None:
        self._opened.close()


def accept_any(_: AlignedPair) -> None:
    """Whatever it costs to read."""


def open_pair(
    before: Image,
    after: Image,
    *,
    bands: Wanted | None = None,
    bands_after: Wanted | None = None,
    gsd: float | None = None,
    stated: tuple[Stated, Stated] = (NOTHING_STATED, NOTHING_STATED),
    accept: Callable[[AlignedPair], None] = accept_any,
    limits: Limits = NO_LIMITS,
) -> AlignedPair:
    """Open two dates on the before image's grid, resampled to `gsd` metres per pixel where given.

    `bands_after` defaults to `bands`, which defaults to the colours of both (`colour_bands`); `stated` of each date
    says what its file does not; `accept` may refuse the pair before its pixels are read; `limits`, in the CRS of the
    before image, say what of it is looked at. Raises GridError where the two do not overlap, only one has a CRS or
    coordinates, one lies outside its CRS, or two pictures differ in size; RasterError for unreadable files, one image
    given twice, or no pixel valid in both; OptionError for wrong bands, a CRS stated where none is missing, or a gsd
    for pictures.
    """
    before, after = find_date(before), find_date(after)
    refuse_same_image(before, after)
    if bands is None and bands_after is None:
        bands, bands_after = colour_bands(before, after)
    with ExitStack() as opened:
        first = opened.enter_context(Raster.open(before, bands=bands, stated=stated[0]))
        bands_after = bands if bands_after is None else bands_after
        second = opened.enter_context(Raster.open(after, bands=bands_after, stated=stated[1]))
        _check_comparable(first, second)
        check_places(first, second)
        _refuse_needless_crs(first, second, stated[0].crs)
        grid = first.grid if gsd is None else first.grid.resampled(gsd)
        pair = opened.enter_context(AlignedPair(first, second, grid=grid, limits=limits))
        accept(pair)
        _check_content(pair)
        opened.pop_all()
        return pair


def shared_bands(before: Image, after: Image) -> PairBands:
    """The numbers of all bands that both dates have, in one order (`bands.choosing.pair_bands`)."""
    return pair_bands(find_date(before).bands, find_date(after).bands)


def colour_bands(before: Image, after: Image) -> PairBands | tuple[None, None]:
    """The numbers of red, green and blue, or of the first three bands that both have; None where these are fewer."""
    shared = shared_bands(before, after)
    return PairBands(shared.before[:3], shared.after[:3]) if len(shared.before) >= 3 else (None, None)


def asked_bands(before: Image, after: Image, bands: Wanted | None, bands_after: Wanted | None) -> PairBands | None:
    """The numbers of the bands that somebody names for both dates, or for one; None where for none.

    OptionError for a name that a date has not.
    """
    if bands is None and bands_after is None:
        return None
    numbers = []
    for image, wanted in ((before, bands), (after, bands if bands_after is None else bands_after)):
        date = find_date(image)
        colours = tuple(band.number for band in date.bands.in_order()[:3])
        numbers.append(colours if wanted is None else numbers_of(wanted, date.bands, date))
    return PairBands(*numbers)


def refuse_same_image(before: Image, after: Image) -> None:
    """RasterError where two dates are the same files, or files of the same bytes."""
    if find_date(before).is_same(find_date(after)):
        raise RasterError(f"Two dates are needed, {before} and {after} are the same image: name another.")


def _pair(before: Pixels, after: Pixels, grid: Grid) -> Pair:
    return Pair(before[0], after[0], before[1] & after[1], grid)


def _check_comparable(before: Raster, after: Raster) -> None:
    if len(before.bands) != len(after.bands):
        raise OptionError(
            f"Both dates need as many bands, got {len(before.bands)} before and {len(after.bands)} after: "
            "change the band numbers."
        )


def _refuse_needless_crs(before: Raster, after: Raster, crs: str | None) -> None:
    """OptionError where a CRS is stated, and neither date has coordinates that name none."""
    if crs is None or before.crs_is_stated or after.crs_is_stated:
        return
    need = f"A CRS is stated (--crs {crs}) of images with coordinates that name none"
    if not before.grid.has_coordinates:
        raise OptionError(
            f"{need}, {before.source} and {after.source} have no coordinates: leave it out, or give georeferenced "
            "images (or world files beside these)."
        )
    own = [grid.named_crs.to_string() for grid in (before.grid, after.grid) if grid.named_crs is not None]
    raise OptionError(
        f"{need}, {before.source} and {after.source} name theirs ({', '.join(dict.fromkeys(own))}): leave it out, or "
        "correct the files (gdal_edit.py -a_srs)."
    )


def _check_content(pair: AlignedPair) -> None:
    """RasterError unless some pixel is valid in both dates, and, where both are as stored, some pixel differs.

    Looks at the middle first, where one window nearly always answers both.
    """
    names = pair.before.source, pair.after.source
    seen_valid = np.zeros(3, dtype=bool)  # before, after, both
    seen_difference = not pair.both_as_stored
    first = islice(_from_the_middle(pair.overlap, PROBE), FIRST_PROBES)
    for window in chain(first, _from_the_middle(pair.overlap, LARGE_PROBE)):
        (before, valid_before), (after, valid_after) = pair.read_dates(window)
        valid = valid_before & valid_after
        seen_valid |= valid_before.any(), valid_after.any(), valid.any()
        seen_difference = seen_difference or not np.array_equal(before[valid], after[valid])
        if seen_valid.all() and seen_difference:
            return
    if seen_valid.all():
        raise RasterError(f"Two dates are needed, {names[0]} and {names[1]} hold the same pixels: name another image.")
    empty = [str(name) for name, seen in zip(names, seen_valid[:2], strict=True) if not seen]
    if pair.limits.are_any:
        raise RasterError(
            f"Valid pixels of both dates are needed, the area of interest and the masks leave none of {names[0]} and "
            f"{names[1]}: leave one out, or say which numbers are masked (--mask-values)."
        )
    if empty:
        raise RasterError(
            f"Valid pixels are needed where the images overlap, {' and '.join(empty)} holds only nodata there: "
            "give another image, or correct its nodata value."
        )
    raise RasterError(
        f"Valid pixels of both dates are needed in one place, {names[0]} and {names[1]} have none in common: "
        "give images that overlap in valid pixels."
    )


def _from_the_middle(area: Window, side: int) -> Iterator[Window]:
    """Windows of at most `side` x `side` that tile `area`, nearest to its centre first."""
    rows = range(area.row_off, area.row_off + area.height, side)
    cols = range(area.col_off, area.col_off + area.width, side)
    tiles = [
        Window(col, row, min(side, area.col_off + area.width - col), min(side, area.row_off + area.height - row))
        for row in rows
        for col in cols
    ]
    middle = (area.row_off + area.height / 2, area.col_off + area.width / 2)
    yield from sorted(
        tiles, key=lambda t: abs(t.row_off + t.height / 2 - middle[0]) + abs(t.col_off + t.width / 2 - middle[1])
    )
