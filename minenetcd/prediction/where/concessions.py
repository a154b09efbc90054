"""Which concession what changed lies in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray

from minenetcd.display.words import some_of
from minenetcd.errors import OptionError
from minenetcd.geo.areas.layers import PolygonLayer, polygons_of
from minenetcd.geo.areas.placed import placed
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.hectares import measures

WITHIN, CROSSES, OUTSIDE = "within", "crosses", "outside"

#: Columns that hold a concession's name where nobody says which, in any case; the first that there is.
USUAL_NAMES = ("name", "lease", "lease_name", "title", "licence", "license", "id", "fid")

#: A share of a polygon below this is nothing: two programs write one border differently.
_NOTHING = 1e-3


@dataclass(frozen=True)
class Concessions:
    """Areas with names, in the CRS of a scene, cut off beside it."""

    names: tuple[str, ...]
    geometries: NDArray[np.object_]

    @classmethod
    def read(cls, layer: PolygonLayer, grid: Grid, name_column: str | None) -> "Concessions":
        """Those near `grid`. OptionError for a column that is not there, GridError where none touches the scene."""
        column = _name_column(layer, name_column)
        frame = placed(layer, grid)
        if column is None:
            names = [str(number + 1) for number in range(len(frame))]
        else:
            names = [_as_text(value, number) for number, value in enumerate(frame[column], start=1)]
        return cls(tuple(names), np.array(frame.geometry.array, dtype=object))


@dataclass(frozen=True)
class ConcessionAreas:
    """What changed by concession: `names` with `hectares` and how many `polygons` touch each; `outside` of all [ha].

    Concessions may overlap: what changed in two counts in both.
    """

    names: tuple[str, ...]
    hectares: tuple[float, ...]
    polygons: tuple[int, ...]
    outside: float

    def largest_first(self) -> list[tuple[str, float, int]]:
        rows = zip(self.names, self.hectares, self.polygons, strict=True)
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def as_json(self) -> dict[str, Any]:
        rows = [{"name": name, "hectares": hectares, "places": count} for name, hectares, count in self.largest_first()]
        return {"inside": rows, "outside_hectares": self.outside}


def with_concessions(
    polygons: GeoDataFrame, concessions: Concessions | None, grid: Grid
) -> tuple[GeoDataFrame, ConcessionAreas | None]:
    """`assigned`, where there are any; else `polygons` as they are."""
    return (polygons, None) if concessions is None else assigned(polygons, concessions, grid)


def assigned(polygons: GeoDataFrame, concessions: Concessions, grid: Grid) -> tuple[GeoDataFrame, ConcessionAreas]:
    """`polygons` with `lease` and `lease_status`, and what of them lies in each of `concessions`.

    `lease`: the one that holds most of a polygon, nothing where none does. `lease_status`: "within" where no part of it
    lies outside of all concessions, "outside" where all of it does, else "crosses". Areas are on the ellipsoid.
    """
    changed = np.array(polygons.geometry.array, dtype=object)
    count, area = len(concessions.names), polygons["area_ha"].to_numpy()
    shared, of_polygon, of_concession = _shared(changed, concessions.geometries, grid)
    inside = _inside_any(changed, concessions.geometries, shared, of_polygon, grid)
    real = shared > _NOTHING * area[of_polygon]
    largest = np.full(len(changed), -1)
    order = np.lexsort((-of_concession, shared))  # the largest share last; of equal ones, the first concession
    order = order[real[order]]
    largest[of_polygon[order]] = of_concession[order]
    status = np.where(inside >= (1 - _NOTHING) * area, WITHIN, np.where(inside > _NOTHING * area, CROSSES, OUTSIDE))
    names = np.array([*concessions.names, None], dtype=object)
    table = ConcessionAreas(
        concessions.names,
        tuple(np.bincount(of_concession, shared, count).tolist()),
        tuple(np.bincount(of_concession[real], minlength=count).tolist()),
        float(np.maximum(area - inside, 0)[status != WITHIN].sum()),
    )
    return polygons.assign(lease=names[largest], lease_status=status.astype(object)), table


def _shared(
    changed: NDArray[np.object_], areas: NDArray[np.object_], grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """For each polygon and concession that meet: hectares that they share, and the places of both."""
    shapely.prepare(areas)
    of_polygon, of_concession = shapely.STRtree(areas).query(changed, predicate="intersects")
    parts = changed[of_polygon].copy()
    cut = ~shapely.covers(areas[of_concession], parts)
    parts[cut] = polygons_of(shapely.intersection(parts[cut], areas[of_concession[cut]]))
    return _hectares(parts, grid), of_polygon, of_concession


def _inside_any(
    changed: NDArray[np.object_],
    areas: NDArray[np.object_],
    shared: NDArray[np.float64],
    of_polygon: NDArray[np.intp],
    grid: Grid,
) -> NDArray[np.float64]:
    """Hectares of each polygon that lie in any concession; where several meet it, in their union."""
    inside = np.bincount(of_polygon, shared, len(changed)).astype(np.float64)
    several = np.flatnonzero(np.bincount(of_polygon, minlength=len(changed)) > 1)
    tree = shapely.STRtree(areas)
    for place in several:
        near = areas[tree.query(changed[place], predicate="intersects")]
        part = polygons_of(np.array([shapely.intersection(changed[place], shapely.union_all(near))], dtype=object))
        inside[place] = _hectares(part, grid)[0]
    return inside


def _hectares(geometries: NDArray[np.object_], grid: Grid) -> NDArray[np.float64]:
    return measures(GeoSeries(geometries, crs=grid.crs), grid)[0]


def _name_column(layer: PolygonLayer, wanted: str | None) -> str | None:
    """The column to name concessions by; None where the file has no usual one."""
    if wanted is not None:
        if wanted not in layer.columns:
            raise OptionError(
                f"A column {wanted!r} is needed in {layer.text} (--lease-name), it has "
                f"{some_of(layer.columns, most=12) or 'none'}: name one of them."
            )
        return wanted
    lowered: dict[str, str] = {}
    for column in layer.columns:
        lowered.setdefault(column.lower(), column)
    return next((lowered[name] for name in USUAL_NAMES if name in lowered), None)


def _as_text(value: object, number: int) -> str:
    """A name in one line; the number of its row where it has none."""
    missing = value is None or value != value
    text = "" if missing else f"{value:.15g}" if isinstance(value, float) else " ".join(str(value).split())
    return text or str(number)
