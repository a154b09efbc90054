"""Where the patches of a data set lie on Earth, and how large they are."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from minenetcd.constants import DEGREES, HECTARES_PER_KM2
from minenetcd.geo.grid import SQUARE_METRES_PER_HECTARE, WGS84

BOUNDS = ("left", "bottom", "right", "top")
LOCATION = ("crs", *BOUNDS)

_EDGES_A_SIDE = 8  # straight edges in a projection bend on the ellipsoid
_SQUARE_METRES_PER_KM2 = SQUARE_METRES_PER_HECTARE * HECTARES_PER_KM2


def locate(places: pd.DataFrame) -> pd.DataFrame:
    """Columns longitude, latitude (of the centre, degrees) and area_km2 (on the ellipsoid) for rows of `places`.

    `places` has the columns crs, left, bottom, right, top. NaN where a row lacks one, or its CRS is none on Earth.
    """
    found = pd.DataFrame(np.nan, index=places.index, columns=["longitude", "latitude", "area_km2"])
    known = places[list(LOCATION)].dropna()
    for crs, rows in known.groupby("crs", sort=False):
        boxes = shapely.box(*(rows[side].to_numpy(dtype=float) for side in BOUNDS))
        found.loc[rows.index] = _on_earth(boxes, str(crs))
    return found


def middle(longitudes: Iterable[float], latitudes: Iterable[float]) -> tuple[float, float]:
    """The point in the middle of points on the sphere [degrees], also across the date line."""
    along, up = np.radians(np.asarray(list(longitudes))), np.radians(np.asarray(list(latitudes)))
    x, y, z = np.cos(up) * np.cos(along), np.cos(up) * np.sin(along), np.sin(up)
    return (
        float(np.degrees(np.arctan2(y.mean(), x.mean()))),
        float(np.degrees(np.arctan2(z.mean(), np.hypot(x.mean(), y.mean())))),
    )


def overlap_share(places: pd.DataFrame) -> float:
    """Part of the area of patches that another patch of `places` covers too; those of different CRSs never meet."""
    known = places[list(LOCATION)].dropna()
    whole, shared = 0.0, 0.0
    for _, rows in known.groupby("crs"):
        boxes = shapely.box(*(rows[side].to_numpy(dtype=float) for side in BOUNDS))
        covered = shapely.area(shapely.union_all(boxes))
        relative = len(boxes) * (1 - covered / shapely.area(boxes).sum())  # in patches: CRSs differ in their unit
        whole, shared = whole + len(boxes), shared + relative
    return float(shared / whole) if whole else 0.0


def _on_earth(boxes: NDArray[np.object_], crs: str) -> NDArray[np.float64]:
    """(N, 3): longitude, latitude, km2."""
    try:
        pyproj.CRS.from_user_input(crs)
        sides = np.sqrt(shapely.area(boxes))
        outlines = shapely.segmentize(boxes, np.maximum(sides, 1e-12) / _EDGES_A_SIDE)
        centres = gpd.GeoSeries(shapely.centroid(boxes), crs=crs).to_crs(DEGREES)
        outlines = gpd.GeoSeries(outlines, crs=crs).to_crs(DEGREES)
    except ProjError:
        return np.full((len(boxes), 3), np.nan)
    areas = [abs(WGS84.geometry_area_perimeter(outline)[0]) / _SQUARE_METRES_PER_KM2 for outline in outlines]
    located = np.column_stack([centres.x, centres.y, areas])
    return np.where(np.isfinite(located).all(axis=1, keepdims=True), located, np.nan)
