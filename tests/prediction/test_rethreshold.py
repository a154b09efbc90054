"""Another threshold, smallest area or format of a finished result: as predict gives them, without the images."""

import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from geopandas import read_file
from numpy.typing import NDArray
from PIL import Image

import minenetcd
from fixtures.scene_files import utm_grid
from minenetcd.errors import InputError, OptionError, RasterError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

Images = tuple[Path, Path]


@pytest.fixture
def images(write_scene: WriteScene) -> Images:
    before = np.full((90, 120), 20, np.uint8)
    after = np.full((90, 120), 60, np.uint8)
    for rows, cols, value in ((slice(10, 50), slice(20, 80), 200), (slice(60, 64), slice(5, 9), 170)):
        after[rows, cols] = value
    tags = {"ACQUISITION_DATE": "2019-05-04"}
    grid = utm_grid(90, 120)
    return write_scene("b.tif", before, grid, tags=tags), write_scene("a.tif", after, grid, nodata=0)


def predicted(images: Images, out: Path, **options: Any) -> Path:
    second = Difference(threshold=0.6, name="other")
    predict_scene(Difference(), *images, out, options=PredictOptions(**options), second=second).close()
    return out


def pixels(path: Path) -> tuple[NDArray, dict[str, str]]:
    with rasterio.open(path) as dataset:
        return dataset.read(1), dataset.tags()


def page(folder: Path) -> str:
    """The report but for its times."""
    return re.sub(r"Computed in [^<]* UTC", "", (folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {"threshold": 0.65}),
        ({"threshold": 0.65, "also": ("geojson",)}, {"threshold": 0.2, "also": ()}),
        ({"min_area_ha": 0.5}, {"min_area_ha": 0.0, "also": ("geojson", "parquet")}),
        ({"float_probability": True}, {"threshold": 0.7, "min_area_ha": 1.0}),
        ({"bands": ("red", 2, 3), "nodata_after": 60, "date_after": "2021-06-01"}, {"threshold": 0.3}),
    ],
)
def test_a_result_becomes_what_predict_gives(
    images: Images, tmp_path: Path, before: dict[str, Any], now: dict[str, Any]
) -> None:
    wanted = predicted(images, tmp_path / "wanted", **{**before, **now})
    result = predicted(images, tmp_path / "result", **before)
    for image in images:
        image.unlink()
    with minenetcd.rethreshold(result, **now) as found:
        assert repr(found.facts.options) == repr(PredictOptions(**{**before, **now}))
    assert {path.name for path in result.iterdir()} == {path.name for path in wanted.iterdir()}
    for name in ("change.tif", "probability.tif"):
        (is_now, tags), (should, wanted_tags) = pixels(result / name), pixels(wanted / name)
        assert np.array_equal(is_now, should, equal_nan=True) and tags == wanted_tags
    assert read_file(result / "change.gpkg", layer="change").equals(read_file(wanted / "change.gpkg", layer="change"))
    assert page(result) == page(wanted)


def test_a_stated_threshold_is_what_to_change_where_nothing_or_all_is_found(images: Images, tmp_path: Path) -> None:
    folder = predicted(images, tmp_path / "out")
    with minenetcd.rethreshold(folder, threshold=0.999) as nothing:
        assert nothing.facts.about_nothing.startswith("Nothing reaches the stated threshold, 0.999: a lower one")
    with minenetcd.rethreshold(folder, threshold=0.001) as everything:
        told = next(warning for warning in everything.warnings if "of the scene is called changed" in warning)
    assert "a threshold above 0.001 (--threshold)" in told and "--threshold-rule" not in told


def test_pictures_keep_their_formats(write_scene: WriteScene, tmp_path: Path) -> None:
    first, second = np.random.default_rng(0).integers(0, 256, (2, 60, 70), dtype=np.uint8)
    paths = write_scene("b.png", first), write_scene("a.png", second)
    result = predicted(paths, tmp_path / "result", float_probability=True)
    wanted = predicted(paths, tmp_path / "wanted", float_probability=True, threshold=0.8)
    minenetcd.rethreshold(result, threshold=0.8).close()
    assert (result / "change.geojson").read_bytes() == (wanted / "change.geojson").read_bytes()
    assert (pixels(result / "change.png")[0] == pixels(wanted / "change.png")[0]).all()
    with pytest.raises(OptionError, match="needs a georeferenced image"):
        minenetcd.rethreshold(result, min_area_ha=1)


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["mine grid",UNIT["metre",1]]'])
def test_a_place_that_is_not_on_earth_is_kept(write_scene: WriteScene, tmp_path: Path, crs: str | None) -> None:
    first, second = np.full((2, 60, 70), 20, np.uint8)
    second[10:30, 20:40], second[40:44, 50:60] = 200, 170
    place = {"transform": utm_grid(60, 70).transform} | ({} if crs is None else {"crs": crs})
    images = write_scene("b.tif", first, **place), write_scene("a.tif", second, **place)
    wanted = predicted(images, tmp_path / "wanted", threshold=0.6)
    result = predicted(images, tmp_path / "result")
    minenetcd.rethreshold(result, threshold=0.6).close()
    assert read_file(result / "change.gpkg", layer="change").equals(read_file(wanted / "change.gpkg", layer="change"))
    assert page(result) == page(wanted)


def test_the_probability_of_another_result_is_refused(images: Images, tmp_path: Path) -> None:
    result, other = (predicted(images[::order], tmp_path / str(order)) for order in (1, -1))
    (result / "probability.tif").write_bytes((other / "probability.tif").read_bytes())
    with pytest.raises(RasterError, match=r"probability\.tif is another's or was changed"):
        minenetcd.rethreshold(result, threshold=0.4)


def test_what_is_no_result_or_another_one_is_refused_and_left(images: Images, tmp_path: Path) -> None:
    result = predicted(images, tmp_path / "result")
    with pytest.raises(InputError, match="there is no folder"):
        minenetcd.rethreshold(tmp_path / "nowhere", threshold=0.4)
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(InputError, match=r"holds no details\.zip"):
        minenetcd.rethreshold(tmp_path, threshold=0.4)
    with pytest.raises(OptionError, match="Threshold must lie between 0 and 1"):
        minenetcd.rethreshold(result, threshold=4)
    before = {path.name: path.read_bytes() for path in result.iterdir()}
    damaged = {"details.zip": b"PK", "probability.tif": before["change.tif"][:900]}
    for name, content in damaged.items():
        (result / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"{re.escape(name)} (cannot|is)"):
            minenetcd.rethreshold(result, threshold=0.4)
        assert {path.name: path.read_bytes() for path in result.iterdir()} == before | {name: content}
        (result / name).write_bytes(before[name])
    with zipfile.ZipFile(result / "details.zip", "w") as archive:
        archive.writestr("facts.json", '{"format": 9}')
    with pytest.raises(InputError, match="its format is 9, not 1"):
        minenetcd.rethreshold(result, threshold=0.4)


def put(result: Path, change: Callable[[dict[str, Any]], None] = lambda _: None, **parts: bytes | None) -> None:
    """Write details.zip of `result` again, of facts that are changed, with other parts; None leaves one out."""
    with zipfile.ZipFile(result / "details.zip") as archive:
        kept: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    facts = json.loads(kept["facts.json"] or b"")
    change(facts)
    kept |= {"facts.json": json.dumps(facts).encode()} | {name.replace("_", "."): part for name, part in parts.items()}
    with zipfile.ZipFile(result / "details.zip", "w") as archive:
        for name, part in kept.items():
            if part is not None:
                archive.writestr(name, part)


def picture(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side)).save(file, "PNG")
    return file.getvalue()


def test_pictures_of_earlier_versions_are_read(images: Images, tmp_path: Path) -> None:
    """They were kept as PNG."""
    wanted = predicted(images, tmp_path / "wanted", threshold=0.3)
    result = predicted(images, tmp_path / "result")
    with zipfile.ZipFile(result / "details.zip") as archive:
        kept = {name: Image.open(io.BytesIO(archive.read(f"{name}.webp"))) for name in ("before", "after")}
    files = {name: io.BytesIO() for name in kept}
    for name, file in files.items():
        kept[name].save(file, "PNG")
    put(
        result, before_webp=None, after_webp=None, before_png=files["before"].getvalue(),
        after_png=files["after"].getvalue(),
    )  # fmt: skip
    minenetcd.rethreshold(result, threshold=0.3).close()
    assert page(result) == page(wanted)


def test_a_result_names_no_code_to_run(images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil_format.py").write_text("from pathlib import Path\nPath('HACKED').touch()\nwrite = print\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = predicted(images, tmp_path / "result", also=("geojson",))
    put(result, lambda kept: kept["facts"]["options"].update(also=["evil_format:write"]))
    with pytest.raises(OptionError, match=r"asks for code \('evil_format:write'\), .*name the formats"):
        minenetcd.rethreshold(result, threshold=0.4)
    assert not (tmp_path / "HACKED").exists() and "evil_format" not in sys.modules
    minenetcd.rethreshold(result, threshold=0.4, also=["geojson"]).close()


def _of(place: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(kept: dict[str, Any]) -> None:
        *above, last = place.split(".")
        for key in above:
            kept = kept[key]
        kept[last] = value

    return change


VRT = b'<VRTDataset rasterXSize="120" rasterYSize="90"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'


@pytest.mark.parametrize(
    ("change", "parts", "said"),
    [
        (_of("facts.before.acquired.date", "0000-00-00"), {}, "cannot be read"),
        (_of("facts.before.source", "x\ud800"), {}, "surrogates not allowed"),
        (_of("facts.before.grid.transform", [1e308, 0, 0, 0, -1e308, 0]), {}, "its grid is no place"),
        (_of("facts.overlap", [0, 0, 0, 0]), {}, "its overlap lies outside"),
        (_of("facts.before.grid.height", 10**9), {}, "A probability of 120 x 1000000000 pixels is needed"),
        (lambda _: None, {"second_tif": None}, "There is no item named 'second.tif'"),
        (lambda _: None, {"second_tif": VRT}, "cannot be read"),
        (lambda _: None, {"before_webp": picture(901)}, "a picture in it has 901 x 901 pixels"),
        (lambda _: None, {"before_webp": picture(20)}, "its pictures are of several sizes"),
        (lambda _: None, {"after_webp": b"GIF89a"}, "cannot identify image file"),
    ],
)
def test_details_that_no_prediction_has_are_one_line(
    images: Images, tmp_path: Path, change: Callable[[dict[str, Any]], None], parts: dict[str, bytes | None], said: str
) -> None:
    result = predicted(images, tmp_path / "result")
    put(result, change, **parts)
    before = {path.name: path.read_bytes() for path in result.iterdir()}
    with pytest.raises(InputError, match=said):
        minenetcd.rethreshold(result, threshold=0.4)
    assert {path.name: path.read_bytes() for path in result.iterdir()} == before


def test_compressed_details_and_a_pipe_are_refused(images: Images, tmp_path: Path) -> None:
    result = predicted(images, tmp_path / "result")
    (result / "details.zip").unlink()
    with zipfile.ZipFile(result / "details.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("second.tif", bytes(2**20))
    with pytest.raises(InputError, match="its parts are compressed"):
        minenetcd.rethreshold(result, threshold=0.4)
    (result / "details.zip").unlink()
    os.mkfifo(result / "details.zip")
    with pytest.raises(InputError, match=r"details\.zip cannot be read \(it is a pipe, and a file is needed\)"):
        minenetcd.rethreshold(result, threshold=0.4)
