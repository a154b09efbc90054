"""From stored probability to a mask, polygons and hectares, strip by strip."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import concat
from scipy import ndimage

from minenetcd.constants import UNKNOWN
from minenetcd.geo.grid import Grid, apply
from minenetcd.geo.polygons.hectares import changed_hectares
from minenetcd.geo.polygons.tracing import burn, change_polygons
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, read_strips
from minenetcd.prediction.where.concessions import with_concessions
from minenetcd.prediction.where.found import NOTHING_FOUND, WhereFound
from minenetcd.prediction.where.isolated import with_distances
from minenetcd.prediction.where.places import NOTHING_KNOWN, KnownPlaces

USUAL = PredictOptions()


@dataclass(frozen=True)
class Change:
    """What changed: polygons, largest first, and counts; hectares, on the ellipsoid, are None for a picture."""

    polygons: GeoDataFrame  # id, area_ha, perimeter_m (a picture: area_px, perimeter_px), confidence_mean, geometry
    changed_pixels: int
    valid_pixels: int  # with data on both dates
    hectares: float | None
    valid_hectares: float | None
    scene_hectares: float | None  # of the whole grid
    where: WhereFound = field(default=NOTHING_FOUND, kw_only=True)  # by concession, and what is isolated

    @property
    def agreement(self) -> float | None:
        """The share of what changed that changed in a second mask, too; None without one, and where nothing changed."""
        if "agreement" not in self.polygons or self.polygons.empty:
            return None
        areas = self.polygons["area_px" if self.hectares is None else "area_ha"]
        return float((self.polygons["agreement"] * areas).sum() / areas.sum())


def find_change(
    scene: SceneRasters,
    options: PredictOptions = USUAL,
    *,
    known: KnownPlaces = NOTHING_KNOWN,
    second: Path | None = None,
) -> Change:
    """Write the mask of a scene whose probability is written, and measure it.

    Polygons below the smallest area of `options`, and those that are isolated and faint by what is `known`, are left
    out of the frame and, pixel by pixel, of the mask. With `second`, another mask of the scene, each polygon carries
    the share of it that changed there, too, as `agreement`.
    """
    write_mask(scene)
    polygons = change_polygons(scene.mask, scene.grid, value=1)
    if options.min_area_ha > 0:
        is_small = polygons["area_ha"] < options.min_area_ha
        left_out, polygons = polygons[is_small], polygons[~is_small]
    else:
        left_out = polygons.iloc[:0]
    polygons, is_isolated, isolated = with_distances(
        polygons, known, options, scene.stored.threshold, partial(_reaching, scene)
    )
    left_out, polygons = concat([left_out, polygons[is_isolated]]), polygons[~is_isolated]
    if len(left_out):
        write_mask(scene, without=left_out)
        polygons = polygons.reset_index(drop=True).assign(id=np.arange(1, len(polygons) + 1, dtype=np.int64))
    change = _measure(scene, polygons)
    polygons, concessions = with_concessions(change.polygons, known.concessions, scene.grid)
    if second is not None:
        polygons = polygons.assign(agreement=_agreement(scene, polygons, second))
    return replace(change, polygons=polygons, where=WhereFound(concessions, isolated))


def write_mask(scene: SceneRasters, *, without: GeoDataFrame | None = None) -> None:
    """1 where the stored probability reaches the threshold, outside the polygons `without`; else 0, or 255 unknown."""
    left_out = [] if without is None else without.geometry.array
    index = shapely.STRtree(left_out) if len(left_out) else None
    with scene.mask_writer() as writer:
        for window, stored in read_strips(scene.probability, scene.grid):
            mask = scene.stored.mask(stored)
            if index is not None:
                part = scene.grid.part(window)
                near = left_out[np.sort(index.query(shapely.box(*part.bounds)))]
                mask[burn(list(near), part)] = 0
            writer.write(mask, window)


def _measure(scene: SceneRasters, polygons: GeoDataFrame) -> Change:
    grid = scene.grid
    index = shapely.STRtree(polygons.geometry.array)
    pixels, confidence = np.zeros((2, len(polygons)))
    counts, hectares = np.zeros(2, dtype=np.int64), np.zeros(3)
    masks, probabilities = read_strips(scene.mask, grid), read_strips(scene.probability, grid)
    for (window, mask), (_, stored) in zip(masks, probabilities, strict=True):
        part = grid.part(window)
        kinds = mask == 1, mask != UNKNOWN
        counts += [np.count_nonzero(kind) for kind in kinds]
        if grid.is_georeferenced:
            hectares += [changed_hectares(kind, part) for kind in (*kinds, np.ones(part.shape, dtype=bool))]
        labels = _labels(polygons, index, part, kinds[0])
        inside = labels > 0
        pixels += np.bincount(labels[inside] - 1, minlength=len(polygons))
        weights = scene.stored.decode(stored[inside])
        confidence += np.bincount(labels[inside] - 1, weights=weights, minlength=len(polygons))
    return Change(
        polygons.assign(confidence_mean=confidence / np.maximum(pixels, 1)),
        *counts.tolist(),
        *(hectares.tolist() if grid.is_georeferenced else (None, None, None)),
    )


def _reaching(scene: SceneRasters, polygons: GeoDataFrame, threshold: float) -> NDArray[np.bool_]:
    """Which of `polygons` have a pixel whose stored probability is `threshold` or more."""
    index = shapely.STRtree(polygons.geometry.array)
    reached = np.zeros(len(polygons) + 1, dtype=bool)
    if len(polygons):
        for window, stored in read_strips(scene.probability, scene.grid):
            high = scene.stored.decode(stored) >= np.float32(threshold)
            reached[_labels(polygons, index, scene.grid.part(window), high)] = True
    return reached[1:]


def _agreement(scene: SceneRasters, polygons: GeoDataFrame, second: Path) -> NDArray[np.float64]:
    """The share of each polygon that is changed in the mask `second`."""
    index = shapely.STRtree(polygons.geometry.array)
    pixels, agreed = np.zeros((2, len(polygons)))
    masks = read_strips(scene.mask, scene.grid), read_strips(second, scene.grid)
    for (window, own), (_, mask) in zip(*masks, strict=True):
        labels = _labels(polygons, index, scene.grid.part(window), own == 1)
        inside = (labels > 0) & (mask != UNKNOWN)
        pixels += np.bincount(labels[inside] - 1, minlength=len(polygons))
        agreed += np.bincount(labels[inside & (mask == 1)] - 1, minlength=len(polygons))
    return agreed / np.maximum(pixels, 1)


def _labels(
    polygons: GeoDataFrame, index: shapely.STRtree, part: Grid, changed: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Position + 1 of the polygon each `changed` pixel of `part` lies in, 0 elsewhere; `index` is of the polygons.

    Changed pixels that touch lie in one polygon: a point of each such group says which.
    """
    groups: NDArray[np.int32]
    groups, count = ndimage.label(changed, structure=np.ones((3, 3), dtype=np.int8))
    if not count:
        return groups
    places = np.flatnonzero(groups)[::-1]
    one_of = np.zeros(count + 1, dtype=np.intp)
    one_of[groups.ravel()[places]] = places
    rows, columns = np.divmod(one_of[1:], part.width)
    points = shapely.STRtree(shapely.points(*apply(part.transform, columns + 0.5, rows + 0.5)))
    near = np.sort(index.query(shapely.box(*part.bounds)))
    which, inside = points.query(polygons.geometry.array[near], predicate="intersects")
    numbers = np.zeros(count + 1, dtype=np.int32)
    numbers[inside + 1] = near[which] + 1
    labels: NDArray[np.int32] = numbers[groups]
    return labels
