"""The polygons of a result as GeoJSON in longitude and latitude."""

import json
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame

from minenetcd.web.results.placement import Placement

#: Of longitudes and latitudes: a centimetre.
DECIMALS = 7


def as_geojson(frame: GeoDataFrame, placement: Placement) -> str:
    """A FeatureCollection (RFC 7946), whose features have the `id` of their polygon; no number in it is infinite."""
    geometries = placement.geometries_to_degrees(np.asarray(frame.geometry.array, dtype=object))
    geometries = shapely.transform(geometries, lambda points: points.round(DECIMALS))
    columns = frame.drop(columns=frame.geometry.name)
    properties = [dict(zip(columns.columns, map(_plain, row), strict=True)) for row in columns.itertuples(index=False)]
    features = (
        f'{{"type":"Feature","id":{json.dumps(own.get("id"))},"properties":{json.dumps(own)},"geometry":{geometry}}}'
        for own, geometry in zip(properties, shapely.to_geojson(geometries), strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'


def _plain(value: Any) -> Any:
    """A cell as JSON holds it."""
    if value is None or value != value:  # NaN, NaT
        return None
    if hasattr(value, "isoformat"):
        text: str = value.isoformat()
        return text.removesuffix("T00:00:00")
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value
