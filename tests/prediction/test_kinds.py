"""What kind of change it is: told by the bands, against what did not change, the same with another threshold."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from typer.testing import CliRunner

import minenetcd
from fixtures.scene_files import utm_grid
from minenetcd.cli.main import app, run
from minenetcd.errors import InputError, OptionError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.rasters import scene_rasters
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference
from prediction.test_summary import read_valid

GRID = utm_grid(96, 120)
BANDS = ("red", "green", "blue", "nir", "swir16")
FOREST, SOIL = (400, 700, 400, 3500, 1600), (1800, 1400, 1000, 2400, 3000)
WATER, ROCK = (300, 500, 600, 200, 100), (4200, 3900, 3600, 4600, 4800)
WITHERED = (900, 900, 500, 2200, 2000)


class Box(NamedTuple):
    top: int
    bottom: int
    left: int
    right: int

    @property
    def pixels(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


#: On the ground below: the left half is forest, the right half soil, with water at its foot.
FELLED, AS_ALL, PLANTED = Box(10, 20, 10, 20), Box(30, 40, 10, 20), Box(10, 20, 70, 80)
FLOODED, DRAINED, PAVED = Box(30, 40, 70, 80), Box(84, 90, 70, 80), Box(50, 60, 70, 80)

Ground = NDArray[np.uint16]


class Marked(Difference):
    """Probability 0.6 where the last two bits of the after image's third band are 1, 0.9 where they are 3."""

    def probabilities(self, before: NDArray, after: NDArray, *_: Any, **__: Any) -> NDArray[np.float32]:
        return np.array([0, 0.6, 0, 0.9], np.float32)[after[..., 2].astype(int) % 4]


def ground(seed: int) -> Ground:
    """(H, W, 5) with a noise of 2 %, in steps of 4."""
    image = np.empty((*GRID.shape, 5))
    image[:, :60], image[:, 60:], image[80:, 60:] = FOREST, SOIL, WATER
    return speckled(image, seed)


def speckled(image: NDArray[Any], seed: int) -> Ground:
    noisy = image * np.random.default_rng(seed).normal(1, 0.02, image.shape)
    return (noisy.astype(np.uint16) >> 2) << 2


def changed(image: Ground, places: Mapping[Box, Sequence[int] | None], bits: int = 3) -> Ground:
    """Other ground in some places, or none where it only counts as changed; the detector sees all of them."""
    image = image.copy()
    for seed, (place, material) in enumerate(places.items()):
        if material is not None:
            shape = image[place.pixels].shape
            image[place.pixels] = speckled(np.broadcast_to(material, shape), 100 + seed)
        image[(*place.pixels, 2)] |= bits
    return image


def write(path: Path, image: NDArray[Any], names: Sequence[str] = BANDS, tags: Mapping[str, str] | None = None) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=image.shape[0], width=image.shape[1], count=image.shape[2],
        dtype=image.dtype, crs=GRID.crs, transform=GRID.transform,
    ) as dataset:  # fmt: skip
        dataset.write(np.moveaxis(image, -1, 0))
        dataset.descriptions = names or [None] * image.shape[2]
        dataset.update_tags(**(tags or {}))
    return path


def predicted(folder: Path, before: Ground, after: Ground, out: Path | None = None, **options: Any) -> Any:
    """Of the first so many bands as the images have, by their names."""
    names = BANDS[: before.shape[-1]]
    images = write(folder / "b.tif", before, names), write(folder / "a.tif", after, names)
    return predict_scene(Marked(), *images, out, options=PredictOptions(kind=True, **options))


def kind_at(found: Any, place: Box) -> str:
    x, y = GRID.transform @ (place.left + 2, place.top + 2)
    inside = found.polygons[found.polygons.contains(gpd.points_from_xy([x], [y])[0])]
    assert len(inside) == 1
    return str(inside["kind"].iloc[0])


EVERYTHING = {FELLED: SOIL, AS_ALL: None, PLANTED: FOREST, FLOODED: WATER, DRAINED: SOIL, PAVED: ROCK}


def test_each_change_says_what_it_is(tmp_path: Path) -> None:
    found = predicted(tmp_path, ground(0), changed(ground(1), EVERYTHING))
    assert kind_at(found, FELLED) == "vegetation lost; brighter"
    assert kind_at(found, PLANTED) == "vegetation gained; darker"
    assert kind_at(found, FLOODED) == "water appeared; darker"
    assert kind_at(found, DRAINED) == "water gone; brighter"
    assert kind_at(found, PAVED) == "brighter"
    assert kind_at(found, AS_ALL) == ""
    assert found.kinds.indices.in_words == "vegetation by NDVI; water by MNDWI; brightness of red, green, blue"
    felled = found.polygons[found.polygons["kind"] == "vegetation lost; brighter"].iloc[0]
    assert felled["ndvi_before"] == pytest.approx(0.79, abs=0.01)
    assert felled["ndvi_after"] == pytest.approx(0.14, abs=0.01)
    areas = {area.kind: (area.places, round(area.hectares, 1)) for area in found.kinds.areas}
    assert areas["brighter"] == (3, 2.6) and areas[""] == (1, 1.0) and areas["water gone"] == (1, 0.6)


def test_season_alone_is_no_kind_of_change(tmp_path: Path) -> None:
    withered = ground(1)
    withered[:, :60] = speckled(np.broadcast_to(WITHERED, (96, 60, 5)), 2)
    found = predicted(tmp_path, ground(0), changed(withered, {FELLED: SOIL, AS_ALL: None, PLANTED: FOREST}))
    assert kind_at(found, AS_ALL) == "" and "vegetation lost" in kind_at(found, FELLED)
    assert "vegetation gained" in kind_at(found, PLANTED)


def test_what_stays_while_all_else_changes_is_no_change(tmp_path: Path) -> None:
    withered = ground(1)
    withered[:, :60] = speckled(np.broadcast_to(WITHERED, (96, 60, 5)), 2)
    found = predicted(tmp_path, ground(0), changed(withered, {FELLED: FOREST}))
    assert "vegetation" not in kind_at(found, FELLED)


@pytest.mark.parametrize(("gain", "offset"), [(1.4, 0), (0.8, 300)])
def test_another_light_is_not_brighter_ground(tmp_path: Path, gain: float, offset: int) -> None:
    lit = ((ground(1) * gain + offset).astype(np.uint16) >> 2) << 2
    found = predicted(tmp_path, ground(0), changed(lit, {AS_ALL: None, PAVED: ROCK}))
    assert "er" not in kind_at(found, AS_ALL) and "brighter" in kind_at(found, PAVED)


def test_colours_alone_tell_of_greenness(tmp_path: Path) -> None:
    found = predicted(tmp_path, ground(0)[..., :3], changed(ground(1), EVERYTHING)[..., :3])
    assert kind_at(found, FELLED) == "less green; brighter" and kind_at(found, PLANTED) == "greener; darker"
    assert "water" not in ",".join(found.polygons["kind"])
    assert "by greenness alone (excess green), which is weaker" in found.kinds.indices.in_words
    assert {"exg_before", "exg_after", "brightness_change"} < set(found.polygons) and "ndvi_after" not in found.polygons


def test_without_short_wave_water_is_told_by_near_infrared(tmp_path: Path) -> None:
    found = predicted(tmp_path, ground(0)[..., :4], changed(ground(1), EVERYTHING)[..., :4])
    assert kind_at(found, FLOODED) == "water appeared; darker" and "ndwi_after" in found.polygons


def test_infrared_is_no_brightness(tmp_path: Path) -> None:
    images = [
        write(tmp_path / name, image[..., [0, 3, 2]], ("red", "nir", "blue"))
        for name, image in (("b.tif", ground(0)), ("a.tif", changed(ground(1), EVERYTHING)))
    ]
    found = predict_scene(Marked(), *images, options=PredictOptions(kind=True, bands=(1, 2, 3)))
    assert found.kinds.indices.in_words == "vegetation by NDVI; brightness of red, blue"


def test_bands_without_names_tell_of_brightness_alone(tmp_path: Path) -> None:
    images = [
        write(tmp_path / name, image[..., :3], ())
        for name, image in (("b.tif", ground(0)), ("a.tif", changed(ground(1), EVERYTHING)))
    ]
    found = predict_scene(Marked(), *images, options=PredictOptions(kind=True, bands=(1, 2, 3)))
    assert found.kinds.indices.in_words == "brightness of 3 bands"
    assert set(found.polygons["kind"]) == {"brighter", "darker", ""}


def test_bands_that_tell_nothing_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [str(write(tmp_path / f"{seed}.tif", ground(seed)[..., :1], ("red",))) for seed in (0, 1)]
    monkeypatch.setattr("sys.argv", ["minenetcd", "predict", *images, "--kind", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        run()
    said = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 2 and "three bands that both dates share; " in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()
    with pytest.raises(OptionError, match="--kind"):
        predict_scene(Marked(), *images, options=PredictOptions(kind=True, bands=(1,)))


def test_numbers_that_a_product_raised_are_no_change(tmp_path: Path) -> None:
    names = {"PRODUCT_URI": "S2B_MSIL2A_20230704T100029_N0509_R122_T33UVR_20230704T132800.SAFE"}
    before = write(tmp_path / "b.tif", ground(0))
    after = write(tmp_path / "a.tif", changed(ground(1), EVERYTHING) + np.uint16(1000), tags=names)
    found = predict_scene(Marked(), before, after, options=PredictOptions(kind=True))
    assert kind_at(found, AS_ALL) == "" and kind_at(found, FELLED) == "vegetation lost; brighter"
    felled = found.polygons[found.polygons["kind"] == "vegetation lost; brighter"].iloc[0]
    assert felled["ndvi_after"] == pytest.approx(0.14, abs=0.01)


def test_where_all_has_changed_nothing_is_told(tmp_path: Path) -> None:
    found = predicted(tmp_path, ground(0), changed(ground(1), {Box(0, 96, 0, 120): ROCK}))
    assert found.polygons["kind"].tolist() == [""]
    assert found.kinds.in_words == "not told: 0 unchanged pixels to compare with, 200 are needed"


def test_columns_are_there_only_when_asked_for(tmp_path: Path) -> None:
    before, after = ground(0), changed(ground(1), EVERYTHING)
    predicted(tmp_path, before, after, tmp_path / "asked", also=("shp",)).close()
    images = tmp_path / "b.tif", tmp_path / "a.tif"
    predict_scene(Marked(), *images, tmp_path / "usual").close()
    asked, usual = (gpd.read_file(tmp_path / name / "change.gpkg", layer="change") for name in ("asked", "usual"))
    added = ["kind", "ndvi_before", "ndvi_after", "mndwi_before", "mndwi_after", "brightness_change"]
    assert [*asked.columns.drop(added)] == [*usual.columns] and usual.equals(asked[usual.columns])
    shape = gpd.read_file(tmp_path / "asked" / "change.shp.zip")
    assert {"kind", "ndvi_bef", "ndvi_after", "mndwi_bef", "mndwi_aft", "bright_chg"} < set(shape)
    told = read_valid(tmp_path / "asked")["kinds"]
    assert (told["vegetation"], told["water"], told["brightness"]) == ("ndvi", "mndwi", True)
    assert {each["kind"] for each in told["found"]} >= {"water gone", None}
    assert "kinds" not in read_valid(tmp_path / "usual")
    pages = [(tmp_path / name / "report.html").read_text(encoding="utf-8") for name in ("asked", "usual")]
    assert ["vegetation lost" in page for page in pages] == ["<h2>What changed</h2>" in page for page in pages]
    assert "water appeared" in pages[0] and "water appeared" not in pages[1]
    with zipfile.ZipFile(tmp_path / "usual" / "details.zip") as archive:
        assert "kinds.tif" not in archive.namelist()


def test_another_threshold_tells_the_same_without_the_images(tmp_path: Path) -> None:
    after = changed(changed(ground(1), EVERYTHING), {Box(44, 50, 70, 80): SOIL, Box(65, 75, 10, 20): SOIL}, bits=1)
    wanted = predicted(tmp_path, ground(0), after, tmp_path / "wanted", threshold=0.7, float_probability=True)
    result = predicted(tmp_path, ground(0), after, tmp_path / "result", float_probability=True)
    assert len(result.polygons) == len(wanted.polygons) + 1
    for image in ("a.tif", "b.tif"):
        (tmp_path / image).unlink()
    for _ in range(2):  # what it needs is kept again
        with minenetcd.rethreshold(tmp_path / "result", threshold=0.7) as again:
            assert again.kinds == wanted.kinds
    now, should = (gpd.read_file(tmp_path / name / "change.gpkg", layer="change") for name in ("result", "wanted"))
    assert now.equals(should)


def test_layers_of_another_image_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    predicted(tmp_path, ground(0), changed(ground(1), EVERYTHING), out).close()
    with zipfile.ZipFile(out / "details.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    write(tmp_path / "other.tif", np.zeros((96, 120, 2), np.uint8), ())
    for other in ((tmp_path / "other.tif").read_bytes(), None):
        with zipfile.ZipFile(out / "details.zip", "w") as archive:
            for name, part in {**parts, "kinds.tif": other}.items():
                if part is not None:
                    archive.writestr(name, part)
        with pytest.raises(InputError, match=r"details\.zip cannot be read \(.*kinds"):
            minenetcd.rethreshold(out, threshold=0.7)


def test_many_strips_tell_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = ground(0), changed(ground(1), EVERYTHING)
    whole = predicted(tmp_path, before, after)
    monkeypatch.setattr(scene_rasters, "MOST_ROWS", 7)
    monkeypatch.setattr("minenetcd.prediction.kinds.layers._AT_A_TIME", 120 * 2)
    parts = predicted(tmp_path, before, after)
    assert parts.kinds == whole.kinds
    columns = ["kind", "ndvi_before", "ndvi_after", "mndwi_before", "mndwi_after"]
    assert parts.polygons[columns].equals(whole.polygons[columns])


def test_a_picture_is_told_in_pixels(tmp_path: Path) -> None:
    for name, image in (("b.png", ground(0)), ("a.png", changed(ground(1), EVERYTHING))):
        with rasterio.open(
            tmp_path / name, "w", driver="PNG", height=96, width=120, count=3, dtype="uint16"
        ) as dataset:
            dataset.write(np.moveaxis(image[..., :3], -1, 0))
    images = tmp_path / "b.png", tmp_path / "a.png"
    found = predict_scene(Marked(), *images, tmp_path / "out", options=PredictOptions(kind=True))
    assert {area.kind: area.pixels for area in found.kinds.areas}["greener"] == 100
    assert all(each["hectares"] is None for each in read_valid(tmp_path / "out")["kinds"]["found"])
    minenetcd.rethreshold(tmp_path / "out", threshold=0.7).close()


def test_the_command_says_it(tmp_path: Path) -> None:
    images = write(tmp_path / "b.tif", ground(0)), write(tmp_path / "a.tif", changed(ground(1), EVERYTHING))
    command = ["predict", *map(str, images), "--model", "cva", "--kind", "--out", str(tmp_path / "out")]
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)["kinds"]
    assert "vegetation lost" in [each["kind"] for each in told["found"]]
    said = CliRunner().invoke(app, command).stdout
    assert "Kinds" in said and "water appeared" in said and "vegetation by NDVI; water by MNDWI" in said
