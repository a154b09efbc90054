"""Two dates of one place on one grid: the before image's."""

import filecmp
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.coords import BoundingBox
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from shapely import Polygon

from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.grid import Grid, apply, transformer
from minenetcd.geo.raster import Raster, read_canvas
from minenetcd.geo.source import all_bands

POSITION_TOLERANCE = 0.01  # of a pixel, in the warp; GDAL's own default is an eighth
PROBE = 512

Pixels = tuple[NDArray[Any], NDArray[np.bool_]]  # (H, W, C), and where they are valid (H, W)


@dataclass(frozen=True)
class Pair:
    """One window of both dates: `before`, `after` (H, W, C) in their own dtypes, `valid` (H, W) where both are."""

    before: NDArray[Any]
    after: NDArray[Any]
    valid: NDArray[np.bool_]
    grid: Grid


class AlignedPair:
    """Two opened dates read as one; a context manager, for one thread at a time. Made by `open_pair`.

    `grid`: the before image's, or that at the metres per pixel asked for. `overlap`: the smallest window of it that
    holds the intersection of both images. A date whose grid matches is read as stored, bit for bit; another is
    warped bilinearly (downsampling widens the kernel), and invalid pixels take no part in any mean.
    """

    def __init__(self, before: Raster, after: Raster, *, grid: Grid) -> None:
        self.before = before
        self.after = after
        self.grid = grid
        self.overlap: Window = _overlap(grid, after.grid)
        self._opened = ExitStack()
        self._before = self._opened.enter_context(_Date(before, grid))
        self._after = self._opened.enter_context(_Date(after, grid))

    def read(self, window: Window) -> Pair:
        """Both dates in `window` of `grid`. GridError for a window outside it; RasterError for a damaged file."""
        part = self.grid.part(window)
        return _pair(*self.read_dates(window), part)

    def read_dates(self, window: Window) -> tuple[Pixels, Pixels]:
        """Pixels and own validity of each date in `window`, which lies in `grid`."""
        return self._before.read(window), self._after.read(window)

    def read_small(self, max_side: int) -> Pair:
        """The overlap of both dates on one smaller grid, at most `max_side` pixels a side."""
        window = self.overlap
        part = self.grid.part(window)
        small = part.decimated(max_side)
        return _pair(_read_small(self._before, window, small), _read_small(self._after, window, small), small)

    @property
    def both_as_stored(self) -> bool:
        """Whether neither date is resampled."""
        return self._before.is_as_stored and self._after.is_as_stored

    def close(self) -> None:
        self._opened.close()
        self.before.close()
        self.after.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_pair(
    before: str | Path,
    after: str | Path,
    *,
    bands: tuple[int, ...] | None = None,
    bands_after: tuple[int, ...] | None = None,
    gsd: float | None = None,
) -> AlignedPair:
    """Open two dates on the before image's grid, resampled to `gsd` metres per pixel where given.

    `bands_after` defaults to `bands`. Raises GridError where the two do not overlap, only one has a CRS, or two
    pictures differ in size; RasterError for unreadable files, one image given twice, or no pixel valid in both;
    OptionError for wrong bands, or a gsd for pictures.
    """
    _refuse_same_file(before, after)
    with ExitStack() as opened:
        first = opened.enter_context(Raster.open(before, bands=bands))
        second = opened.enter_context(Raster.open(after, bands=bands if bands_after is None else bands_after))
        _check_comparable(first, second)
        grid = first.grid if gsd is None else first.grid.resampled(gsd)
        pair = opened.enter_context(AlignedPair(first, second, grid=grid))
        _check_content(pair)
        opened.pop_all()
        return pair


def shared_bands(before: str | Path, after: str | Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of the bands to read of each date, for all that both have: the first ones where one has more."""
    numbers = all_bands(before), all_bands(after)
    count = min(map(len, numbers))
    return numbers[0][:count], numbers[1][:count]


class _Date:
    """One date seen on `grid`: as stored where the grids match, else warped."""

    def __init__(self, raster: Raster, grid: Grid) -> None:
        self.raster = raster
        self.is_as_stored = raster.grid.matches(grid)
        self._opened = ExitStack()
        if not self.is_as_stored:
            self._warped = _warp(raster, raster.grid, grid, self._opened)

    def read(self, window: Window) -> Pixels:
        if self.is_as_stored:
            return self.raster.read(window)
        with self.raster.readable():
            return read_canvas(self._warped, len(self.raster.bands), window)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def _warp(raster: Raster, source_grid: Grid, grid: Grid, opened: ExitStack) -> WarpedVRT:
    """`raster`, first averaged down to the size of `source_grid`, as a data set on `grid` with an alpha band."""
    with raster.readable():
        canvas: DatasetReader = opened.enter_context(raster.canvas(*source_grid.shape))
        warped = WarpedVRT(
            canvas, crs=grid.crs, transform=grid.transform, height=grid.height, width=grid.width,
            resampling=Resampling.bilinear, tolerance=POSITION_TOLERANCE,
            add_alpha=canvas.count == len(raster.bands),
        )  # fmt: skip
        return opened.enter_context(warped)


def _read_small(date: _Date, window: Window, small: Grid) -> Pixels:
    raster = date.raster
    if date.is_as_stored:
        with raster.readable(), raster.canvas(*small.shape, window) as canvas:
            return read_canvas(canvas, len(raster.bands))
    with ExitStack() as opened:
        warped = _warp(raster, _reduced(raster.grid, small), small, opened)
        with raster.readable():
            return read_canvas(warped, len(raster.bands))


def _reduced(grid: Grid, small: Grid) -> Grid:
    """`grid` with pixels about as large as those of `small`, so that little is left for the warp to average."""
    ratio = min(s / g for s, g in zip(small.metres_per_pixel, grid.metres_per_pixel, strict=True))
    return grid.decimated(max(1, round(max(grid.shape) / max(1.0, ratio))))


def _pair(before: Pixels, after: Pixels, grid: Grid) -> Pair:
    return Pair(before[0], after[0], before[1] & after[1], grid)


def _refuse_same_file(before: str | Path, after: str | Path) -> None:
    same = str(before) == str(after)
    if os.path.isfile(before) and os.path.isfile(after):
        same = os.path.samefile(before, after) or filecmp.cmp(before, after, shallow=False)
    if same:
        raise RasterError(f"Two dates are needed, {before} and {after} are the same image: name another.")


def _check_comparable(before: Raster, after: Raster) -> None:
    if len(before.bands) != len(after.bands):
        raise OptionError(
            f"Both dates need as many bands, got {len(before.bands)} before and {len(after.bands)} after: "
            "change the band numbers."
        )
    first, second = before.grid, after.grid
    if first.is_georeferenced != second.is_georeferenced:
        without = after if first.is_georeferenced else before
        raise GridError(
            f"Both images need a CRS, or neither; {without.source} has none: "
            "georeference it, or give two pictures of equal size."
        )
    if not first.is_georeferenced and first.shape != second.shape:
        raise GridError(
            "Two pictures without CRS must have equal size, got "
            f"{first.width} x {first.height} and {second.width} x {second.height} pixels: "
            "crop or scale one to the other, or give GeoTIFFs."
        )


def _overlap(grid: Grid, after: Grid) -> Window:
    """The smallest window of `grid` around what `after` shares with it. GridError where that is nothing."""
    shared = _shared_area(grid, after) if grid.is_georeferenced else _rectangle(grid)
    if shared.area == 0:
        raise GridError(
            f"The images do not overlap: before covers {_degrees(grid.bounds_degrees)}, after "
            f"{_degrees(after.bounds_degrees)}: give two images of one place."
        )
    tolerance = 1e-6
    left, top, right, bottom = shared.bounds
    col, row = (max(0, int(np.floor(low + tolerance))) for low in (left, top))
    last_col = min(grid.width, int(np.ceil(right - tolerance)))
    last_row = min(grid.height, int(np.ceil(bottom - tolerance)))
    return Window(col, row, max(1, last_col - col), max(1, last_row - row))


def _shared_area(grid: Grid, after: Grid) -> Polygon:
    """The intersection in pixels of `grid`, found by laying the smaller image, all within reach, onto the larger."""
    ground = (grid.height * grid.width * grid.pixel_hectares, after.height * after.width * after.pixel_hectares)
    if ground[1] <= ground[0]:
        return _project(_rectangle(after), after, grid).intersection(_rectangle(grid))
    shared = _project(_rectangle(grid), grid, after).intersection(_rectangle(after))
    return _project(shared, after, grid).intersection(_rectangle(grid)) if shared.area else shared


def _rectangle(grid: Grid) -> Polygon:
    return shapely.segmentize(shapely.box(0, 0, grid.width, grid.height), max(grid.shape) / 32)


def _project(shape: Polygon, source: Grid, target: Grid) -> Polygon:
    """`shape` in pixels of `source`, to pixels of `target`; points beyond the target's CRS are left out."""
    to_target = transformer(source.wkt(), target.wkt())
    centre = apply(target.transform, target.width / 2, target.height / 2)[0]

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = to_target(*apply(source.transform, points[:, 0], points[:, 1]))
        if target.is_geographic:
            x = (x - centre + 180) % 360 - 180 + centre  # stay on the target's side of the date line
        return np.column_stack(apply(~target.transform, x, y))

    points = move(shapely.get_coordinates(shape))
    points = points[np.isfinite(points).all(axis=1)]
    return shapely.make_valid(Polygon(points)) if len(points) > 3 else Polygon()


def _degrees(box: BoundingBox) -> str:
    return f"{box.left:.4f} to {box.right:.4f} degrees east, {box.bottom:.4f} to {box.top:.4f} north"


def _check_content(pair: AlignedPair) -> None:
    """RasterError unless some pixel is valid in both dates, and, where both are as stored, some pixel differs.

    Looks at the middle first, where one window nearly always answers both.
    """
    names = pair.before.source, pair.after.source
    seen_valid = np.zeros(3, dtype=bool)  # before, after, both
    seen_difference = not pair.both_as_stored
    for window in _from_the_middle(pair.overlap):
        (before, valid_before), (after, valid_after) = pair.read_dates(window)
        valid = valid_before & valid_after
        seen_valid |= valid_before.any(), valid_after.any(), valid.any()
        seen_difference = seen_difference or not np.array_equal(before[valid], after[valid])
        if seen_valid.all() and seen_difference:
            return
    if seen_valid.all():
        raise RasterError(f"Two dates are needed, {names[0]} and {names[1]} hold the same pixels: name another image.")
    empty = [str(name) for name, seen in zip(names, seen_valid[:2], strict=True) if not seen]
    if empty:
        raise RasterError(
            f"Valid pixels are needed where the images overlap, {' and '.join(empty)} holds only nodata there: "
            "give another image, or correct its nodata value."
        )
    raise RasterError(
        f"Valid pixels of both dates are needed in one place, {names[0]} and {names[1]} have none in common: "
        "give images that overlap in valid pixels."
    )


def _from_the_middle(area: Window) -> Iterator[Window]:
    """Windows of at most PROBE x PROBE that tile `area`, nearest to its centre first."""
    rows = range(area.row_off, area.row_off + area.height, PROBE)
    cols = range(area.col_off, area.col_off + area.width, PROBE)
    tiles = [
        Window(col, row, min(PROBE, area.col_off + area.width - col), min(PROBE, area.row_off + area.height - row))
        for row in rows
        for col in cols
    ]
    middle = (area.row_off + area.height / 2, area.col_off + area.width / 2)
    yield from sorted(
        tiles, key=lambda t: abs(t.row_off + t.height / 2 - middle[0]) + abs(t.col_off + t.width / 2 - middle[1])
    )
