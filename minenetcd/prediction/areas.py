"""From stored probability to a mask, polygons and hectares, strip by strip."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.geo.source import quiet_gdal
from minenetcd.geo.vector import burn, change_polygons, changed_hectares
from minenetcd.prediction.stored import StoredProbability

PIXELS_AT_A_TIME = 2**23
MOST_ROWS = 512

COLOURS = {0: (255, 255, 255, 255), 1: (200, 30, 60, 255), UNKNOWN: (0, 0, 0, 0)}


@dataclass(frozen=True)
class Change:
    """What changed: polygons, largest first, and counts; hectares, on the ellipsoid, are None for a picture."""

    polygons: GeoDataFrame  # id, area_ha, perimeter_m (a picture: area_px, perimeter_px), confidence_mean, geometry
    changed_pixels: int
    valid_pixels: int  # with data on both dates
    hectares: float | None
    valid_hectares: float | None
    scene_hectares: float | None  # of the whole grid


@dataclass(frozen=True)
class StoredScene:
    """Two rasters on one grid, `probability` as `stored` says and `mask` (0, 1, 255), with the tags they carry."""

    grid: Grid
    stored: StoredProbability
    probability: Path
    mask: Path
    tags: dict[str, str]

    def probability_writer(self) -> RasterWriter:
        return RasterWriter(
            self.probability, self.grid, dtype=self.stored.dtype, nodata=self.stored.nodata, tags=self.tags
        )

    def mask_writer(self) -> RasterWriter:
        return RasterWriter(self.mask, self.grid, dtype="uint8", nodata=UNKNOWN, colours=COLOURS, tags=self.tags)

    def read_probability(self, window: Window) -> NDArray[np.float32]:
        """NaN where there is no data."""
        return self.stored.decode(read_window(self.probability, window))


def find_change(scene: StoredScene, *, min_area_ha: float = 0.0) -> Change:
    """Write the mask of a scene whose probability is written, and measure it.

    Polygons below `min_area_ha` are left out of the frame and, pixel by pixel, of the mask.
    """
    write_mask(scene)
    polygons = change_polygons(scene.mask, scene.grid, value=1)
    if min_area_ha > 0:
        is_small = polygons["area_ha"] < min_area_ha
        write_mask(scene, without=polygons[is_small])
        polygons = polygons[~is_small].reset_index(drop=True)  # largest first: the ids stay 1, 2, 3 ...
    return _measure(scene, polygons)


def write_mask(scene: StoredScene, *, without: GeoDataFrame | None = None) -> None:
    """1 where the stored probability reaches the threshold, outside the polygons `without`; else 0, or 255 unknown."""
    index = None if without is None or without.empty else shapely.STRtree(without.geometry.array)
    with scene.mask_writer() as writer:
        for window, stored in read_strips(scene.probability, scene.grid):
            mask = scene.stored.mask(stored)
            if index is not None:
                part = _part(scene.grid, window)
                near = without.geometry.iloc[np.sort(index.query(shapely.box(*part.bounds)))]
                mask[burn(list(near), part)] = 0
            writer.write(mask, window)


def strips(grid: Grid) -> Iterator[Window]:
    """Full-width windows from top to bottom, of a bounded number of pixels."""
    rows = min(MOST_ROWS, max(1, PIXELS_AT_A_TIME // grid.width))
    for row in range(0, grid.height, rows):
        yield Window(0, row, grid.width, min(rows, grid.height - row))


def read_strips(path: Path, grid: Grid) -> Iterator[tuple[Window, NDArray]]:
    """The first band (H, W) of a raster on `grid`, strip by strip."""
    with quiet_gdal():  # left before each yield: GDAL's set-ups must end in the reverse order of their beginnings
        dataset = rasterio.open(path)
    with dataset:
        for window in strips(grid):
            with quiet_gdal():
                values = dataset.read(1, window=window)
            yield window, values


def read_window(path: Path, window: Window) -> NDArray:
    """The first band of a raster (H, W) in `window`."""
    with quiet_gdal(), rasterio.open(path) as dataset:
        return dataset.read(1, window=window)


def _measure(scene: StoredScene, polygons: GeoDataFrame) -> Change:
    grid = scene.grid
    index = shapely.STRtree(polygons.geometry.array)
    pixels, confidence = np.zeros((2, len(polygons)))
    counts, hectares = np.zeros(2, dtype=np.int64), np.zeros(3)
    masks, probabilities = read_strips(scene.mask, grid), read_strips(scene.probability, grid)
    for (window, mask), (_, stored) in zip(masks, probabilities, strict=True):
        part = _part(grid, window)
        kinds = mask == 1, mask != UNKNOWN
        counts += [np.count_nonzero(kind) for kind in kinds]
        if grid.is_georeferenced:
            hectares += [changed_hectares(kind, part) for kind in (*kinds, np.ones(part.shape, dtype=bool))]
        labels = _labels(polygons, np.sort(index.query(shapely.box(*part.bounds))), part)
        inside = labels > 0
        pixels += np.bincount(labels[inside] - 1, minlength=len(polygons))
        weights = scene.stored.decode(stored[inside])
        confidence += np.bincount(labels[inside] - 1, weights=weights, minlength=len(polygons))
    return Change(
        polygons.assign(confidence_mean=confidence / np.maximum(pixels, 1)),
        *counts.tolist(),
        *(hectares.tolist() if grid.is_georeferenced else (None, None, None)),
    )


def _labels(polygons: GeoDataFrame, numbers: NDArray[np.intp], part: Grid) -> NDArray[np.int32]:
    """Position + 1 of the polygon each pixel of `part` lies in, 0 elsewhere; only `numbers` are drawn."""
    if not len(numbers):
        return np.zeros(part.shape, dtype=np.int32)
    drawn = zip(polygons.geometry.iloc[numbers], (numbers + 1).tolist(), strict=True)
    return rasterize(drawn, out_shape=part.shape, transform=part.transform, dtype=np.int32)


def _part(grid: Grid, window: Window) -> Grid:
    return grid.window(window.row_off, window.col_off, window.height, window.width)
