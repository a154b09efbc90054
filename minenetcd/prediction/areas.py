"""From the mask of a scene to polygons and hectares."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from minenetcd.geo.grid import apply
from minenetcd.geo.polygons.tracing import burn, change_polygons
from minenetcd.prediction.rasters.one_pass import ScenePass, SecondOpinion


@dataclass(frozen=True)
class Change:
    """What changed: polygons, largest first, and counts; hectares, on the ellipsoid, are None for a picture."""

    polygons: GeoDataFrame  # id, area_ha, perimeter_m (a picture: area_px, perimeter_px), confidence_mean, geometry
    changed_pixels: int
    valid_pixels: int  # with data on both dates
    hectares: float | None
    valid_hectares: float | None
    scene_hectares: float | None  # of the whole grid
    second_share: float | None = None  # changed of valid pixels, 0 to 1, in the mask of a second opinion

    @property
    def agreement(self) -> float | None:
        """The share of what changed that changed in a second mask, too; None without one, and where nothing changed."""
        if "agreement" not in self.polygons or self.polygons.empty:
            return None
        areas = self.polygons["area_px" if self.hectares is None else "area_ha"]
        return float((self.polygons["agreement"] * areas).sum() / areas.sum())


def find_change(scene: ScenePass, *, min_area_ha: float = 0.0, second: SecondOpinion | None = None) -> Change:
    """What the mask of a scene, all of whose strips are written, says.

    Polygons below `min_area_ha` are left out of the frame and, pixel by pixel, of the mask. With `second`, each polygon
    carries the share of it that changed there, too, as `agreement`.
    """
    grid = scene.scene.grid
    polygons = change_polygons(scene.mask, grid, value=1)
    if min_area_ha > 0:
        is_small = polygons["area_ha"] < min_area_ha
        _leave_out(scene, polygons[is_small])
        polygons = polygons[~is_small].reset_index(drop=True)  # largest first: the ids stay 1, 2, 3 ...
    polygon = _of_groups(scene, polygons)

    def summed(each_strip: list[NDArray[Any]]) -> NDArray[np.float64]:
        """Over the groups of every polygon."""
        sums = np.concatenate([np.zeros(0), *each_strip])
        return np.bincount(polygon[polygon >= 0], sums[polygon >= 0], len(polygons)).astype(np.float64)

    pixels = summed([strip.pixels for strip in scene.groups])
    confidence = summed([strip.probability for strip in scene.groups])
    polygons = polygons.assign(confidence_mean=confidence / np.maximum(pixels, 1))
    if second is not None:
        polygons = polygons.assign(agreement=summed(second.agreed) / np.maximum(summed(second.known), 1))
    changed, valid = scene.pixels.tolist()
    own, known, whole = scene.hectares.tolist() if grid.is_georeferenced else (None, None, None)
    share = None if second is None else second.changed_share
    return Change(polygons, changed, valid, own, known, whole, share)


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
    """Position of the polygon that each group of pixels lies in, strip by strip; -1 where that was left out."""
    index = shapely.STRtree(polygons.geometry.array)
    found = [np.zeros(0, dtype=np.intp)]
    for strip in scene.groups:
        part = scene.scene.grid.part(strip.window)
        rows, columns = np.divmod(strip.places, part.width)
        points = shapely.STRtree(shapely.points(*apply(part.transform, columns + 0.5, rows + 0.5)))
        near = np.sort(index.query(shapely.box(*part.bounds)))
        which, inside = points.query(polygons.geometry.array[near], predicate="intersects")
        numbers = np.full(len(strip.places), -1, dtype=np.intp)
        numbers[inside] = near[which]
        found.append(numbers)
    return np.concatenate(found)
