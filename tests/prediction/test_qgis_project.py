"""change.qgz: every layer is there by a path that leads to it from the project, in the colours of the styles."""

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio

import minenetcd
from fixtures.scene_files import utm_grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

#: Debian's, beside which its QGIS is installed.
PYTHON = "/usr/bin/python3"

LOADED = """
import sys
from qgis.core import QgsApplication, QgsProject
application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1]), project.error()
layers = project.mapLayers().values()
print(project.crs().authid(), *sorted(f"{layer.name()}={layer.isValid()}" for layer in layers), sep=";")
"""


def predicted(write_scene: WriteScene, out: Path, images: tuple[Any, Any] | None = None, **more: Any) -> Path:
    before = np.full((60, 80), 20, np.uint8)
    after = before + 40
    after[10:30, 20:50] = 200
    grid = utm_grid(60, 80)
    usual = write_scene("b.tif", before, grid), write_scene("a.tif", after, grid)
    options = PredictOptions(also=("qgz",), date_before="2019-05-04", **more)
    predict_scene(Difference(), *(images or usual), out, options=options).close()
    return out / "change.qgz"


def project(path: Path) -> ElementTree.Element:
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        assert name == "change.qgs"
        return ElementTree.parse(io.BytesIO(archive.read(name))).getroot()


def layers(path: Path) -> dict[str, ElementTree.Element]:
    return {str(layer.findtext("layername")): layer for layer in project(path).iter("maplayer")}


def test_it_holds_both_dates_and_the_result(write_scene: WriteScene, tmp_path: Path) -> None:
    path = predicted(write_scene, tmp_path / "out")
    found = layers(path)
    assert list(found) == ["Changes", "Change map", "Probability", "After", "Before 2019-05-04"]
    for layer in found.values():
        source = str(layer.findtext("datasource")).partition("|")[0]
        assert not Path(source).is_absolute() and (path.parent / source).is_file(), source
        assert layer.findtext("srs/spatialrefsys/authid") == "EPSG:32633"
        assert len(str(layer.findtext("id"))) > 10  # QGIS reads no shorter ones
    seen = {each.attrib["name"]: each.attrib["checked"] for each in project(path).iter("layer-tree-layer")}
    assert [name for name, checked in seen.items() if checked == "Qt::Checked"] == [
        "Changes",
        "After",
        "Before 2019-05-04",
    ]


def test_it_is_the_same_after_another_threshold_without_the_images(write_scene: WriteScene, tmp_path: Path) -> None:
    path = predicted(write_scene, tmp_path / "out")
    before = path.read_bytes()
    (tmp_path / "a.tif").unlink()
    minenetcd.rethreshold(path.parent, threshold=0.6).close()
    assert path.read_bytes() == before


def test_images_of_more_than_8_bits_are_stretched(write_scene: WriteScene, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(100, 3000, (2, 60, 80), dtype=np.uint16)
    images = tuple(
        write_scene(f"{name}16.tif", date, utm_grid(60, 80)) for name, date in zip("ba", values, strict=True)
    )
    renderer = layers(predicted(write_scene, tmp_path / "out", (images[0], images[1])))["After"].find(
        "pipe/rasterrenderer"
    )
    assert renderer is not None and renderer.findtext("minMaxOrigin/limits") == "CumulativeCut"
    assert renderer.attrib["redBand"] == "1" and renderer.find("redContrastEnhancement/algorithm") is not None


def test_a_date_of_several_files_is_left_out(write_scene: WriteScene, tmp_path: Path) -> None:
    predicted(write_scene, tmp_path / "out")
    bands = []
    with rasterio.open(tmp_path / "a.tif") as dataset:
        for number in (1, 2, 3):
            bands.append(tmp_path / f"a{number}.tif")
            with rasterio.open(bands[-1], "w", **{**dataset.profile, "count": 1}) as band:
                band.write(dataset.read(number), 1)
    found = layers(predicted(write_scene, tmp_path / "other", (tmp_path / "b.tif", bands), bands_after=(1, 2, 3)))
    assert list(found)[-1] == "Before 2019-05-04" and len(found) == 4


@pytest.mark.slow
def test_qgis_opens_it(write_scene: WriteScene, tmp_path: Path) -> None:
    if subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True).returncode:
        pytest.skip("QGIS is not installed")
    path = predicted(write_scene, tmp_path / "out")
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run([PYTHON, "-c", LOADED, str(path)], capture_output=True, text=True, env=environment)
    names = ("After", "Before 2019-05-04", "Change map", "Changes", "Probability")
    assert done.stdout.strip() == ";".join(["EPSG:32633", *(f"{name}=True" for name in names)]), done.stderr
