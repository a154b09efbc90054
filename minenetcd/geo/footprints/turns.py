"""Longitudes that differ by whole turns are one place: 185 and -175, 10 and 370."""

from dataclasses import replace

import numpy as np
from affine import Affine

from minenetcd.geo.grid import Grid, transformer

TURN = 360.0  # [deg]

#: Images are laid at most so many turns from where they say they lie.
MOST_TURNS = 2


def turned(grid: Grid, turns: int) -> Grid:
    """`grid`, in degrees, whole turns farther east."""
    return replace(grid, transform=Affine.translation(turns * TURN, 0) @ grid.transform) if turns else grid


def turned_grids(grid: Grid, target: Grid) -> tuple[Grid, ...]:
    """Where `grid` lies among the longitudes of `target`: more than once where they go around the Earth.

    As it is where it is not in degrees, or shares no longitude with `target`.
    """
    if not grid.is_geographic or not target.is_georeferenced or grid.matches(target):
        return (grid,)
    longitudes, _ = transformer(target.wkt(), grid.wkt())(*target.outline())
    longitudes = longitudes[np.isfinite(longitudes)]
    if not len(longitudes):
        return (grid,)
    own, west, east = grid.bounds, longitudes.min(), longitudes.max()
    turns = sorted(range(-MOST_TURNS, MOST_TURNS + 1), key=abs)
    shared = [
        turn for turn in turns if min(east, own.right + turn * TURN) - max(west, own.left + turn * TURN) > _least(grid)
    ]
    return tuple(turned(grid, turn) for turn in shared) or (grid,)


def _least(grid: Grid) -> float:
    """Degrees that count as none: a thousandth of a pixel."""
    return 1e-3 * abs(grid.transform.a)
