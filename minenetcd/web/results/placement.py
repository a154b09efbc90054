"""Where the pixels of a result lie on the browser's map, which knows Web Mercator alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from minenetcd.constants import DEGREES
from minenetcd.geo.grid import Grid, apply, transformer

MERCATOR = CRS.from_epsg(3857)
#: Of the map from its middle to an edge [m], and how far north it reaches [deg].
HALF_SIDE, FARTHEST_NORTH = 20_037_508.342789244, 85.0511287798066
TILE_SIDE = 256  # [px]
DEEPEST_ZOOM = 24
#: A result is still shown where it is so many zooms smaller than one tile.
SMALLER = 2

_WHOLE_TURN, _HALF_TURN = 360.0, 180.0  # [deg]

#: A picture without a place: a pixel is a metre of the map; the corner before its first one lies at longitude 0,
#: latitude 0, and rows go down.
_OF_PICTURES = Affine.scale(1, -1)


class Bounds(NamedTuple):
    """Longitudes and latitudes [deg]; `east` is beyond 180 where a result lies on both sides of that meridian."""

    west: float
    south: float
    east: float
    north: float


class Tile(NamedTuple):
    """One tile of the map, by its zoom, its column from the west and its row from the north."""

    z: int
    x: int
    y: int

    @classmethod
    def at(cls, longitude: float, latitude: float, zoom: int) -> Self:
        """That in which a place lies."""
        column = math.floor((longitude + _HALF_TURN) / _WHOLE_TURN * 2**zoom)
        return cls(zoom, column, math.floor(_down(latitude) * 2**zoom))

    @property
    def grid(self) -> Grid:
        """Its pixels on the map."""
        side = 2 * HALF_SIDE / 2**self.z  # [m]
        corner = Affine.translation(self.x * side - HALF_SIDE, HALF_SIDE - self.y * side)
        return Grid(TILE_SIDE, TILE_SIDE, corner @ Affine.scale(side / TILE_SIDE, -side / TILE_SIDE), MERCATOR)

    @property
    def exists(self) -> bool:
        return 0 <= self.z <= DEEPEST_ZOOM and all(0 <= place < 2**self.z for place in (self.x, self.y))


@dataclass(frozen=True)
class Placement:
    """The pixel grid of a result on the map of the browser, and back.

    A grid on Earth lies where it is. A picture, or coordinates without a place on Earth, are laid at longitude 0,
    latitude 0, a pixel being a metre of the map: x of the map is the column, y the row downward.
    """

    grid: Grid

    @cached_property
    def on_map(self) -> Grid:
        """The same pixels, in a CRS that the map can be made of."""
        if self.grid.is_georeferenced:
            return self.grid
        return replace(self.grid, transform=_OF_PICTURES, crs=MERCATOR, plane=None)

    def laid(self, other: Grid) -> Grid:
        """The pixels of another image, whose coordinates are those of this grid, as `on_map`."""
        if self.grid.is_georeferenced:
            return other
        transform = _OF_PICTURES @ ~self.grid.transform @ other.transform
        return replace(other, transform=transform, crs=MERCATOR, plane=None)

    @cached_property
    def bounds(self) -> Bounds:
        """Smallest box around the grid, as far as the map reaches."""
        longitude, latitude = self.on_map.to_degrees(*self.on_map.outline())
        longitude = self._continuous(longitude)
        south, north = (float(np.clip(edge, -FARTHEST_NORTH, FARTHEST_NORTH)) for edge in _ends(latitude))
        west, east = _ends(longitude)
        if east - west > _WHOLE_TURN / 2:  # around a pole, or the whole Earth
            west, east = -_HALF_TURN, _HALF_TURN
            south, north = self._to_the_pole(south, north)
        return Bounds(west, south, east, north)

    def _to_the_pole(self, south: float, north: float) -> tuple[float, float]:
        _, latitude = self.on_map.to_degrees(*apply(self.on_map.transform, *self._middle))
        middle = float(latitude[0])
        return (
            (south, FARTHEST_NORTH)
            if middle > north
            else (-FARTHEST_NORTH, north)
            if middle < south
            else (south, north)
        )

    @property
    def _middle(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.array([self.grid.width / 2]), np.array([self.grid.height / 2])

    @cached_property
    def _crosses(self) -> bool:
        """Whether it lies on both sides of the meridian at 180 degrees."""
        longitude, _ = self.on_map.to_degrees(*self.on_map.outline())
        west, east = _ends(longitude)
        return east - west > _HALF_TURN and east <= _HALF_TURN

    def _continuous(self, longitude: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(longitude < 0, longitude + _WHOLE_TURN, longitude) if self._crosses else longitude

    @cached_property
    def minzoom(self) -> int:
        """From which the result is shown: it is SMALLER zooms smaller than a tile there."""
        side = max(self.on_map.shape) * self._map_metres
        return int(np.clip(math.floor(math.log2(2 * HALF_SIDE / side)) - SMALLER, 0, self.maxzoom))

    @cached_property
    def maxzoom(self) -> int:
        """At which no pixel of the result is left out; the browser enlarges it from there on."""
        whole = 2 * HALF_SIDE / TILE_SIDE  # metres of the map a pixel at zoom 0
        return int(np.clip(math.ceil(math.log2(whole / self._map_metres) - 1e-3), 0, DEEPEST_ZOOM))

    @property
    def _map_metres(self) -> float:
        """Side of a pixel in metres of the map, which are shorter than those on the ground but at the equator."""
        if not self.grid.is_georeferenced:
            return 1.0
        _, latitude = self.grid.to_degrees(*apply(self.grid.transform, *self._middle))
        stretched = math.cos(math.radians(min(abs(float(latitude[0])), FARTHEST_NORTH)))
        return self.grid.mean_metres / stretched

    def tiles(self, zoom: int) -> Iterator[Tile]:
        """Those of a zoom over `bounds`, row by row."""
        west, south, east, north = self.bounds
        count = 2**zoom
        first, last = (math.floor((edge + _HALF_TURN) / _WHOLE_TURN * count) for edge in (west, east))
        top, bottom = (math.floor(_down(edge) * count) for edge in (north, south))
        columns = dict.fromkeys(column % count for column in range(first, min(last, first + count - 1) + 1))
        for y in range(max(0, top), min(count - 1, bottom) + 1):
            yield from (Tile(zoom, x, y) for x in columns)

    def to_degrees(
        self, columns: NDArray[np.float64], rows: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of places in pixels, of the corner before the first one on."""
        longitude, latitude = self.on_map.to_degrees(*apply(self.on_map.transform, columns, rows))
        return self._continuous(longitude), latitude

    def to_pixels(
        self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Column and row of longitudes and latitudes; what `to_degrees` was given."""
        x, y = transformer(DEGREES, self.on_map.wkt())(longitude, latitude)
        return apply(~self.on_map.transform, x, y)

    def geometries_to_degrees(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Shapely geometries in coordinates of the grid (of a picture its pixels), in longitude and latitude."""
        return _moved(geometries, lambda x, y: self.to_degrees(*apply(~self.grid.transform, x, y)))

    def geometries_to_grid(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """The reverse of `geometries_to_degrees`."""
        return _moved(geometries, lambda x, y: apply(self.grid.transform, *self.to_pixels(x, y)))


def _moved(geometries: NDArray[np.object_], move: object) -> NDArray[np.object_]:
    moved: NDArray[np.object_] = shapely.transform(geometries, move, interleaved=False)
    return moved


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return float(known.min()), float(known.max())


def _down(latitude: float) -> float:
    """How far from the north of the map, 0 to 1."""
    return (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
