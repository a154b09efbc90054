"""Which bands are shown as red, green and blue: said where these are not the true colours."""

from pathlib import Path

import numpy as np
import rasterio

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.geo.raster import Raster
from minenetcd.prediction.facts import ImageFacts

GRID = utm_grid(20, 20)


def shown(path: Path, names: tuple[str, ...], bands: tuple[int, ...] = (1, 2, 3)) -> str | None:
    write_geotiff(path, np.ones((20, 20, len(names)), np.uint16), GRID)
    with rasterio.open(path, "r+") as stored:
        stored.descriptions = [name or None for name in names]
    with Raster.open(path, bands=bands) as raster:
        return ImageFacts.of(raster, bands).shown_in_words


def test_bands_are_named_where_colours_are_false(tmp_path: Path) -> None:
    assert shown(tmp_path / "false.tif", ("B02", "B04", "B08"), (3, 2, 1)) == "B08, B04, B02 as red, green, blue"
    assert shown(tmp_path / "true.tif", ("B02", "B03", "B04"), (3, 2, 1)) is None
    assert shown(tmp_path / "plain.tif", ("", "", "")) is None
    assert shown(tmp_path / "order.tif", ("", "", "", ""), (4, 2, 1)) == "band 4, band 2, band 1 as red, green, blue"
