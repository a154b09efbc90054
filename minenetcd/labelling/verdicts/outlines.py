"""An outline that a person drew anew: whether it can stand on the images, and how large it is."""

from pathlib import Path

import shapely
from geopandas import GeoSeries
from shapely.geometry.base import BaseGeometry

from minenetcd.errors import InputError
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.geometry_blobs import to_blob
from minenetcd.geo.polygons.hectares import measures
from minenetcd.geo.raster import Raster
from minenetcd.labelling.verdicts.history import Outline
from minenetcd.prediction.outputs import MAP, MAP_OF_PICTURES

#: More points than anybody draws. [points]
MOST_POINTS = 200_000


def outline_on(folder: Path, geometry: BaseGeometry, srs_id: int) -> Outline:
    """`geometry`, in the CRS of the result in `folder`, measured as its polygons are (on the ellipsoid).

    What of it lies beside the images is cut off. InputError for what is no area, crosses itself, or lies beside them
    altogether.
    """
    grid = _grid(folder)
    _check(geometry)
    geometry = _on_images(geometry, grid)
    many = shapely.multipolygons([geometry]) if geometry.geom_type == "Polygon" else geometry
    many = shapely.force_2d(many)
    area, perimeter = measures(GeoSeries([many], crs=grid.named_crs), grid)
    return Outline(to_blob(many, srs_id), float(area[0]), float(perimeter[0]))


def _grid(folder: Path) -> Grid:
    """Of the map of a result. InputError where there is none."""
    for name in (MAP, MAP_OF_PICTURES):
        if (folder / name).exists():
            with Raster.open(folder / name, bands=(1,)) as raster:
                return raster.grid
    raise InputError(f"The map of the result is needed to measure an outline, {folder} has none: predict again.")


def _on_images(geometry: BaseGeometry, grid: Grid) -> BaseGeometry:
    """What of it lies on the images."""
    images = shapely.Polygon(zip(*grid.outline(points_per_side=1), strict=True))
    if images.covers(geometry):
        return geometry
    parts = shapely.get_parts(shapely.intersection(geometry, images))
    areas = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    if not areas:
        raise InputError("An outline has to lie on the images, got one beside them: draw it around the change.")
    return shapely.multipolygons(areas)


def _check(geometry: BaseGeometry) -> None:
    if geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_empty:
        raise InputError(f"An outline has to be a polygon, got {geometry.geom_type}: draw it around the change.")
    if (points := shapely.get_num_coordinates(geometry)) > MOST_POINTS:
        raise InputError(f"An outline has {MOST_POINTS:,} points at most, got {points:,}: draw a simpler one.")
    if not geometry.is_valid:
        why = shapely.is_valid_reason(geometry)
        raise InputError(f"An outline must not cross itself, got {why:.120}: move its points apart.")
