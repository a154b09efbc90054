"""The indices of both dates as one raster of 8-bit layers: what kinds of change are told from, now and again later.

Layers go (index, before), (index, after) for each of the indices. A level of 0 to 254 stands for -1 to 1, which tells
apart what is 0.008 apart; 255 is no data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.geo.adjustment import Tone
from minenetcd.geo.align import AlignedPair, Pair
from minenetcd.geo.bands.indices import Indices
from minenetcd.geo.grid import Grid
from minenetcd.geo.radiometry import find_tone
from minenetcd.geo.raster import RasterWriter
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import quiet_gdal
from minenetcd.geo.values import Limits, pair_limits, sample_pixels
from minenetcd.prediction.rasters.scene_rasters import strips

#: What the raster is called.
LAYERS = "kinds.tif"
#: Levels that a layer has, 0 to 254, and the one that stands for 0.
LEVELS, ZERO = 255, 127

#: Pixels whose indices are computed at a time, as floats.
_AT_A_TIME = 2**19


@dataclass(frozen=True)
class IndexLayers:
    """The raster `path` on `grid`, which holds the layers of `indices`."""

    path: Path
    grid: Grid
    indices: Indices

    @property
    def count(self) -> int:
        return 2 * len(self.indices.names)

    def write(self, pair: AlignedPair) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
        """Measure `pair`, on the same grid; each strip (2 x indices, H, W) is handed on when it is written.

        The raster stands when all have come.
        """
        measure = IndexMeasure.of(pair, self.indices)
        with RasterWriter(self.path, self.grid, dtype="uint8", nodata=UNKNOWN, bands=self.count) as writer:
            for window in strips(self.grid):
                levels = np.empty((self.count, window.height, window.width), np.uint8)
                rows = max(1, _AT_A_TIME // window.width)
                for start in range(0, window.height, rows):
                    height = min(rows, window.height - start)
                    part = pair.read(Window(0, window.row_off + start, window.width, height))
                    levels[:, start : start + height] = measure.levels(part)
                writer.write(np.moveaxis(levels, 0, -1), window)
                yield window, levels

    def read(self) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
        """The same strips of a raster that stands."""
        for window in strips(self.grid):
            with quiet_gdal(), rasterio.open(self.path, driver="GTiff") as dataset:
                levels: NDArray[np.uint8] = dataset.read(window=window)
            yield window, levels


@dataclass(frozen=True)
class IndexMeasure:
    """How the indices of a pair are measured.

    `offsets` are added to the numbers of each date before they are ratios: those of a Sentinel-2 product that says that
    its are raised. For brightness the after image is brought to the `tone` of the before image, where that is known,
    and both are counted in units of the value range between `limits`.
    """

    indices: Indices
    offsets: tuple[float, float]
    tone: Tone | None
    limits: tuple[Limits, Limits] | None

    @classmethod
    def of(cls, pair: AlignedPair, indices: Indices) -> Self:
        offsets = tuple(
            0.0 if date.processing is None else float(date.processing.offset) for date in (pair.before, pair.after)
        )
        if not indices.bright:
            return cls(indices, (offsets[0], offsets[1]), None, None)
        sample = SceneSample(pair)
        tone = find_tone(sample)
        before, after = (pixels[:, indices.bright] for pixels in sample_pixels(sample))
        limits = pair_limits(before, before if tone.is_reliable else after)
        return cls(indices, (offsets[0], offsets[1]), tone if tone.is_reliable else None, limits)

    def levels(self, pair: Pair) -> NDArray[np.uint8]:
        """(2 x indices, H, W)"""
        before, after = (
            pixels.astype(np.float32) + np.float32(offset)
            for pixels, offset in zip((pair.before, pair.after), self.offsets, strict=True)
        )
        found = [self.indices.ratio(name, date) for name in self.indices.ratios for date in (before, after)]
        if self.limits is not None:
            toned = pair.after if self.tone is None else self.tone.apply(pair.after, np.float32)
            found += [self._brightness(pair.before, self.limits[0]), self._brightness(toned, self.limits[1])]
        levels = np.stack([as_levels(values) for values in found])
        levels[:, ~pair.valid] = UNKNOWN
        return levels

    def _brightness(self, pixels: NDArray[Any], limits: Limits) -> NDArray[np.float32]:
        """Mean of the bright bands, 0 to 1 from one of the limits to the other."""
        apart, limits = limits.from_low(pixels[..., self.indices.bright])
        units = (apart.astype(np.float32) - limits.low) / (limits.high - limits.low)
        mean: NDArray[np.float32] = units.mean(axis=-1, dtype=np.float32)
        return mean


def as_levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What stands for `values`, cut off at -1 and 1; NaN is no data."""
    known = np.isfinite(values)
    steps = np.rint((np.where(known, values, 0).clip(-1, 1) + 1) * ZERO)
    return np.where(known, steps, UNKNOWN).astype(np.uint8)


def as_values(levels: NDArray[Any]) -> NDArray[np.float64]:
    """What levels, or means of them, stand for."""
    return levels / ZERO - 1.0
