"""Points of a map: in every stratum as many as planned, each pixel as likely as another, the map never in memory."""

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window
from scipy.ndimage import gaussian_filter

from accuracy.conftest import OF_CHANGE, drawn, judged
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.accuracy.classes import MapClass
from minenetcd.accuracy.sampling import drawing
from minenetcd.accuracy.sampling.mapped import open_map
from minenetcd.accuracy.sampling.options import SampleOptions
from minenetcd.accuracy.sampling.strata import Stratification
from minenetcd.errors import GridError, InputError, OptionError, OutputPathError, RasterError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference


def strata_of(sample: Path) -> dict[str, dict]:
    record = json.loads((sample / "sample.json").read_text())
    return {stratum["name"]: stratum for stratum in record["strata"]}


def test_points_lie_at_pixel_centres_of_their_strata(raster: Path, change: NDArray[np.uint8], tmp_path: Path) -> None:
    found = drawn(raster, tmp_path / "s", points=200, least=60, **OF_CHANGE)
    points = gpd.read_file(tmp_path / "s" / "samples.gpkg")
    assert [*points.columns] == [
        *("id", "stratum", "map_class", "probability", "weight", "row", "col", "lon", "lat"),
        *("sample", "reference", "comment", "geometry"),
    ]
    assert (change[points["row"], points["col"]] == points["map_class"]).all()
    assert np.allclose(points.geometry.x, 400_000 + 10 * (points["col"] + 0.5))
    assert np.allclose(points.geometry.y, 5_600_000 - 10 * (points["row"] + 0.5))
    in_degrees = points.to_crs(4326).geometry
    assert np.allclose(points["lon"], in_degrees.x) and np.allclose(points["lat"], in_degrees.y)
    assert points["reference"].isna().all() and points["comment"].isna().all() and points["probability"].isna().all()
    assert not points.duplicated(["row", "col"]).any() and points["id"].tolist() == [f"{n:04}" for n in range(1, 201)]
    strata = strata_of(tmp_path / "s")
    pixels = {"no change": (change == 0).sum(), "change": (change == 1).sum()}
    assert {name: each["pixels"] for name, each in strata.items()} == pixels
    assert points.groupby("stratum")["weight"].sum().to_dict() == pytest.approx(pixels)  # each stands for so many
    assert found.record.hectares == pytest.approx(0.01 * sum(pixels.values()), rel=1e-3)
    assert found.record.other_pixels == 40 and found.page is None  # nobody says of what pictures would be


def test_the_order_says_nothing_of_strata(raster: Path, tmp_path: Path) -> None:
    points = drawn(raster, tmp_path / "s", points=400, least=200, **OF_CHANGE).points
    is_change = (points["map_class"] == 1).to_numpy()
    runs = 1 + np.count_nonzero(is_change[1:] != is_change[:-1])
    assert 160 < runs < 240  # 200 are expected, two when sorted


def test_a_seed_gives_one_sample_and_strips_do_not_matter(
    raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"points": 150, "buffer": 45.0, **OF_CHANGE}
    first = drawn(raster, tmp_path / "first", **options).points
    assert drawn(raster, tmp_path / "again", **options).points.equals(first)
    assert not drawn(raster, tmp_path / "other", seed=1, **options).points[["row", "col"]].equals(first[["row", "col"]])
    narrow = [Window(0, row, 80, min(7, 60 - row)) for row in range(0, 60, 7)]
    monkeypatch.setattr(drawing, "strips", lambda grid: iter(narrow))
    in_strips = drawn(raster, tmp_path / "strips", **options)
    assert in_strips.points.drop(columns="sample").equals(first.drop(columns="sample"))


def test_every_pixel_is_as_likely_as_another_of_its_stratum(raster: Path, tmp_path: Path) -> None:
    """By a hundred samples of a small map: rows of change are hit as often as they hold change."""
    hits = np.zeros(60)
    with open_map(raster, SampleOptions(**OF_CHANGE)) as mapped:
        strata = Stratification(mapped, SampleOptions())
        counted = drawing.count(strata)
        for seed in range(100):
            points = drawing.draw(strata, counted, np.array([1, 60]), np.random.default_rng(seed))
            hits += np.bincount(points["row"][points["stratum"] == 1], minlength=60)
    expected = 100 * 60 * np.r_[[0] * 10, [30] * 20, [0] * 10, [10] * 4, [0] * 16] / 640
    held = expected > 0
    assert not hits[~held].any()
    assert ((hits - expected)[held] ** 2 / expected[held]).sum() < 44  # chi-square, 23 degrees of freedom, p = 0.005


def test_what_lies_near_change_is_a_stratum(raster: Path, change: NDArray[np.uint8], tmp_path: Path) -> None:
    points = drawn(raster, tmp_path / "s", points=300, buffer=35.0, **OF_CHANGE).points
    rows, cols = np.nonzero(change == 1)
    for point in points[points["map_class"] == 0].itertuples():
        near = 10 * np.hypot(rows - point.row, cols - point.col).min() <= 35
        assert point.stratum == ("no change, within 35 m of change" if near else "no change")
    assert {*points["stratum"]} == {"no change", "no change, within 35 m of change", "change"}


def test_a_result_has_probabilities_pictures_and_a_page(result: Path, tmp_path: Path) -> None:
    found = drawn(result, tmp_path / "s", points=24, least=5, confidence=(0.7, 0.9), context=16)
    points = found.points
    with rasterio.open(result / "probability.tif") as raster:
        stored = raster.read(1)
    assert np.allclose(points["probability"], stored[points["row"], points["col"]] / 254)
    ends = {"change, confidence below 0.7": (0.5, 0.7), "change, confidence 0.7 to 0.9": (0.7, 0.9)}
    for name, own in points.groupby("stratum")["probability"]:
        low, high = ends.get(name, (0.9, 1.01) if name != "no change" else (0, 0.5))
        assert own.between(low, high, inclusive="left").all()
    assert sum(found.record.confidence) == sum(each.pixels for each in found.record.strata if each.map_class == 1)
    files = {path.name for path in (tmp_path / "s").iterdir()}
    assert files == {"sample.json", "samples.gpkg", "samples.csv", "chips", "interpret.html"}
    chips = sorted(path.name for path in (tmp_path / "s" / "chips").iterdir())
    assert chips == [f"{n:04}_{date}.png" for n in range(1, 25) for date in ("after", "before")]
    with Image.open(tmp_path / "s" / "chips" / "0001_before.png") as chip:
        assert chip.size == (512, 512)
        pixels = np.array(chip)
    start = 8 * 32
    assert (pixels[start - 1, start] == 255).all() and (pixels[start - 2, start] == 0).all()  # the frame, outside
    assert (pixels[start : start + 32, start : start + 32] == pixels[start, start]).all()


def test_the_page_is_blind_whole_and_asks_nobody(result: Path, tmp_path: Path) -> None:
    found = drawn(result, tmp_path / "s", points=12, least=5, context=16)
    page = (tmp_path / "s" / "interpret.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
    assert data["sample"] == found.record.identity and [*map(len, (data["points"], data["answers"]))] == [12, 3]
    assert [answer["key"] for answer in data["answers"]] == ["1", "0", "u"]
    assert {*data["points"][0]} == {"id", "place", "before", "after"}
    assert all(point["before"].startswith("data:image/webp;base64,") for point in data["points"])
    assert not re.search(r'(src|href)="(?!data:)', page.replace('src=""', ""))
    assert "://" not in page.replace(str(result), "")
    assert "default-src 'none'" in page and re.search(r"script-src 'sha256-[\w+/]{43}='", page)
    assert "confidence" not in page and "stratum" not in page


def test_names_of_classes_are_text_on_the_page(raster: Path, images: tuple[Path, Path], tmp_path: Path) -> None:
    classes = (MapClass(0, "no change"), MapClass(1, "</script><script>alert(1)</script>"))
    before, after = images
    drawn(raster, tmp_path / "s", points=20, least=5, classes=classes, change=1, before=before, after=after, context=8)
    page = (tmp_path / "s" / "interpret.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and page.count("</script>") == 2


def test_pictures_are_of_the_ground_of_the_map(raster: Path, change: NDArray[np.uint8], tmp_path: Path) -> None:
    """Images on another grid are laid on that of the map: what is drawn where change is, is seen there."""
    large = np.full((80, 100, 3), 40, np.uint8)
    large[10:70, 10:90][change == 1] = 200
    grid = utm_grid(80, 100, left=399_900, top=5_600_100)
    before = write_geotiff(
        tmp_path / "b.tif", np.full_like(large, 40) + np.arange(100, dtype=np.uint8)[:, None] % 2, grid
    )
    after = write_geotiff(tmp_path / "a.tif", large, grid)
    found = drawn(raster, tmp_path / "s", points=16, least=8, before=before, after=after, context=9, **OF_CHANGE)
    for point in found.points.itertuples():
        with Image.open(tmp_path / "s" / "chips" / f"{point.id}_after.png") as chip:
            side = chip.size[0] // 9
            seen = np.array(chip)[4 * side + side // 2, 4 * side + side // 2, 0]
        assert (seen > 100) == (point.map_class == 1)


def test_a_map_of_any_classes_with_few_pixels_of_one(tmp_path: Path) -> None:
    land = np.full((30, 30), 7, np.uint16)
    land[:, 20:], land[0, :4], land[29], land[28] = 300, 12, 9, 65535
    path = write_geotiff(tmp_path / "land.tif", land, utm_grid(30, 30), nodata=65535)
    found = drawn(path, tmp_path / "s", points=140, least=30)
    assert {each.name: (each.map_class, each.points) for each in found.record.strata} == {
        "class 7": (7, 70), "class 9": (9, 30), "class 12": (12, 4), "class 300": (300, 36),
    }  # fmt: skip
    named = drawn(path, tmp_path / "n", points=20, least=5, classes=(MapClass(7, "forest"), MapClass(300, "mine")))
    assert named.record.other_pixels == 30 + 30 + 4 and {*named.points["stratum"]} == {"forest", "mine"}


def test_the_size_follows_from_the_error_that_is_wanted(raster: Path, tmp_path: Path) -> None:
    by_share = drawn(raster, tmp_path / "a", standard_error=0.02, least=10, expected={"Change": 0.8}, **OF_CHANGE)
    shares = by_share.record.shares
    wanted = (shares[0] * np.sqrt(0.95 * 0.05) + shares[1] * np.sqrt(0.8 * 0.2)) ** 2 / 0.02**2
    assert by_share.record.points == pytest.approx(wanted, rel=0.05)
    hectares = drawn(
        raster, tmp_path / "b", standard_error_ha=0.02 * by_share.record.hectares, least=10, expected={"change": 0.8},
        **OF_CHANGE,
    )  # fmt: skip
    assert hectares.record.points == by_share.record.points
    large = write_geotiff(tmp_path / "large.tif", np.tile(np.uint8([0, 1]), (400, 200)), utm_grid(400, 400))
    with pytest.raises(OptionError, match=r"needs [0-9,]+ points, at most 20,000 are drawn"):
        drawn(large, tmp_path / "c", standard_error_ha=0.01, **OF_CHANGE)


def test_pictures_without_a_place(tmp_path: Path, change: NDArray[np.uint8]) -> None:
    path = tmp_path / "map.png"
    Image.fromarray(np.where(change == 255, 0, change)).save(path)
    found = drawn(path, tmp_path / "s", points=40, least=10, metres_per_pixel=0.5, **OF_CHANGE)
    assert found.record.hectares == pytest.approx(60 * 80 * 0.25 / 10_000)
    assert found.points["lon"].isna().all() and (found.points.geometry.x == found.points["col"] + 0.5).all()
    with pytest.raises(OptionError, match=r"Hectares need the size of a pixel, .* \(--metres-per-pixel 0.5\)"):
        drawn(path, tmp_path / "t", points=40, **OF_CHANGE)
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"points": 60}, OptionError, "At least 100 points are needed, 50 in each of 2 strata, got 60"),
        ({"points": 100, "standard_error": 0.01}, OptionError, "One size of the sample is needed, got --points and"),
        ({"points": 1}, OptionError, "2 to 20,000 points, got 1"),
        ({"standard_error": 0.9}, OptionError, "a standard error of the overall accuracy from 0 to 0.5, got 0.9"),
        ({"expected": {"changes": 0.8}}, OptionError, "got 'changes': name one of 'no change', 'change'"),
        ({"expected": {"change": 1.0}}, OptionError, "an expected user's accuracy of 'change' between 0 and 1"),
        ({"confidence": (0.9,)}, OptionError, "Confidence is that of a result of minenetcd predict"),
        ({"confidence": (0.9, 0.7)}, OptionError, "ascending confidences between 0 and 1"),
        ({"change": 3}, OptionError, r"Change is to be one of the classes \(0, 1\), got 3"),
        ({"change": None, "buffer": 20.0}, OptionError, "A buffer lies around change"),
        ({"buffer": -1.0}, OptionError, "a buffer of metres, got -1.0"),
        ({"before": "b.tif"}, OptionError, "Both dates are needed for the pictures, got one"),
        ({"before": "b.tif", "after": "a.tif"}, RasterError, "There is no file b.tif"),
        ({"metres_per_pixel": 5.0}, OptionError, "leave --metres-per-pixel out"),
        ({"classes": (MapClass(1, "change"),)}, RasterError, "two strata or more is needed, .* holds 'change' alone"),
        ({"classes": (MapClass(5, "x"),), "change": None}, RasterError, "holds no pixel of a class"),
    ],
)
def test_what_cannot_be_sampled(
    raster: Path, tmp_path: Path, options: dict, error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message) as told:
        drawn(raster, tmp_path / "s", **{**OF_CHANGE, **options})
    assert "\n" not in str(told.value) and not (tmp_path / "s").exists()


def test_what_is_no_map(result: Path, images: tuple[Path, Path], tmp_path: Path) -> None:
    numbers = write_geotiff(tmp_path / "n.tif", np.arange(4800, dtype=np.uint16).reshape(60, 80), utm_grid(60, 80))
    for source, message in (
        (tmp_path / "none", "A map is needed, there is nothing at"),
        (tmp_path, "holds no details.zip"),
        (images[0], "One band of whole numbers is needed, classes, .* has 3 of uint8"),
        (numbers, "A map of at most 64 classes is needed"),
    ):
        with pytest.raises(InputError, match=message):
            drawn(source, tmp_path / "s")
    with pytest.raises(OptionError, match="The classes of a result are change and no change"):
        drawn(result, tmp_path / "s", change=1)
    images[0].rename(tmp_path / "moved.tif")
    with pytest.raises(RasterError, match=r"Pictures need both images, .*b.tif is not there: name both"):
        drawn(result, tmp_path / "s", points=100)
    assert drawn(result, tmp_path / "s", points=100, pictures=False).page is None
    (result / "probability.tif").write_bytes((result / "change.tif").read_bytes())
    with pytest.raises(RasterError, match="is another's or was changed: predict again"):
        drawn(result, tmp_path / "t", points=100, pictures=False)


def test_other_images_than_those_of_the_map_are_not_shown(
    result: Path, images: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)  # where the map was made its images had other names
    assert drawn(result, tmp_path / "s", points=100).page is not None
    with rasterio.open(images[1], "r+") as dataset:
        dataset.write(255 - dataset.read())
    with pytest.raises(RasterError, match=r"the images that the map was made from, .*a.tif was changed since then"):
        drawn(result, tmp_path / "t", points=100)


def test_dates_of_several_files_are_shown_as_they_were_read(images: tuple[Path, Path], tmp_path: Path) -> None:
    """Names with commas between, and a pattern: none of them is a file itself."""
    dates = []
    for name, image in zip(("b", "a"), images, strict=True):
        with rasterio.open(image) as dataset:
            pixels = dataset.read()
        for band, values in enumerate(pixels):
            write_geotiff(tmp_path / f"{name}_{band}.tif", values, utm_grid(*values.shape))
        dates.append([str(tmp_path / f"{name}_{band}.tif") for band in range(3)])
    before, after = ",".join(dates[0]), str(tmp_path / "a_?.tif")
    predict_scene(Difference(), before, after, tmp_path / "result", options=PredictOptions(bands=(1, 2, 3))).close()
    assert drawn(tmp_path / "result", tmp_path / "s", points=20, least=5, context=8).page is not None
    (tmp_path / "b_1.tif").unlink()
    with pytest.raises(
        RasterError, match=r"Pictures need both images, .*b_0.tif,.* cannot be read any more \(.*b_1.tif"
    ):
        drawn(tmp_path / "result", tmp_path / "t", points=20, least=5)


def test_references_are_never_lost_to_a_new_sample(result: Path, change: NDArray[np.uint8], tmp_path: Path) -> None:
    out = tmp_path / "s"
    drawn(result, out, points=12, least=5, context=8)
    drawn(result, out, points=10, least=5, context=8, seed=2)  # nothing is filled in yet
    assert len([*(out / "chips").iterdir()]) == 20
    judged(out, change, out / "samples.csv")
    kept = (out / "samples.csv").read_bytes()
    with pytest.raises(OutputPathError, match=r"samples\.csv holds references that somebody filled in"):
        drawn(result, out, points=10, least=5)
    assert (out / "samples.csv").read_bytes() == kept
    table = pd.read_csv(out / "samples.csv", dtype=str).assign(reference="")
    table.to_csv(out / "samples.csv", index=False)
    drawn(result, out, points=10, least=5, pictures=False)
    assert {path.name for path in out.iterdir() if path.is_file()} == {"sample.json", "samples.gpkg", "samples.csv"}


def test_the_later_picture_is_moved_back_where_the_map_was_made_so(tmp_path: Path) -> None:
    ground = gaussian_filter(np.random.default_rng(0).random((200, 240)), 1.5)
    ground = np.uint8(255 * (ground - ground.min()) / np.ptp(ground))[..., np.newaxis].repeat(3, axis=-1)
    dates = ground[20:180, 20:220].copy(), ground[23:183, 16:216].copy()  # the later one by 3 up, 4 to the right
    dates[1][80:120, 90:150] = 255 - dates[1][80:120, 90:150]
    before, after = (
        write_geotiff(tmp_path / name, date, utm_grid(160, 200)) for name, date in zip("ba", dates, strict=True)
    )
    predict_scene(Difference(), before, after, tmp_path / "r", options=PredictOptions(coregister=True)).close()
    found = drawn(tmp_path / "r", tmp_path / "s", points=30, least=4, context=8)
    known = found.points[(found.points["map_class"] == 0) & found.points["row"].between(20, 60)]
    assert len(known) >= 4
    for point in known.itertuples():
        chips = [np.array(Image.open(tmp_path / f"s/chips/{point.id}_{date}.png")) for date in ("before", "after")]
        assert np.abs(chips[0].astype(int) - chips[1]).mean() < 20  # moved by a tenth of a pixel, and stretched


def test_a_result_of_pictures_knows_its_pixels_from_the_prediction(tmp_path: Path) -> None:
    before = np.full((40, 50, 3), 20, np.uint8)
    after = before.copy()
    after[10:20, 10:30] = 220
    for name, date in (("b.png", before), ("a.png", after)):
        Image.fromarray(date).save(tmp_path / name)
    options = PredictOptions(metres_per_pixel=2.0)
    images = tmp_path / "b.png", tmp_path / "a.png"
    predict_scene(Difference(), *images, tmp_path / "r", options=options).close()
    found = drawn(tmp_path / "r", tmp_path / "s", points=20, least=5, context=8)
    areas = {stratum.name: stratum.hectares for stratum in found.record.strata}
    assert areas == pytest.approx({"no change": 1800 * 4 / 10_000, "change": 200 * 4 / 10_000})
    assert found.page is not None and found.points.crs is None


def test_images_of_another_place_are_refused(raster: Path, tmp_path: Path) -> None:
    dates = np.random.default_rng(0).integers(0, 255, (4, 60, 80, 3), dtype=np.uint8)
    far = utm_grid(60, 80, left=700_000)
    elsewhere = [write_geotiff(tmp_path / f"{n}.tif", date, far) for n, date in enumerate(dates[:2])]
    nowhere = [tmp_path / "b.png", tmp_path / "a.png"]
    for path, date in zip(nowhere, dates[2:], strict=True):
        Image.fromarray(date).save(path)
    for before, after in (elsewhere, nowhere):
        with pytest.raises(GridError, match=r"Images of the ground of the map are needed, .* lies elsewhere than"):
            drawn(raster, tmp_path / "s", points=20, least=5, before=before, after=after, **OF_CHANGE)
    assert not (tmp_path / "s").exists()
