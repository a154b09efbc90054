"""What the sheets of a result show of its images: both dates around each of the largest changes.

Only windows around these are read. The dates are shown as they are in the files, but for a displacement that was taken
out: an outline on ground that lies elsewhere would be of no use. Tone is left as it is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from minenetcd.display.eight_bit import PairStretch
from minenetcd.display.page import picture_source
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid
from minenetcd.prediction.report.figures import date_image

#: Sides of the ground around a change, as many times its own; and the least [pixels].
AROUND, LEAST_SIDE = 1.8, 48

#: A picture has no more pixels a side; one of fewer than SHARP keeps its pixels as they are.
MOST_SIDE, SHARP = 480, 240


@dataclass(frozen=True)
class SheetPicture:
    """Both dates around one change, as images inside a page, and the `area` that they show."""

    area: Grid
    before: str
    after: str
    is_sharp: bool  # whether each pixel of the images is one of the picture, or not many more


@dataclass(frozen=True)
class SheetPictures:
    """Those of the largest changes, in their order; `moved`: the after image is freed of a displacement there."""

    each: tuple[SheetPicture, ...] = ()
    moved: bool = False

    @classmethod
    def of(cls, pair: AlignedPair, changes: GeoDataFrame, stretch: PairStretch, *, moved: bool) -> "SheetPictures":
        """Read from `pair`, as it is, around each of `changes`."""
        return cls(tuple(_pictures(pair, changes, stretch)), moved)


NO_SHEETS = SheetPictures()


def _pictures(pair: AlignedPair, changes: GeoDataFrame, stretch: PairStretch) -> Iterator[SheetPicture]:
    """Those of each of `changes`, in the CRS of `pair`; by one `stretch`, so that all sheets are of one light."""
    for change in changes.geometry:
        window = window_around(change, pair.grid, pair.overlap)
        part = pair.read_small(MOST_SIDE, window)
        is_sharp = max(part.valid.shape) <= SHARP
        dates = ((stretch.before, part.before), (stretch.after, part.after))
        before, after = (_source(each.apply(date, part.valid), part.valid, is_sharp) for each, date in dates)
        yield SheetPicture(pair.grid.part(window), before, after, is_sharp)


def window_around(change: BaseGeometry, grid: Grid, within: Window) -> Window:
    """Whole pixels around `change`, square on the ground, moved, and where it must be cut, to lie in `within`."""
    left, bottom, right, top = change.bounds
    corners = [~grid.transform @ corner for corner in ((left, top), (right, top), (left, bottom), (right, bottom))]
    columns, rows = (np.array(values) for values in zip(*corners, strict=True))
    metres_x, metres_y = grid.metres_per_pixel if grid.is_georeferenced else (1.0, 1.0)
    side = max(LEAST_SIDE * max(metres_x, metres_y), AROUND * max(np.ptp(columns) * metres_x, np.ptp(rows) * metres_y))
    first_col, width = _side(columns, math.ceil(side / metres_x), within.col_off, within.width)
    first_row, height = _side(rows, math.ceil(side / metres_y), within.row_off, within.height)
    return Window(first_col, first_row, width, height)


def _side(ends: NDArray[np.float64], length: int, first: int, most: int) -> tuple[int, int]:
    """Where a side of at most `length` pixels begins, centred on `ends` as far as `first` and `most` allow."""
    length = min(length, most)
    start = round((ends.min() + ends.max() - length) / 2)
    return min(max(start, first), first + most - length), length


def _source(colours: NDArray[np.uint8], valid: NDArray[np.bool_], is_sharp: bool) -> str:
    """Small ones exactly: enlarged, what a photograph's compression leaves out is seen."""
    return picture_source(Image.fromarray(date_image(colours, valid)), photograph=not is_sharp)
