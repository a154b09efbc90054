"""How an after image differs from the before image by more than change: what a pair of dates can be freed of."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from affine import Affine
from numpy.typing import DTypeLike, NDArray

from minenetcd.geo.grid import Grid

#: The longest shift that is applied. Beyond it images were placed wrongly, not measured badly: a case to look at. [px]
LONGEST_SHIFT = 20.0

#: The shortest shift that is applied. Resampling blurs: of the false difference of sharp real images it takes away a
#: quarter at 0.35 px, but a seventh at 0.18 px, and makes one date softer than the other. [px]
SHORTEST_SHIFT = 0.3

#: A shift this near to whole pixels is taken for them, which moves an image without resampling it. [px]
WHOLE_PIXELS = 0.05

WhyNoShift = Literal["too small", "featureless", "inconsistent", "ambiguous"]


@dataclass(frozen=True)
class Shift:
    """What stands at (column, row) of the before image stands at (column + dx, row + dy) after. [px of its grid]

    Of `windows` compared, `consistent` agree on it. `unknown` says why there is none, and dx and dy are 0 then: the
    overlap is too small, nearly nowhere there is something to compare, windows contradict each other, or several
    shifts explain the images alike (periodic ground, edges of one direction). `correlation_in_place`: that of the edges
    of both dates as they lie, -1 to 1, the mean of the windows; None where too few were compared.
    """

    dx: float
    dy: float
    windows: int
    consistent: int
    unknown: WhyNoShift | None = None
    correlation_in_place: float | None = None

    @property
    def is_known(self) -> bool:
        return self.unknown is None

    @property
    def length(self) -> float:
        """[px]"""
        return math.hypot(self.dx, self.dy)

    @property
    def is_applicable(self) -> bool:
        """Whether it is known, and neither too short nor too long to be applied."""
        return self.is_known and SHORTEST_SHIFT <= self.length <= LONGEST_SHIFT

    def metres(self, grid: Grid) -> float | None:
        """Its length on `grid`, to whose pixels it refers. None for a picture. [m]"""
        if not grid.is_georeferenced:
            return None
        metres_x, metres_y = grid.metres_per_pixel
        return math.hypot(self.dx * metres_x, self.dy * metres_y)

    def on(self, grid: Grid, source: Grid) -> "Shift":
        """The same shift in pixels of `grid`, which covers the ground of `source`, to whose pixels it refers."""
        scale = ~grid.transform @ source.transform
        return replace(self, dx=scale.a * self.dx + scale.b * self.dy, dy=scale.d * self.dx + scale.e * self.dy)

    def moved(self, grid: Grid) -> Grid:
        """Where the pixels of `grid` are found in the after image, so placed that its shift is undone."""
        dx, dy = _whole_if_near(self.dx), _whole_if_near(self.dy)
        return replace(grid, transform=grid.transform @ Affine.translation(dx, dy))


WhyNoTone = Literal["too few pixels", "low agreement"]


@dataclass(frozen=True)
class Tone:
    """before = gain * after + offset on ground that did not change, band by band (C,), in the numbers of the files.

    `pixels`: as many of those looked at count as unchanged (the sum of their weights). `correlation` of the dates on
    all pixels looked at. `agreement`: the share of them that lies near the line, above chance: 0 to 1. `unknown` says
    why there is none, and gains are 1 and offsets 0 then: there are too few pixels neither invalid nor cut off at an
    end of the scale, or most bands of the dates agree in too few of them.
    """

    gain: tuple[float, ...]
    offset: tuple[float, ...]
    pixels: int
    correlation: tuple[float, ...]
    agreement: tuple[float, ...]
    unknown: WhyNoTone | None = None

    @property
    def is_reliable(self) -> bool:
        return self.unknown is None

    def apply(self, pixels: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
        """After pixels (..., C) in the tone of before, as `dtype`: whole numbers are rounded and cut off."""
        exact = np.result_type(pixels.dtype, dtype, np.float32)  # in which the ends of whole numbers are exact
        toned = pixels * np.asarray(self.gain, exact) + np.asarray(self.offset, exact)
        if np.issubdtype(dtype, np.integer):
            ends = np.iinfo(np.dtype(dtype))
            toned = np.rint(toned).clip(ends.min, ends.max)
        in_tone: NDArray[Any] = toned.astype(dtype)
        return in_tone


def _whole_if_near(pixels: float) -> float:
    return float(round(pixels)) if abs(pixels - round(pixels)) <= WHOLE_PIXELS else pixels
