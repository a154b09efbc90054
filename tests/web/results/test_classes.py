"""Classes on the map: what a single pixel says is seen from far, and of several the largest."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.windows import Window

from fixtures.scene_files import utm_grid
from minenetcd.display.palettes import rgb
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster, RasterWriter
from minenetcd.web.results.classes import mask_layer, numbers_layer
from minenetcd.web.results.far_copy import MOST_READ
from minenetcd.web.results.layers import RasterLayer
from minenetcd.web.results.placement import Placement, Tile

COLOURS = {2: "#ff0000", 3: "#00ff00", 4: "#0000ff"}
NOT_KNOWN = 65535


def layer_of(numbers: np.ndarray, grid: Grid, folder: Path) -> RasterLayer:
    """As `monitor` writes when.tif."""
    path = folder / "when.tif"
    with RasterWriter(path, grid, dtype="uint16", nodata=NOT_KNOWN) as writer:
        writer.write(numbers, Window(0, 0, grid.width, grid.height))
    with Raster.open(path, bands=(1,)) as raster:
        return numbers_layer(raster, Placement(grid), COLOURS)


def colours_seen(layer: RasterLayer, zoom: int) -> list[tuple[int, int, int]]:
    found = []
    for tile in layer.placement.tiles(zoom):
        shown = layer.seen(tile.grid)
        found += [] if shown is None else [tuple(map(int, pixel)) for pixel in shown[0][shown[1]]]
    return found


@settings(max_examples=8, deadline=None)
@given(row=st.integers(0, 699), column=st.integers(0, 899), zooms=st.integers(-20, 5))
def test_one_pixel_is_seen_at_every_zoom(row: int, column: int, zooms: int) -> None:
    numbers = np.zeros((700, 900), np.uint16)
    numbers[:, :5] = NOT_KNOWN
    numbers[row, column] = 3
    with TemporaryDirectory() as folder:
        layer = layer_of(numbers, utm_grid(700, 900), Path(folder))
        zoom = min(max(0, layer.placement.minzoom + zooms), layer.placement.maxzoom)
        assert set(colours_seen(layer, zoom)) == {rgb(COLOURS[3])}


def test_of_several_the_largest_is_seen_and_what_is_not_known_yields(tmp_path: Path) -> None:
    numbers = np.full((700, 900), NOT_KNOWN, np.uint16)
    numbers[100:102, 100:102] = [[2, 4], [3, NOT_KNOWN]]
    layer = layer_of(numbers, utm_grid(700, 900), tmp_path)
    assert colours_seen(layer, layer.placement.minzoom) == [rgb(COLOURS[4])]
    assert {rgb(colour) for colour in COLOURS.values()} == set(colours_seen(layer, layer.placement.maxzoom))


def test_one_pixel_of_a_large_raster_is_seen_by_its_copy(tmp_path: Path) -> None:
    side = 4200
    assert side**2 > MOST_READ
    numbers = np.zeros((side, side), np.uint16)
    numbers[2345, 1234] = 2
    layer = layer_of(numbers, utm_grid(side, side), tmp_path)
    tile = next(layer.placement.tiles(layer.placement.minzoom))
    assert layer.far is not None and layer.far.suits(tile.grid, layer.placement.on_map)
    assert colours_seen(layer, layer.placement.minzoom) == [rgb(COLOURS[2])]


def test_a_mask_shows_one_changed_pixel_among_unchanged_ones(tmp_path: Path) -> None:
    mask = np.zeros((700, 900), np.uint8)
    mask[300, 400] = 1
    mask[600:] = 255
    with RasterWriter(tmp_path / "mask.tif", utm_grid(700, 900), dtype="uint8", nodata=255) as writer:
        writer.write(mask, Window(0, 0, 900, 700))
    with Raster.open(tmp_path / "mask.tif", bands=(1,)) as raster:
        layer = mask_layer(raster, Placement(utm_grid(700, 900)))
    for zoom in (layer.placement.minzoom, layer.placement.maxzoom - 3):
        shown = [layer.seen(tile.grid) for tile in layer.placement.tiles(zoom)]
        values = np.concatenate([each[0][each[1]].ravel() for each in shown if each is not None])
        assert (values == 254).any() and (values == 0).any() and set(np.unique(values)) == {0, 254}


@pytest.mark.parametrize("tile", [Tile(3, 7, 7), Tile(0, 0, 0)])
def test_elsewhere_nothing_is_seen(tmp_path: Path, tile: Tile) -> None:
    numbers = np.zeros((40, 40), np.uint16)
    layer = layer_of(numbers, utm_grid(40, 40), tmp_path)
    assert layer.is_empty(tile)
