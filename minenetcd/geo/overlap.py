"""What two images share, as a window of one's grid."""

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.coords import BoundingBox
from rasterio.windows import Window
from shapely import Polygon

from minenetcd.errors import GridError
from minenetcd.geo.grid import Grid, apply, transformer


def shared_window(grid: Grid, after: Grid) -> Window:
    """The smallest window of `grid` around what `after` shares with it. GridError where that is nothing."""
    shared = _shared_area(grid, after)
    if shared.area == 0:
        raise GridError(
            f"The images do not overlap: before covers {_degrees(grid.bounds_degrees)}, after "
            f"{_degrees(after.bounds_degrees)}: give two images of one place."
        )
    tolerance = 1e-6
    left, top, right, bottom = shared.bounds
    col, row = (max(0, int(np.floor(low + tolerance))) for low in (left, top))
    last_col = min(grid.width, int(np.ceil(right - tolerance)))
    last_row = min(grid.height, int(np.ceil(bottom - tolerance)))
    return Window(col, row, max(1, last_col - col), max(1, last_row - row))


def _shared_area(grid: Grid, after: Grid) -> Polygon:
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


def _project(shape: Polygon, source: Grid, target: Grid) -> Polygon:
    """`shape` in pixels of `source`, to pixels of `target`; points beyond the target's CRS are left out."""
    to_target = transformer(source.wkt(), target.wkt()) if target.is_georeferenced else None
    centre = apply(target.transform, target.width / 2, target.height / 2)[0]

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = apply(source.transform, points[:, 0], points[:, 1])
        if to_target is not None:
            x, y = to_target(x, y)
        if target.is_geographic:
            x = (x - centre + 180) % 360 - 180 + centre  # stay on the target's side of the date line
        return np.column_stack(apply(~target.transform, x, y))

    points = move(shapely.get_coordinates(shape))
    points = points[np.isfinite(points).all(axis=1)]
    return shapely.make_valid(Polygon(points)) if len(points) > 3 else Polygon()


def _degrees(box: BoundingBox) -> str:
    return f"{box.left:.4f} to {box.right:.4f} degrees east, {box.bottom:.4f} to {box.top:.4f} north"
