"""Segments and their labels as tiles of the browser's map."""

import numpy as np
from numpy.typing import NDArray
from rio_tiler.utils import render

from minenetcd.display.palettes import BEFORE, CHANGED_ON_MAP, OUTLINE, rgb
from minenetcd.geo.grid import apply, transformer
from minenetcd.labelling.labels.desk import Desk
from minenetcd.labelling.labels.marks import CHANGED, NOT_LABELLED, UNCHANGED
from minenetcd.labelling.segments.hierarchy import NONE
from minenetcd.web.results.placement import MERCATOR, TILE_SIDE, Placement, Tile

#: Places of a tile that are computed exactly; between them they are interpolated, to a small part of a pixel.
_NODES = 17
#: Outlines are left out where segments are narrower than this on the screen: they would hide the images. [px]
NARROWEST = 5.0

#: Red, green, blue, alpha.
_FILLS = {CHANGED: (*rgb(CHANGED_ON_MAP), 105), UNCHANGED: (*rgb(BEFORE), 75)}
_LINES = {CHANGED: (*rgb(CHANGED_ON_MAP), 255), UNCHANGED: (*rgb(BEFORE), 230), NOT_LABELLED: (*rgb(OUTLINE), 170)}


def segment_tile(desk: Desk, placement: Placement, tile: Tile, level: int, *, outlines: bool) -> bytes:
    """A PNG: segments at a scale in the colour of their label, and lines between them, transparent elsewhere."""
    numbers, pixels_a_step = _sampled(desk.hierarchy.finest, placement, tile)
    inner = numbers[1:, 1:]
    known = inner != NONE
    labelled = desk.labelled(level)
    values = np.append(labelled.values, np.uint8(NOT_LABELLED))[inner]
    picture = np.zeros((TILE_SIDE, TILE_SIDE, 4), np.uint8)
    for value, colour in _FILLS.items():
        picture[known & (values == value)] = colour
    if outlines and mean_width(desk, level) / pixels_a_step >= NARROWEST:
        units = np.append(labelled.units, np.int32(NONE))[numbers]
        line = known & ((units[1:, 1:] != units[:-1, 1:]) | (units[1:, 1:] != units[1:, :-1]))
        for value, colour in _LINES.items():
            picture[line & (values == value)] = colour
    bands = np.moveaxis(picture, -1, 0)
    return bytes(render(bands[:3], bands[3], img_format="PNG", ZLEVEL=3))


def mean_width(desk: Desk, level: int) -> float:
    """Of segments at a scale: the root of their mean area [px]."""
    return float(np.sqrt(desk.sizes.sum() / max(1, desk.hierarchy.count(level))))


def _sampled(finest: NDArray[np.int32], placement: Placement, tile: Tile) -> tuple[NDArray[np.int32], float]:
    """The finest segment under each pixel of a tile, and of one more row and column before it; NONE beside the image.

    And how many pixels of the image a pixel of the tile steps over.
    """
    ends = np.linspace(-0.5, TILE_SIDE - 0.5, _NODES)
    across, down = np.meshgrid(ends, ends)
    x, y = apply(tile.grid.transform, across, down)
    to_own = transformer(MERCATOR.to_wkt(), placement.on_map.wkt())
    columns, rows = apply(~placement.on_map.transform, *to_own(x, y))
    columns, rows = (np.nan_to_num(each, nan=-1, posinf=-1, neginf=-1) for each in (columns, rows))
    step = float(np.hypot(columns[0, -1] - columns[0, 0], rows[0, -1] - rows[0, 0])) / TILE_SIDE
    wanted = np.arange(-1, TILE_SIDE) + 0.5
    share = np.clip((wanted - ends[0]) / (ends[1] - ends[0]), 0, _NODES - 1)
    weights = np.maximum(0, 1 - np.abs(share[:, np.newaxis] - np.arange(_NODES)))
    column, row = (np.floor(weights @ each @ weights.T).astype(np.int64) for each in (columns, rows))
    height, width = finest.shape
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    numbers = np.full(inside.shape, NONE, np.int32)
    numbers[inside] = finest[row[inside], column[inside]]
    return numbers, max(step, 1e-9)
