"""summary.json: valid by its schema, true to the result, and what the inputs were."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio.shutil

import minenetcd
from fixtures.scene_files import utm_grid
from minenetcd.geo.source import quiet_gdal
from minenetcd.prediction.formats.summary import summary_schema
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

Images = tuple[Path, Path]


@pytest.fixture
def images(write_scene: WriteScene) -> Images:
    before = np.full((90, 120), 20, np.uint8)
    after = np.full((90, 120), 60, np.uint8)
    after[10:50, 20:80] = 200
    grid = utm_grid(90, 120)
    return write_scene("b.tif", before, grid, tags={"ACQUISITION_DATE": "2019-05-04"}), write_scene(
        "a.tif", after, grid
    )


def summarised(images: Images, out: Path, **options: Any) -> dict[str, Any]:
    second = Difference(threshold=0.6, name="other")
    predict_scene(Difference(), *images, out, options=PredictOptions(**options), second=second).close()
    return read_valid(out)


def read_valid(folder: Path) -> dict[str, Any]:
    """The summary of a result, which its schema allows."""
    jsonschema = pytest.importorskip("jsonschema")
    found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator
    schema = json.loads(summary_schema())
    validator.check_schema(schema)
    validator(schema, format_checker=validator.FORMAT_CHECKER).validate(found)
    return dict(found)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_says_what_the_result_says(images: Images, tmp_path: Path) -> None:
    options = PredictOptions(min_area_ha=0.1)
    with predict_scene(Difference(), *images, tmp_path / "out", options=options) as found:
        summary = read_valid(tmp_path / "out")
    assert summary["hectares"]["changed"] == found.hectares
    assert summary["pixels"] == {"changed": found.changed_pixels, "valid": 90 * 120, "scene": 90 * 120}
    assert summary["changed_share"] == found.changed_share and summary["places"] == len(found.polygons) == 1
    assert summary["warnings"] == found.warnings and summary["options"]["min_area_ha"] == 0.1
    assert summary["before"]["date"] == "2019-05-04" and summary["after"]["date"] is None
    assert set(summary["files"].values()) == {path.name for path in (tmp_path / "out").iterdir()}
    assert summary["started"].endswith("+00:00") and summary["software"]["minenetcd"] == minenetcd.__version__


def test_inputs_are_known_by_their_checksums(images: Images, tmp_path: Path) -> None:
    before, after = images
    assert summarised(images, tmp_path / "out")["before"]["files"] == [
        {"name": str(before), "bytes": before.stat().st_size, "sha256": digest(before), "unknown": None}
    ]
    described, packed = tmp_path / "d.vrt", tmp_path / "p.zip"
    with quiet_gdal():
        rasterio.shutil.copy(before, described, driver="VRT")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(after, "a.tif")
    found = summarised((described, packed), tmp_path / "other")
    assert {each["sha256"] for each in found["before"]["files"]} == {digest(described), digest(before)}
    assert [each["sha256"] for each in found["after"]["files"]] == [digest(packed)]


def test_another_threshold_keeps_what_is_known_of_the_images(images: Images, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = summarised(images, out, also=("geojson",))
    for image in images:
        image.unlink()
    minenetcd.rethreshold(out, threshold=0.7).close()
    again = read_valid(out)
    assert again["before"] == first["before"] and again["after"] == first["after"]
    assert again["detector"]["threshold"] == again["options"]["threshold"] == 0.7
    assert again["files"]["geojson"] == "change.geojson"


def test_a_result_of_a_version_that_kept_no_checksums_says_so(images: Images, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summarised(images, out)
    with zipfile.ZipFile(out / "details.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    facts = json.loads(parts["facts.json"])
    del facts["inputs"]
    with zipfile.ZipFile(out / "details.zip", "w") as archive:
        for name, part in {**parts, "facts.json": json.dumps(facts).encode()}.items():
            archive.writestr(name, part)
    minenetcd.rethreshold(out, threshold=0.7).close()
    assert read_valid(out)["before"]["files"] is None


def test_pictures_have_no_ground(write_scene: WriteScene, tmp_path: Path) -> None:
    first, second = np.random.default_rng(0).integers(0, 256, (2, 60, 70), dtype=np.uint8)
    found = summarised((write_scene("b.png", first), write_scene("a.png", second)), tmp_path / "out")
    assert found["hectares"] == {"changed": None, "valid": None, "scene": None}
    assert found["before"]["metres_per_pixel"] is None and found["files"]["map"] == "change.png"


def test_no_secret_gets_into_it(images: Images, tmp_path: Path) -> None:
    from minenetcd.geo.date_files.read_files import ReadFile

    read = ReadFile.of("/vsicurl/https://user:word@example.org/b.tif?sig=abc")
    assert read == ReadFile("/vsicurl/https://example.org/b.tif", unknown="not a file on this machine")
    summarised(images, tmp_path / "out", also=("geojson",))


def test_a_date_of_many_files_is_known_by_each(images: Images, tmp_path: Path) -> None:
    folder = tmp_path / ("of a long name " * 10)
    folder.mkdir()
    with rasterio.open(images[1]) as dataset:
        bands = [folder / f"{'x' * 60}_{number}.tif" for number in range(1, 31)]
        for band in bands:
            with rasterio.open(band, "w", **{**dataset.profile, "count": 1}) as file:
                file.write(dataset.read(1), 1)
    assert len(", ".join(map(str, bands))) > 4096  # which no name of a file may have
    options = PredictOptions(bands=(1, 2, 3), bands_after=(1, 2, 3))
    predict_scene(Difference(), images[0], bands, tmp_path / "out", options=options).close()
    found = {each["name"] for each in read_valid(tmp_path / "out")["after"]["files"]}
    assert found == set(map(str, bands))
