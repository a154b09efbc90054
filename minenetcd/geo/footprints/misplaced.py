"""Mistakes in where an image says it lies: exchanged axes, a missing false northing, the wrong hemisphere.

A place outside its coordinate system is one by itself; of two images that do not overlap, the one mistake after which
they would is named.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from affine import Affine
from rasterio.coords import BoundingBox
from rasterio.crs import CRS
from rasterio.errors import CRSError

from minenetcd.constants import DEGREES
from minenetcd.errors import GridError
from minenetcd.geo.footprints.overlap import shared_area
from minenetcd.geo.grid import Grid, transformer

#: Added to northings south of the equator, in UTM and its like. [m]
FALSE_NORTHING = 10_000_000

#: So far from where it was may a point come back that went to degrees and back again. [m]
_METRES = 100.0
#: As much of a world map may lie beyond the poles: its half pixels. [deg]
_BEYOND_POLES = 1.0

Mistake = tuple[str, Grid]  # in words, and the grid without it


def why_apart(before: Grid, after: Grid) -> str | None:
    """The one mistake of either image without which the two would overlap, in words; None where none is found."""
    if not (before.is_georeferenced and after.is_georeferenced):
        return None
    for name, grid, other in (("after", after, before), ("before", before, after)):
        for words, mended in _mistakes(grid):
            if _overlap(mended, other):
                return f"the {name} image would, {words}"
    return None


def off_earth(grid: Grid) -> str | None:
    """Why `grid` lies outside its coordinate system, in words; None where it does not, as far as that can be seen."""
    if not grid.is_georeferenced:
        return None
    bounds = grid.bounds
    if grid.is_geographic:
        if max(-bounds.bottom, bounds.top) <= 90 + _BEYOND_POLES:
            return None
        exchanged = max(-bounds.left, bounds.right) <= 90
        found = f"latitudes of {bounds.bottom:.4f} to {bounds.top:.4f} degrees"
        return f"{found}: longitude and latitude are exchanged" if exchanged else found
    if _comes_back(grid):
        return None
    found = f"northings of {bounds.bottom:.0f} to {bounds.top:.0f}"
    return next((f"{found}: {words}" for words, mended in _mistakes(grid) if _comes_back(mended)), found)


def _mistakes(grid: Grid) -> Iterator[Mistake]:
    bounds = grid.bounds
    swapped = BoundingBox(bounds.bottom, bounds.left, bounds.top, bounds.right)
    if grid.is_geographic:
        yield "if its longitude and latitude were exchanged", _box(grid, swapped)
        mirrored = {
            "in the other hemisphere: its latitude has the wrong sign": (1, -1),
            "in the other hemisphere: its longitude has the wrong sign": (-1, 1),
        }
        for words, (x, y) in mirrored.items():
            xs, ys = sorted((x * bounds.left, x * bounds.right)), sorted((y * bounds.bottom, y * bounds.top))
            yield words, _box(grid, BoundingBox(xs[0], ys[0], xs[1], ys[1]))
        return
    north = Affine.translation(0, FALSE_NORTHING)
    if bounds.bottom < 0:
        yield "with a false northing of 10,000,000 m, which is missing", replace(grid, transform=north @ grid.transform)
    other = _other_hemisphere(grid.crs)
    if other is not None:
        words = f"in the other hemisphere: its CRS should be {other.to_string()}, not {_code(grid)}"
        yield words, replace(grid, crs=other)
    yield "with a false northing of 10,000,000 m, which is missing", replace(grid, transform=north @ grid.transform)
    yield "without a false northing of 10,000,000 m", replace(grid, transform=~north @ grid.transform)
    yield "if its easting and northing were exchanged", _box(grid, swapped)


def _overlap(one: Grid, other: Grid) -> bool:
    try:
        return off_earth(one) is None and bool(shared_area(other, one).area > 0)
    except GridError:
        return False


def _box(grid: Grid, bounds: BoundingBox) -> Grid:
    """A grid around `bounds`, one size of it wider on each side: which corner was meant is not known."""
    across, down = bounds.right - bounds.left, bounds.top - bounds.bottom
    transform = Affine(across, 0, bounds.left - across, 0, -down, bounds.top + down)
    return replace(grid, height=3, width=3, transform=transform)


def _comes_back(grid: Grid) -> bool:
    """Whether the corners of `grid` are places on Earth: beyond a pole the way back ends elsewhere."""
    x, y = grid.outline(points_per_side=1)
    back = transformer(DEGREES, grid.wkt())(*grid.to_degrees(x, y))
    tolerance = _METRES / (grid.crs.linear_units_factor[1] if grid.crs is not None else 1)
    return bool(np.isfinite(back).all() and np.abs(np.array(back) - (x, y)).max() < tolerance)


def _other_hemisphere(crs: CRS | None) -> CRS | None:
    """UTM of the same zone, north for south; None for what is no UTM."""
    described = crs.to_dict(projjson=False) if crs is not None else {}
    if described.get("proj") != "utm":
        return None
    code = crs.to_epsg() if crs is not None else None
    if code is not None and 32601 <= code <= 32760:
        return CRS.from_epsg(code + 100 if code < 32700 else code - 100)
    south = "" if described.get("south") else " +south"
    try:
        return CRS.from_string(f"+proj=utm +zone={described['zone']}{south} +datum={described.get('datum', 'WGS84')}")
    except CRSError:
        return None


def _code(grid: Grid) -> str:
    return "" if grid.crs is None else grid.crs.to_string()
