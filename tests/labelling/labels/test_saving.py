"""Labels for others."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from labelling.drawn_pair import CHANGED, GRID, UNCHANGED
from minenetcd.datasets.catalog import load_dataset
from minenetcd.labelling.labels.desk import open_desk

pytestmark = pytest.mark.needs("numba")


def test_what_is_saved_is_a_mask_polygons_and_a_site_table(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.mark([(20.5, 20.5)], 2, UNCHANGED)
        files = desk.save()
        mask = desk.mask()
    with rasterio.open(files["mask"]) as raster:
        assert raster.crs == GRID.crs and raster.transform == GRID.transform and raster.nodata == 255
        assert np.array_equal(raster.read(1), mask)
    polygons = gpd.read_file(files["polygons"])
    assert polygons.area_ha.sum() == pytest.approx((mask == CHANGED).sum() * 4e-4, rel=0.01)
    assert (folder / "sites.csv").read_text() == "id,before,after,label\ndesk,before.tif,after.tif,mask.tif\n"


def test_a_desk_is_a_pair_of_a_folder_data_set(tmp_path: Path, folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.mark([(20.5, 20.5)], 2, UNCHANGED)
        desk.save()
        mask = desk.mask()
    found = load_dataset(str(tmp_path), "all")
    assert len(found) == 1 and set(np.unique(found[0].mask)) == {0, 1, 255}
    assert np.array_equal(np.asarray(found[0].mask), mask)
