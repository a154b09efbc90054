"""Where north lies on a map that shows the pixels of a grid as they lie in the file."""

import math
from dataclasses import dataclass

import numpy as np

from minenetcd.display.palettes import ON_PLATE, PLATE
from minenetcd.geo.grid import WGS84, Grid, apply

#: Less than this nobody can see. [degrees]
SEEN = 0.1

#: Where grid north lies farther than this from true north (polar projections, axes to the south), it is no north.
NO_NORTH = 30.0


@dataclass(frozen=True)
class North:
    """Angles from the top of the map, clockwise [degrees]: of the grid's north, and of true north at the centre."""

    grid: float
    true: float

    @classmethod
    def of(cls, area: Grid) -> "North | None":
        """That of a map of `area`; None without a place on Earth."""
        if not area.is_georeferenced:
            return None
        a, b, _, d, e, _ = area.transform[:6]
        determinant = a * e - b * d
        metres_x, metres_y = area.metres_per_pixel
        right, up = -b / determinant * metres_x, -a / determinant * metres_y  # one step to the grid's north, as shown
        column, row = np.array([area.width / 2]), area.height / 2
        ends = (area.to_degrees(*apply(area.transform, column, np.array([row + step]))) for step in (0.5, -0.5))
        start, end = ends
        azimuth, _, _ = WGS84.inv(*start, *end)
        return cls(math.degrees(math.atan2(right, up)), -float(np.asarray(azimuth)[0]))

    @property
    def convergence(self) -> float:
        """From the grid's north to true north, clockwise. [degrees]"""
        return (self.true - self.grid + 180) % 360 - 180

    @property
    def is_of_grid(self) -> bool:
        """Whether the arrow shows the grid's north, else true north."""
        return abs(self.convergence) < NO_NORTH

    @property
    def shown(self) -> float:
        """Where the arrow points. [degrees]"""
        return self.grid if self.is_of_grid else self.true

    @property
    def in_words(self) -> str:
        """What the arrow shows, and where the other north lies."""
        if not self.is_of_grid:
            return "The arrow shows true north at the centre; the grid's axes lie otherwise."
        away = abs(self.convergence)
        if away < SEEN:
            return "The arrow shows the grid's north, which is true north here."
        side = "east" if self.convergence > 0 else "west"
        return (
            f"The arrow shows the grid's north; true north lies {away:.1f}\N{DEGREE SIGN} {side} of it at the centre."
        )


def north_arrow(area: Grid) -> str:
    """The arrow in the corner of a map of `area`, as HTML; nothing where nobody knows it."""
    north = North.of(area)
    if north is None:
        return ""
    return (
        '<svg class="north" viewBox="-20 -20 40 40" role="img" aria-label="north arrow">'
        f'<circle r="19" fill="{PLATE}" fill-opacity="0.72"/>'
        f'<g transform="rotate({north.shown:.2f})" fill="{ON_PLATE}">'
        '<path d="M0 -7 L6 14 L0 10 L-6 14 Z"/><text y="-8.5" text-anchor="middle" font-size="10" font-weight="700" '
        'font-family="Liberation Sans, Arial, sans-serif">N</text></g></svg>'
    )
