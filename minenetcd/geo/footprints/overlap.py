"""What two images share, as a window of one's grid."""

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.coords import BoundingBox
from rasterio.windows import Window
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from minenetcd.errors import GridError
from minenetcd.geo.footprints.turns import MOST_TURNS, TURN
from minenetcd.geo.grid import Grid, apply, transformer


def shared_window(grid: Grid, after: Grid) -> Window:
    """The smallest window of `grid` around what `after` shares with it. GridError where that is nothing."""
    shared = shared_area(grid, after)
    if shared.area == 0:
        raise GridError(
            f"The images do not overlap: before covers {extent_in_words(grid)}, after "
            f"{extent_in_words(after)}: give two images of one place."
        )
    tolerance = 1e-6
    left, top, right, bottom = shared.bounds
    col, row = (max(0, int(np.floor(low + tolerance))) for low in (left, top))
    last_col = min(grid.width, int(np.ceil(right - tolerance)))
    last_row = min(grid.height, int(np.ceil(bottom - tolerance)))
    return Window(col, row, max(1, last_col - col), max(1, last_row - row))


def shared_area(grid: Grid, after: Grid) -> BaseGeometry:
    """The intersection in pixels of `grid`, found by laying the smaller image, all within reach, onto the larger."""
    if not grid.is_georeferenced:
        return _project(_rectangle(after), after, grid).intersection(_rectangle(grid))
    ground = (grid.height * grid.width * grid.pixel_hectares, after.height * after.width * after.pixel_hectares)
    if ground[1] <= ground[0]:
        return _project(_rectangle(after), after, grid).intersection(_rectangle(grid))
    shared = _project(_rectangle(grid), grid, after).intersection(_rectangle(after))
    return _project(shared, after, grid).intersection(_rectangle(grid)) if shared.area else shared


def _rectangle(grid: Grid) -> Polygon:
    return shapely.segmentize(shapely.box(0, 0, grid.width, grid.height), max(grid.shape) / 32)


def _project(shape: BaseGeometry, source: Grid, target: Grid) -> BaseGeometry:
    """`shape` in pixels of `source`, to pixels of `target`; points beyond the target's CRS are left out.

    In degrees, to every place that is whole turns away.
    """
    parts = [_moved(part, source, target) for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return shapely.union_all([part for several in parts for part in several])


def _moved(part: Polygon, source: Grid, target: Grid) -> list[BaseGeometry]:
    x, y = apply(source.transform, *shapely.get_coordinates(part).T)
    if target.is_georeferenced:
        x, y = transformer(source.wkt(), target.wkt())(x, y)
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) <= 3:
        return []
    if not target.is_geographic:
        return [_in_pixels(x, y, target)]
    x = np.unwrap(x, period=TURN)  # along the outline, so that its ends stay apart
    x -= np.round((x.mean() - target.bounds.left) / TURN) * TURN
    bounds = target.bounds
    turns = (turn * TURN for turn in range(-MOST_TURNS, MOST_TURNS + 1))
    return [
        _in_pixels(x + turn, y, target)
        for turn in turns
        if (x + turn).max() > bounds.left and (x + turn).min() < bounds.right
    ]


def _in_pixels(x: NDArray[np.float64], y: NDArray[np.float64], target: Grid) -> BaseGeometry:
    return shapely.make_valid(Polygon(np.column_stack(apply(~target.transform, x, y))))


def extent_in_words(grid: Grid) -> str:
    """In degrees, or in the units of a plane."""
    if grid.is_georeferenced:
        return _degrees(grid.bounds_degrees)
    left, bottom, right, top = grid.bounds
    return f"x {left:.10g} to {right:.10g}, y {bottom:.10g} to {top:.10g}"


def _degrees(box: BoundingBox) -> str:
    return f"{_ends(box.left, box.right, 'east', 'west')}, {_ends(box.bottom, box.top, 'north', 'south')}"


def _ends(low: float, high: float, positive: str, negative: str) -> str:
    """From `low` to `high` degrees, the side named where both lie on one."""
    if high <= 0:
        return f"{-high:.4f} to {-low:.4f} degrees {negative}"
    first = f"{low:.4f}" if low >= 0 else f"{-low:.4f} degrees {negative}"
    return f"{first} to {high:.4f} degrees {positive}"
