"""From the mask of a scene to polygons and hectares."""

from dataclasses import dataclass, field

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from minenetcd.geo.grid import apply
from minenetcd.geo.polygons.tracing import burn, change_polygons
from minenetcd.prediction.kinds.found import KindsFound
from minenetcd.prediction.kinds.measuring import IndexPass
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.polygon_sums import PolygonSums
from minenetcd.prediction.rasters.one_pass import ScenePass, SecondOpinion
from minenetcd.prediction.where.concessions import with_concessions
from minenetcd.prediction.where.found import NOTHING_FOUND, WhereFound
from minenetcd.prediction.where.isolated import with_distances
from minenetcd.prediction.where.places import NOTHING_KNOWN, KnownPlaces

USUAL = PredictOptions()


@dataclass(frozen=True)
class Change:
    """What changed: polygons, largest first, and counts; hectares, on the ellipsoid, are None for a picture."""

    polygons: GeoDataFrame  # id, area_ha, perimeter_m (a picture: area_px, perimeter_px), measures, geometry
    changed_pixels: int
    valid_pixels: int  # with data on both dates
    hectares: float | None
    valid_hectares: float | None
    scene_hectares: float | None  # of the whole grid
    second_share: float | None = None  # changed of valid pixels, 0 to 1, in the mask of a second opinion
    unsure: int = field(default=0, kw_only=True)  # left out for want of a pixel that reaches the seed threshold
    where: WhereFound = field(default=NOTHING_FOUND, kw_only=True)  # by concession, and what is isolated
    kinds: KindsFound | None = field(default=None, kw_only=True)  # where that is asked for

    @property
    def agreement(self) -> float | None:
        """The share of what changed that changed in a second mask, too; None without one, and where nothing changed."""
        if "agreement" not in self.polygons or self.polygons.empty:
            return None
        areas = self.polygons["area_px" if self.hectares is None else "area_ha"]
        return float((self.polygons["agreement"] * areas).sum() / areas.sum())


def find_change(
    scene: ScenePass,
    options: PredictOptions = USUAL,
    *,
    known: KnownPlaces = NOTHING_KNOWN,
    second: SecondOpinion | None = None,
    kinds: IndexPass | None = None,
) -> Change:
    """What the mask of a scene, all of whose strips are written, says.

    Polygons below the smallest area of `options`, those without a pixel of their seed threshold, and those that are
    isolated and faint by what is `known`, are left out of the frame and, pixel by pixel, of the mask. With `second`,
    each polygon carries the share of it that changed there, too, as `agreement`; with `kinds`, what kind of change it
    is.
    """
    grid = scene.scene.grid
    every = change_polygons(scene.mask, grid, value=1)
    sums = PolygonSums(_of_groups(scene, every), len(every))
    scene.end_outlines()
    every = every.assign(**sums.measures(scene.groups))
    if second is not None:
        every = every.assign(agreement=sums.of(second.agreed) / np.maximum(sums.of(second.known), 1))
    if kinds is not None:
        every = every.assign(**kinds.columns(sums.of))
    kept = np.ones(len(every), dtype=bool)
    if options.min_area_ha > 0:
        kept &= every["area_ha"].to_numpy() >= options.min_area_ha
    highest = sums.highest([strip.highest for strip in scene.groups])
    unsure = 0
    if options.seed_threshold is not None:
        is_sure = highest >= np.float32(options.seed_threshold)
        unsure = int((kept & ~is_sure).sum())
        kept &= is_sure
    polygons, is_isolated, isolated = with_distances(
        every[kept], highest[kept], known, options, scene.scene.stored.threshold
    )
    kept[kept] = ~is_isolated
    polygons = polygons[~is_isolated]
    if not kept.all():
        _leave_out(scene, every[~kept])
        polygons = polygons.reset_index(drop=True).assign(id=np.arange(1, len(polygons) + 1, dtype=np.int64))
    polygons, concessions = with_concessions(polygons, known.concessions, grid)
    changed, valid = scene.pixels.tolist()
    own, both, whole = scene.hectares.tolist() if grid.is_georeferenced else (None, None, None)
    share = None if second is None else second.changed_share
    where = WhereFound(concessions, isolated)
    told = None if kinds is None else KindsFound.of(polygons, kinds.layers.indices, kinds.compared)
    return Change(polygons, changed, valid, own, both, whole, share, unsure=unsure, where=where, kinds=told)


def _leave_out(scene: ScenePass, polygons: GeoDataFrame) -> None:
    """Write the mask again where `polygons` lie, and count what is left.

    Why the mask is read a second time: how large a change is, is known when all of it was traced.
    """
    left_out = polygons.geometry.array
    index = shapely.STRtree(left_out)
    scene.pixels[0] = scene.hectares[0] = 0
    for strip in scene.groups:
        mask, part = scene.read(strip.window), scene.scene.grid.part(strip.window)
        near = left_out[np.sort(index.query(shapely.box(*part.bounds)))]
        if len(near):
            mask[burn(list(near), part)] = 0
            scene.rewrite(strip.window, mask)
        scene.count(strip.window, mask == 1)


def _of_groups(scene: ScenePass, polygons: GeoDataFrame) -> NDArray[np.intp]:
    """Position of the polygon that each group of pixels lies in, strip by strip."""
    index = shapely.STRtree(polygons.geometry.array)
    found = [np.zeros(0, dtype=np.intp)]
    for strip in scene.groups:
        part = scene.scene.grid.part(strip.window)
        rows, columns = np.divmod(strip.places, part.width)
        points = shapely.STRtree(shapely.points(*apply(part.transform, columns + 0.5, rows + 0.5)))
        near = np.sort(index.query(shapely.box(*part.bounds)))
        which, inside = points.query(polygons.geometry.array[near], predicate="intersects")
        numbers = np.empty(len(strip.places), dtype=np.intp)
        numbers[inside] = near[which]
        found.append(numbers)
    return np.concatenate(found)
