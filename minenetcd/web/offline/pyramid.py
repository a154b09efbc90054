"""All tiles of a layer, from native pixels to an overview, each pixel read once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minenetcd.web.results.layers import Layer, Shown
from minenetcd.web.results.placement import TILE_SIDE, Tile

#: Zooms between a block that is read at once and its tiles: 4 x 4 of them, 12 MiB of colours. Tile by tile, files would
#: be opened and warped sixteen times as often.
BLOCK_ZOOMS = 2


class ShownTile(NamedTuple):
    """A tile in which something is seen: colours (H, W, C), and where (H, W)."""

    tile: Tile
    colours: NDArray[np.uint8]
    valid: NDArray[np.bool_]


def pyramid(layer: Layer, overview: int) -> Iterator[ShownTile]:
    """The tiles of `layer` from its finest zoom to zoom `overview` in which something is seen, children first.

    A coarser tile is the mean of the four below it or, of a layer that says so, the largest.
    A few tiles a zoom are held, whatever the size of the layer.
    """
    for top in layer.placement.tiles(min(overview, layer.placement.maxzoom)):
        yield from _below(layer, top)


def blocks_of(layer: Layer) -> int:
    """How often `pyramid` reads from the layer."""
    return sum(1 for _ in layer.placement.tiles(max(0, layer.placement.maxzoom - BLOCK_ZOOMS)))


def _below(layer: Layer, tile: Tile) -> Iterator[ShownTile]:
    """`tile` and all below it; `tile` itself, if it is seen, comes last."""
    if tile.z >= layer.placement.maxzoom - BLOCK_ZOOMS:
        yield from _of_block(layer, tile)
        return
    yield from _with_children(tile, ((child, _below(layer, child)) for child in _children(tile)), layer.is_largest)


def _of_block(layer: Layer, tile: Tile) -> Iterator[ShownTile]:
    zooms = layer.placement.maxzoom - tile.z
    side = TILE_SIDE << zooms
    scale = tile.grid.transform.scale(1 / (1 << zooms))
    shown = layer.seen(replace(tile.grid, height=side, width=side, transform=tile.grid.transform @ scale))
    if shown is not None:
        yield from _cut(tile, shown, layer.is_largest)


def _cut(tile: Tile, shown: Shown, is_largest: bool) -> Iterator[ShownTile]:
    colours, valid = shown
    if not valid.any():
        return
    half = valid.shape[0] // 2
    if half < TILE_SIDE:
        yield ShownTile(tile, colours, valid)
        return
    parts = [np.s_[row * half : (row + 1) * half, col * half : (col + 1) * half] for row in (0, 1) for col in (0, 1)]
    cut = (
        _cut(child, (colours[part], valid[part]), is_largest)
        for child, part in zip(_children(tile), parts, strict=True)
    )
    yield from _with_children(tile, zip(_children(tile), cut, strict=True), is_largest)


def _with_children(
    tile: Tile, children: "Iterator[tuple[Tile, Iterator[ShownTile]]]", is_largest: bool
) -> Iterator[ShownTile]:
    """What lies below, and `tile` made of its four children."""
    found: list[ShownTile] = []
    for child, below in children:
        last = None
        for last in below:
            yield last
        if last is not None and last.tile == child:
            found.append(last)
    if found:
        yield _reduced(tile, found, is_largest)


def _reduced(tile: Tile, children: list[ShownTile], is_largest: bool) -> ShownTile:
    """Half as large: of each four pixels the mean of those that are seen, or the largest."""
    side, bands = 2 * TILE_SIDE, children[0].colours.shape[2]
    colours, valid = np.zeros((side, side, bands), np.uint16), np.zeros((side, side), bool)
    for child in children:
        row, col = (place % 2 * TILE_SIDE for place in (child.tile.y, child.tile.x))
        part = np.s_[row : row + TILE_SIDE, col : col + TILE_SIDE]
        colours[part], valid[part] = child.colours * child.valid[..., np.newaxis], child.valid
    shape = (TILE_SIDE, 2, TILE_SIDE, 2)
    if is_largest:  # what is not seen is 0
        largest = colours.reshape(*shape, bands).max(axis=(1, 3)).astype(np.uint8)
        return ShownTile(tile, largest, np.asarray(valid.reshape(shape).any(axis=(1, 3))))
    count = valid.reshape(shape).sum(axis=(1, 3), dtype=np.uint16)
    total = colours.reshape(*shape, bands).sum(axis=(1, 3), dtype=np.uint16)
    divisor = np.maximum(count, 1)[..., np.newaxis]
    return ShownTile(tile, ((total + divisor // 2) // divisor).astype(np.uint8), count > 0)


def _children(tile: Tile) -> list[Tile]:
    """From the upper left one, row by row."""
    return [Tile(tile.z + 1, 2 * tile.x + col, 2 * tile.y + row) for row in (0, 1) for col in (0, 1)]
