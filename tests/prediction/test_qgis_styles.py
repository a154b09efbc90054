"""How QGIS shows a result: styles beside the rasters and inside the GeoPackage, and what a step stands for."""

import json
import sqlite3
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from geopandas import read_file
from pyogrio import list_layers

import minenetcd
from fixtures.scene_files import utm_grid
from minenetcd.display.palettes import CHANGED_ON_MAP, PROBABILITY
from minenetcd.files import sha256
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference


@pytest.fixture
def saved(write_scene: WriteScene, tmp_path: Path) -> SavedPrediction:
    return predicted(write_scene, tmp_path / "out")


def predicted(write_scene: WriteScene, out: Path, *, ending: str = ".tif", **options: bool) -> SavedPrediction:
    before = np.full((60, 80), 20, np.uint8)
    after = before + 40
    after[10:30, 20:50] = 200
    grid = utm_grid(60, 80) if ending == ".tif" else None
    images = (write_scene(f"{name}{ending}", date, grid) for name, date in (("b", before), ("a", after)))
    found = predict_scene(Difference(), *images, out, options=PredictOptions(**options)).saved
    assert found is not None
    return found


def colours(style: Path) -> dict[float, str]:
    """The colour of each value that the style of a raster names."""
    raster = ElementTree.parse(style).getroot().find("pipe/rasterrenderer")
    assert raster is not None
    return {
        float(each.attrib["value"]): each.attrib["color"]
        for tag in ("paletteEntry", "item")
        for each in raster.iter(tag)
    }


def test_rasters_have_styles_beside_them(saved: SavedPrediction) -> None:
    assert colours(saved.map_style)[1] == CHANGED_ON_MAP
    found = colours(saved.probability_style)
    assert (min(found), max(found)) == (0, 1) and list(found.values()) == list(PROBABILITY)


def test_the_geopackage_carries_its_style_as_its_default(saved: SavedPrediction) -> None:
    with sqlite3.connect(saved.vector) as database:
        row = database.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
    ((table, column, is_default, style),) = row
    assert (table, column, is_default) == ("change", "geom", 1)
    assert ElementTree.fromstring(style).find("renderer-v2/symbols/symbol/layer") is not None
    assert list_layers(saved.vector)[:, 0].tolist() == ["change", "layer_styles"]
    assert len(read_file(saved.vector, layer="change")) == 1


def test_steps_of_probability_say_what_they_stand_for(write_scene: WriteScene, saved: SavedPrediction) -> None:
    with rasterio.open(saved.probability) as dataset:
        steps, scale = dataset.read(1), dataset.scales[0]
    assert steps.dtype == np.uint8 and steps[15, 25] * scale == pytest.approx(180 / 255, abs=0.002)
    as_float = predicted(write_scene, saved.raster.parent, float_probability=True)
    with rasterio.open(as_float.probability) as dataset:
        assert dataset.scales == (1,)


def test_pictures_hold_steps_alone(write_scene: WriteScene, tmp_path: Path) -> None:
    saved = predicted(write_scene, tmp_path / "out", ending=".png")
    assert max(colours(saved.probability_style)) == 254
    assert not list(saved.raster.parent.glob("*.aux.xml"))


def test_a_probability_of_a_version_that_said_no_scale_is_read_alike(saved: SavedPrediction) -> None:
    with rasterio.open(saved.probability, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        before = dataset.read(1)
        dataset.scales = [1.0]
    with zipfile.ZipFile(saved.details) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    checksum = json.loads(parts["facts.json"])["probability"].encode()
    parts["facts.json"] = parts["facts.json"].replace(checksum, sha256(saved.probability).encode())
    with zipfile.ZipFile(saved.details, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with minenetcd.rethreshold(saved.raster.parent, threshold=0.1) as found:
        assert found.changed_pixels == before.size
    with rasterio.open(saved.probability) as dataset:
        assert dataset.scales == (1 / 254,) and np.array_equal(dataset.read(1), before)
