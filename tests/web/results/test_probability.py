"""Probability on the map: what is changed has its colour, however small it is and from however far it is seen."""

from pathlib import Path

import numpy as np
import pytest

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.geo.raster import Raster
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.web.results.classes import probability_layer
from minenetcd.web.results.placement import Placement

pytestmark = pytest.mark.needs("rio_tiler")

GRID = utm_grid(300, 360)
THRESHOLD = 0.503


@pytest.mark.parametrize("as_float", [False, True])
def test_one_changed_pixel_is_seen_from_every_zoom(tmp_path: Path, as_float: bool) -> None:
    stored = StoredProbability(THRESHOLD, as_float=as_float)
    probability = np.full(GRID.shape, 0.1, np.float32)
    probability[100, 200] = 0.5031  # just changed
    probability[:20, :20] = np.nan
    path = write_geotiff(tmp_path / "probability.tif", stored.encode(probability), GRID, nodata=stored.nodata)
    with Raster.open(path, bands=(1,)) as raster:
        layer = probability_layer(raster, Placement(GRID), stored)
    for zoom in range(layer.placement.minzoom, layer.placement.maxzoom + 3):
        seen = [found for tile in layer.placement.tiles(zoom) if (found := layer.seen(tile.grid)) is not None]
        changed = sum(int((steps[..., 0] >= stored.first_changed_step)[valid].sum()) for steps, valid in seen)
        assert changed >= 1, zoom
        assert {int(step) for steps, valid in seen for step in np.unique(steps[valid])} == {
            25,
            stored.first_changed_step,
        }
