"""What of a pair of dates is looked at: an area of interest, and of each date what no mask hides."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from rasterio.errors import WindowError
from rasterio.windows import Window, intersection

from minenetcd.errors import GridError
from minenetcd.geo.grid import Grid

if TYPE_CHECKING:  # pairs without an area of interest need not wait for polygons
    from minenetcd.geo.areas.placed import PlacedPolygons

#: Where pixels of a window are masked (H, W).
Masked = Callable[[Window], NDArray[np.bool_]]

#: What detectors see around an area of interest. [pixels]
CONTEXT = 64


class Mask(Protocol):
    """What hides pixels of one date."""

    def on(self, grid: Grid, opened: ExitStack) -> Masked:
        """Itself on `grid`, until `opened` is closed."""


@dataclass(frozen=True)
class Limits:
    """`area`: all of interest, None for everything; `before`, `after`: the masks of each date."""

    area: "PlacedPolygons | None" = None
    before: tuple[Mask, ...] = ()
    after: tuple[Mask, ...] = ()

    @property
    def are_any(self) -> bool:
        return self.area is not None or bool(self.before or self.after)

    def window(self, shared: Window, grid: Grid) -> Window:
        """Of `shared`, what both dates show of `grid`, the area of interest and CONTEXT pixels around it.

        GridError where the area lies outside.
        """
        if self.area is None:
            return shared
        around = self.area.window(grid)
        try:
            if around is None:
                raise WindowError("nothing")
            intersection(shared, around)
        except WindowError as error:
            raise GridError(
                "An area of interest (--aoi) in what both images show is needed, it lies outside of that: draw it "
                "there, or leave it out."
            ) from error
        left, width = _widened(around.col_off, around.width, shared.col_off, shared.width)
        top, height = _widened(around.row_off, around.height, shared.row_off, shared.height)
        return Window(left, top, width, height)


NO_LIMITS = Limits()


def masks_on(masks: tuple[Mask, ...], grid: Grid, opened: ExitStack) -> Masked | None:
    """All of `masks` on `grid` as one; None for none."""
    if not masks:
        return None
    each = [mask.on(grid, opened) for mask in masks]

    def masked(window: Window) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.logical_or.reduce(list(_read(each, window)))
        return found

    return masked


def _read(masks: list[Masked], window: Window) -> Iterator[NDArray[np.bool_]]:
    """What each hides of `window`, until nothing is left to hide."""
    for masked in masks:
        found = masked(window)
        yield found
        if found.all():
            return


def _widened(start: int, length: int, low: int, most: int) -> tuple[int, int]:
    """Start and length of what (low, most) has of (start, length) and CONTEXT to either side of it."""
    first, last = max(start - CONTEXT, low), min(start + length + CONTEXT, low + most)
    return int(first), int(last - first)
