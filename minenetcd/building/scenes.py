"""Scenes cut into patches: both dates on one grid, 8-bit colours, the label, and where each patch lies."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.building.scene_label import SceneLabel, open_label
from minenetcd.building.sites.table import Site
from minenetcd.errors import DataError, InputError, OptionError
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.grid import Grid
from minenetcd.geo.source import cache_of
from minenetcd.geo.values import pair_limits, range_limits, to_eight_bits

#: What GDAL may keep of a scene in memory. [bytes]
GDAL_CACHE = 128 * 2**20

#: Side of the reduced scene from which its value range is taken. [pixels]
RANGE_SIDE = 1024


@dataclass(frozen=True)
class PatchOptions:
    """How scenes are cut.

    `size` and `overlap` of patches in pixels; `min_valid`, the share of a patch that must hold data on both dates;
    `gsd`, metres per pixel to resample to; `value_range`, the values that become 0 and 255 on both dates. Without
    it 8-bit images stay as they are, others are stretched, both dates of a site alike (`minenetcd.geo.values`).
    """

    size: int = 256
    overlap: int = 0
    min_valid: float = 0.5
    bands: Wanted | None = None
    bands_after: Wanted | None = None
    gsd: float | None = None
    value_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.size < 1:
            raise OptionError(f"Patches need a size of 1 pixel or more (--size), got {self.size}: e.g. 256.")
        if not 0 <= self.overlap < self.size:
            raise OptionError(
                f"The overlap (--overlap) must be 0 to {self.size - 1} for patches of {self.size} pixels, got "
                f"{self.overlap}: choose a smaller one."
            )
        if not 0 <= self.min_valid <= 1:
            raise OptionError(
                f"The share of valid pixels (--min-valid) must be 0 to 1, got {self.min_valid:g}: e.g. 0.5."
            )
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            low, high = self.value_range
            raise OptionError(
                f"The value range (--range) needs a low and a higher value, got {low:g} and {high:g}: correct it, or "
                "leave it out."
            )
        for bands in (self.bands, self.bands_after):
            if bands is not None and len(bands) != 3:
                raise OptionError(f"Patches are colour images of 3 bands, got {len(bands)} band numbers: give three.")


class Patch(NamedTuple):
    """One patch of a scene. Where it reaches beyond the data, dates and label are 0."""

    row: int  # of its upper left pixel in the scene
    column: int
    before: NDArray[np.uint8]  # (size, size, 3)
    after: NDArray[np.uint8]  # (size, size, 3)
    label: NDArray[np.uint8]  # (size, size): 0 unchanged, 255 changed
    grid: Grid
    valid_pixels: int


class Scene:
    """The opened scene of a site; a context manager, for one thread at a time. Made by `open_site`."""

    def __init__(self, site: Site, pair: AlignedPair, label: SceneLabel, options: PatchOptions) -> None:
        self.site, self.options = site, options
        self.grid = pair.grid
        self.before_date = site.before_date or _day(pair.before.date)
        self.after_date = site.after_date or _day(pair.after.date)
        self._pair, self._label = pair, label
        self._to_bytes = _byte_scales(pair, options.value_range)

    @property
    def crs(self) -> str:
        """The CRS as text; `open_scene` opens no scene without one."""
        assert self.grid.crs is not None
        return str(self.grid.crs.to_string())

    def windows(self) -> list[Window]:
        """Where patches lie, in rows from the upper left of what both dates share; the last may reach beyond it."""
        area, size = self._pair.overlap, self.options.size
        step = size - self.options.overlap
        rows, columns = (
            range(start, start + max(1, length - self.options.overlap), step)
            for start, length in ((area.row_off, area.height), (area.col_off, area.width))
        )
        return [Window(column, row, size, size) for row in rows for column in columns]

    def patches(self) -> Iterator[Patch | None]:
        """A patch for each of `windows`, or None where too little of it holds data. DataError names the site."""
        with _explained(self.site):
            for window in self.windows():
                yield self._patch(window)

    def _patch(self, window: Window) -> Patch | None:
        row, column, size = int(window.row_off), int(window.col_off), self.options.size
        inside = Window(column, row, min(size, self.grid.width - column), min(size, self.grid.height - row))
        pair = self._pair.read(inside)
        changed, known = self._label.read(inside)
        valid = pair.valid & known
        valid_pixels = int(np.count_nonzero(valid))
        if valid_pixels == 0 or valid_pixels < self.options.min_valid * size * size:
            return None
        dates = (scale(date) for scale, date in zip(self._to_bytes, (pair.before, pair.after), strict=True))
        images = [_padded(np.where(valid[..., np.newaxis], date, np.uint8(0)), size) for date in dates]
        label = _padded(np.where(changed & valid, np.uint8(255), np.uint8(0)), size)
        part = Grid(size, size, self.grid.window(row, column, 1, 1).transform, self.grid.crs)
        return Patch(row, column, images[0], images[1], label, part, valid_pixels)


@contextmanager
def open_site(site: Site, options: PatchOptions) -> Iterator[Scene]:
    """The scene of `site`: the after image on the grid of the one before, or at `options.gsd`, and the label on both.

    DataError, naming the site, for images that cannot be read or do not overlap, pictures without CRS, and a label
    that does not fit.
    """
    with ExitStack() as opened:
        opened.enter_context(cache_of(GDAL_CACHE))
        with _explained(site):
            before, after, label = site.inputs()
            pair = opened.enter_context(
                open_pair(before, after, bands=options.bands, bands_after=options.bands_after, gsd=options.gsd)
            )
            if not pair.grid.is_georeferenced:
                raise DataError(f"georeferenced images are needed, {before} has no CRS: give GeoTIFFs.")
            truth = opened.enter_context(open_label(label, pair.grid, layer=site.label_layer()[1]))
            scene = Scene(site, pair, truth, options)
        yield scene


@contextmanager
def _explained(site: Site) -> Iterator[None]:
    """What is wrong with an input, as what is wrong with the site."""
    try:
        yield
    except InputError as error:
        raise DataError(f"Site {site.id!r}: {error}") from error


def _byte_scales(
    pair: AlignedPair, value_range: tuple[float, float] | None
) -> tuple[Callable[[NDArray], NDArray[np.uint8]], ...]:
    """For each date, what takes its pixels (H, W, C) to 8 bits."""
    dtypes = pair.before.dtype, pair.after.dtype
    if value_range is not None:
        limits = range_limits(value_range, len(pair.before.bands))
        return tuple(partial(to_eight_bits, limits=limits) for _ in dtypes)
    if all(dtype == np.uint8 for dtype in dtypes):
        return _unchanged, _unchanged
    small = pair.read_small(RANGE_SIDE)
    return tuple(
        _unchanged if dtype == np.uint8 else partial(to_eight_bits, limits=limits)
        for dtype, limits in zip(dtypes, pair_limits(small.before, small.after, small.valid), strict=True)
    )


def _unchanged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels


def _padded(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """`image` with rows and columns of 0 at bottom and right, up to `size`."""
    missing = [(0, size - side) for side in image.shape[:2]]
    return np.pad(image, missing + [(0, 0)] * (image.ndim - 2))


def _day(moment: str | None) -> str | None:
    return None if moment is None else moment[:10]
