"""Polygons of change that are broken: what would be read as "nothing changed"."""

import numpy as np
import shapely
from geopandas import GeoDataFrame
from rasterio.coords import BoundingBox

from minenetcd.constants import DEGREES
from minenetcd.display.words import counted
from minenetcd.errors import DataError

#: Beyond these, degrees are none: projected coordinates in a file that names no CRS (GeoJSON).
_LARGEST_LONGITUDE, _LARGEST_LATITUDE = 360.0, 90.0


def check_whole(frame: GeoDataFrame, what: str) -> None:
    """DataError where rows have no geometry, or coordinates that are no numbers, or no degrees in a CRS of degrees."""
    empty = frame.geometry.isna() | frame.geometry.is_empty
    if empty.any():
        raise DataError(
            f"Every row of a label needs a polygon, {what} has {counted(int(empty.sum()), 'row')} without: draw it, or "
            "delete the row."
        )
    points = shapely.get_coordinates(frame.geometry.array)
    if not np.isfinite(points).all():
        raise DataError(f"Polygons of change need coordinates, {what} has some that are no numbers: write it again.")
    if len(points) and frame.crs.is_geographic:
        longitude, latitude = np.abs(points).max(axis=0)
        if longitude > _LARGEST_LONGITUDE or latitude > _LARGEST_LATITUDE:
            raise DataError(
                f"Degrees are needed in {what}, got coordinates up to {longitude:.10g} and {latitude:.10g}: write it "
                "in longitude and latitude, as GeoJSON is, or as GeoPackage with its CRS."
            )


def check_order(frame: GeoDataFrame, scene: BoundingBox, what: str) -> None:
    """DataError where no polygon meets `scene` [deg], and all would with longitude and latitude exchanged."""
    if frame.empty:
        return
    west, south, east, north = frame.to_crs(DEGREES).total_bounds
    here = shapely.box(*scene)
    if not shapely.box(west, south, east, north).intersects(here) and shapely.box(south, west, north, east).intersects(
        here
    ):
        raise DataError(f"Longitude comes before latitude, {what} has them exchanged: write it again.")
