"""Where images say they lie: what is one place, what is not, and the mistakes that are recognised."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rasterio.crs import CRS

from minenetcd.errors import GridError, OptionError
from minenetcd.geo.grid import Grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.result import ScenePrediction
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

SIDE = 64
MINE = CRS.from_wkt('LOCAL_CS["mine grid",UNIT["metre",1]]')
UTM = Affine(1.2, 0, 500_000, 0, -1.2, 5_500_000)
Noisy = Callable[..., tuple[NDArray[np.uint8], NDArray[np.uint8]]]
Predict = Callable[..., ScenePrediction]


def degrees(west: float, north: float = -17.0, step: float = 1e-5) -> Affine:
    return Affine(step, 0, west, 0, -step, north)


def metres(left: float, top: float) -> Affine:
    return Affine(1.2, 0, left, 0, -1.2, top)


@pytest.fixture
def predict(write_scene: WriteScene, noisy: Noisy) -> Predict:
    """predict((transform, CRS) of either date, turn=columns, out=folder, **options): what a known change comes to."""

    def run(
        before: tuple[Affine, object],
        after: tuple[Affine, object],
        *,
        turn: int = 0,
        out: Path | None = None,
        **options,
    ) -> ScenePrediction:
        first, second = noisy(SIDE, SIDE)
        grids = (
            Grid(SIDE, SIDE, place, None if crs is None else CRS.from_user_input(crs)) for place, crs in (before, after)
        )
        dates = (("before.tif", first), ("after.tif", np.roll(second, turn, axis=1)))
        paths = [write_scene(name, date, grid) for (name, date), grid in zip(dates, grids, strict=True)]
        return predict_scene(Difference(), *paths, out, options=PredictOptions(**options))

    return run


GLOBE, FROM_GREENWICH = (Affine(360 / SIDE, 0, west, 0, -180 / SIDE, 90) for west in (-180, 0))


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (degrees(185), degrees(-175), 0),
        (degrees(-175), degrees(185), 0),
        (degrees(10), degrees(370), 0),
        (degrees(179.9998), degrees(-180.0002), 0),
        (GLOBE, GLOBE, 0),
        (GLOBE, FROM_GREENWICH, SIDE // 2),
        (FROM_GREENWICH, GLOBE, SIDE // 2),
    ],
)
def test_longitudes_whole_turns_apart_are_one_place(predict: Predict, before: Affine, after: Affine, turn: int) -> None:
    found = predict((before, "EPSG:4326"), (after, "EPSG:4326"), turn=turn)
    assert (found.changed_pixels, found.valid_pixels) == ((SIDE // 4) ** 2, SIDE**2)
    assert not any("displaced" in warning for warning in found.warnings)


@pytest.mark.parametrize("crs", [None, MINE])
def test_coordinates_without_a_place_on_earth_are_kept_and_compared(
    predict: Predict, crs: object, tmp_path: Path
) -> None:
    found = predict((UTM, crs), (UTM, crs), out=tmp_path / "out")
    assert found.saved is not None and found.hectares is None
    assert any("name no CRS on Earth" in warning and "(--crs EPSG" in warning for warning in found.warnings)
    with rasterio.open(found.saved.raster) as dataset:
        assert dataset.transform == UTM and (dataset.crs is None) == (crs is None)
    layer = pyogrio.read_dataframe(found.saved.vector)
    assert layer["area_px"].sum() == (SIDE // 4) ** 2
    left, _, _, top = layer.total_bounds
    assert (left, top) == pytest.approx((500_000 + 16 * 1.2, 5_500_000 - 16 * 1.2))
    with pytest.raises(GridError, match=r"before covers x 500000 to 500076\.8, .* after x 501000 to"):
        predict((UTM, crs), (metres(501_000, 5_500_000), crs))
    moved = predict((UTM, crs), (metres(500_012, 5_500_000), crs))
    assert moved.valid_pixels == SIDE * (SIDE - 10)
    for option in ({"min_area_ha": 1}, {"gsd": 2}):
        with pytest.raises(OptionError, match=r"got coordinates without a CRS on Earth: state it \(--crs EPSG:32633\)"):
            predict((UTM, crs), (UTM, crs), **option)


def test_a_world_file_is_a_place(noisy: Noisy, tmp_path: Path) -> None:
    first, second = noisy(SIDE, SIDE)
    paths = []
    for name, date, left in (("b", first, 500_000), ("a", second, 501_000)):
        with rasterio.open(
            tmp_path / f"{name}.png", "w", driver="PNG", width=SIDE, height=SIDE, count=3, dtype="uint8"
        ) as dataset:
            dataset.write(np.stack([date] * 3))
        (tmp_path / f"{name}.pgw").write_text(f"1.2\n0\n0\n-1.2\n{left}\n5500000\n")
        paths.append(tmp_path / f"{name}.png")
    with pytest.raises(GridError, match="do not overlap"):
        predict_scene(Difference(), *paths)


def test_two_local_systems_are_two_places(predict: Predict) -> None:
    other = CRS.from_wkt('LOCAL_CS["plant grid",UNIT["metre",1]]')
    with pytest.raises(GridError, match="one local coordinate system"):
        predict((UTM, MINE), (UTM, other))


def test_a_crs_can_be_stated(predict: Predict) -> None:
    with pytest.raises(GridError, match=r"after\.tif has coordinates without one on Earth: state it \(--crs EPSG"):
        predict((UTM, "EPSG:32633"), (UTM, None))
    found = predict((UTM, "EPSG:32633"), (UTM, None), crs="EPSG:32633")
    assert found.hectares == pytest.approx((SIDE // 4) ** 2 * 1.44 / 10_000, rel=2e-3)
    assert not any("--crs" in warning for warning in found.warnings)
    assert predict((UTM, None), (UTM, MINE), crs="EPSG:32633").hectares == pytest.approx(found.hectares)
    with pytest.raises(OptionError, match=r"name theirs \(EPSG:32634\): leave it out"):
        predict((UTM, "EPSG:32634"), (UTM, "EPSG:32634"), crs="EPSG:32633")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [("EPSG:0", "e.g. EPSG:32633"), ("mine", "e.g. EPSG:32633"), (MINE.to_wkt(), "got .LOCAL_CS.*e.g. EPSG"),
     ("32735", r"got '32735': write EPSG:32735\."), (" 32735", r"write EPSG:32735\."), ("EPSG:99999", "e.g. EPSG:")],
)  # fmt: skip
def test_what_is_no_crs_is_told_once(wrong: str, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OptionError, match=rf"--crs.*{words}"):
        PredictOptions(crs=wrong)
    assert capfd.readouterr() == ("", "")


def test_a_crs_for_pictures_is_told_as_such(write_scene: WriteScene, noisy: Noisy) -> None:
    paths = [write_scene(name, date) for name, date in zip(("b.png", "a.png"), noisy(SIDE, SIDE), strict=True)]
    with pytest.raises(OptionError, match=r"b\.png and .*a\.png have no coordinates: leave it out"):
        predict_scene(Difference(), *paths, options=PredictOptions(crs="EPSG:32633"))


SOUTH = metres(500_000, 7_300_000)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((degrees(27, -23), 4326), (degrees(-23, 27), 4326), "longitude and latitude were exchanged"),
        ((degrees(27, -23), 4326), (degrees(27, 23), 4326), "latitude has the wrong sign"),
        ((degrees(-70, -23), 4326), (degrees(70, -23), 4326), "longitude has the wrong sign"),
        ((degrees(133, -23), 4326), (degrees(-23, 133), 4326), "after.tif says latitudes of .*are exchanged"),
        ((degrees(-23, 133), 4326), (degrees(-23, 133), 4326), "before.tif says latitudes of .*are exchanged"),
        ((SOUTH, 32733), (metres(500_000, -2_700_000), 32733), "false northing of 10,000,000 m, which is missing"),
        ((SOUTH, 32733), (SOUTH, 32633), "should be EPSG:32733, not EPSG:32633"),
        ((SOUTH, 32633), (SOUTH, 32733), "should be EPSG:32733, not EPSG:32633|EPSG:32633, not EPSG:32733"),
        ((SOUTH, 32733), (metres(7_300_000, 500_000), 32733), "easting and northing were exchanged|outside|northings"),
    ],
)
def test_usual_mistakes_are_named_in_one_line(
    predict: Predict, before: tuple[Affine, int], after: tuple[Affine, int], words: str
) -> None:
    with pytest.raises(GridError, match=words) as told:
        predict((before[0], f"EPSG:{before[1]}"), (after[0], f"EPSG:{after[1]}"))
    assert "\n" not in str(told.value)


def test_two_places_are_only_two_places(predict: Predict) -> None:
    with pytest.raises(GridError, match="do not overlap: before covers"):
        predict((degrees(27, -23), "EPSG:4326"), (degrees(12, 48), "EPSG:4326"))


@pytest.mark.parametrize(("baselines", "said"), [(("03.01", "05.09"), "after"), (("04.00", "02.12"), "before"),
                                                 (("04.00", "05.09"), None), (("03.01", "02.12"), None)])  # fmt: skip
def test_numbers_that_sentinel_2_raised_in_one_date_are_said(
    baselines: tuple[str, str], said: str | None, write_scene: WriteScene, noisy: Noisy
) -> None:
    paths = [
        write_scene(f"{name}.tif", pixels, tags={"PROCESSING_BASELINE": baseline, "PLATFORM": "Sentinel-2A"})
        for name, pixels, baseline in zip(("one", "two"), noisy(SIDE, SIDE), baselines, strict=True)
    ]
    warnings = [each for each in predict_scene(Difference(), *paths).facts.warnings if "Sentinel-2" in each]
    assert len(warnings) == (said is not None)
    if said:
        raised, other = (baselines[1], baselines[0]) if said == "after" else baselines
        assert f"The {said} image is a Sentinel-2 product of processing baseline {raised}" in warnings[0]
        assert f"1000 higher than those of the other one ({other})" in warnings[0] and "--tone auto" in warnings[0]
        tones = {}
        for feels, tone in itertools.product((True, False), repeat=2):
            found = predict_scene(Difference(feels_tone=feels), *paths, options=PredictOptions(tone=tone))
            tones[feels, tone] = next(each for each in found.warnings if "Sentinel-2" in each)
        assert [case for case, told in tones.items() if "--tone auto" in told] == [(True, False)]
        assert [case for case, told in tones.items() if "--model irmad" in told] == [(True, True), (True, False)]


def test_a_stac_item_beside_an_image_dates_it(write_scene: WriteScene, noisy: Noisy, tmp_path: Path) -> None:
    first, second = noisy(SIDE, SIDE)
    before = write_scene("one.tif", first, tags={"TIFFTAG_DATETIME": "2024:05:01 10:00:00"})
    after = write_scene("mine_20230403.tif", second)
    item = {"type": "Feature", "stac_version": "1.0.0", "properties": {"datetime": "2019-06-01T10:00:00Z"}}
    (tmp_path / "one.json").write_text(json.dumps(item))
    facts = predict_scene(Difference(), before, after).facts
    assert facts.before.acquired.in_words == "2019-06-01 (of its STAC item)"
    assert facts.after.acquired.in_words == "2023-04-03 (by its name)"
    (tmp_path / "one.json").write_text("[1,")
    facts = predict_scene(Difference(), before, after).facts
    assert facts.before.acquired.in_words == "not stated in the file (which was made on 2024-05-01)"


@pytest.mark.parametrize(
    ("ending", "orientation"),
    [*(("jpg", each) for each in range(2, 9)), *zip(("png", "tif") * 2, (6, 8, 3, 5), strict=True)],
)
def test_pictures_are_compared_upright(ending: str, orientation: int, noisy: Noisy, tmp_path: Path) -> None:
    """The later picture is stored turned, and says so."""
    first, second = (np.stack([date] * 3, axis=-1) for date in noisy(SIDE, 2 * SIDE))
    options = {"quality": 98, "subsampling": 0} if ending == "jpg" else {}
    Image.fromarray(first).save(tmp_path / f"b.{ending}", **options)
    exif = Image.Exif()
    exif[0x0112] = orientation
    back = {6: 8, 8: 6}.get(orientation, orientation)  # each other turn undoes itself
    marked = Image.fromarray(second)
    marked.getexif()[0x0112] = back
    ImageOps.exif_transpose(marked).save(tmp_path / f"a.{ending}", exif=exif, **options)
    found = predict_scene(Difference(), tmp_path / f"b.{ending}", tmp_path / f"a.{ending}")
    truth = np.zeros((SIDE, 2 * SIDE), bool)
    truth[SIDE // 4 : SIDE // 2, SIDE // 2 : SIDE] = True
    changed = found.mask == 1
    assert (changed & truth).sum() / (changed | truth).sum() > 0.9
