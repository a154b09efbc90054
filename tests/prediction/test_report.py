"""The report holds everything itself, says what was found, and lets no text act as markup."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window

from fixtures.scene_files import utm_grid
from minenetcd.constants import Provenance, TrainedOn
from minenetcd.display.agreement import agreement_picture
from minenetcd.display.words import number
from minenetcd.evaluation.confusion import Confusion
from minenetcd.geo.align import open_pair
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.report.figures import agreement_image, change_image, probability_image
from minenetcd.prediction.report.frame import scale_bar
from minenetcd.prediction.report.north import North
from minenetcd.prediction.report.pictures import Block, date_pictures, small_mask, small_probability
from minenetcd.prediction.result import ScenePrediction
from minenetcd.prediction.scene import PredictOptions, predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference


@pytest.mark.parametrize("bands", [1, 2, 6, 13])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_both_dates_are_shown_by_one_stretch_whatever_their_bands(tmp_path: Path, bands: int, dtype: str) -> None:
    before = np.random.default_rng(0).integers(20, 120, (40, 50, bands)).astype(dtype)
    paths = tmp_path / "before.tif", tmp_path / "after.tif"
    for path, pixels in zip(paths, (before, before * np.array(2, dtype)), strict=True):
        with RasterWriter(path, utm_grid(40, 50), dtype=dtype, bands=bands) as writer:
            writer.write(pixels, Window(0, 0, 50, 40))
    with open_pair(*paths, bands=tuple(range(1, bands + 1))) as pair:
        shown = date_pictures(pair)
    assert shown.before.shape == shown.after.shape == (40, 50, 3)
    assert shown.after.mean() > 1.5 * shown.before.mean()
    if bands < 3:
        assert np.array_equal(shown.after[..., 0], shown.after[..., 2])


class Page(HTMLParser):
    """The elements of a page and what they point to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.html = path.read_text(encoding="utf-8")
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.words: list[str] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.targets += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def images(self) -> list[Image.Image]:
        return [Image.open(io.BytesIO(base64.b64decode(target.partition(",")[2]))) for target in self.targets]


def dates(height: int = 60, width: int = 90) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    before, after = np.random.default_rng(0).normal(50, 2, (2, height, width)).astype(np.uint8)
    for row in range(4, height - 4, 8):
        after[row : row + 3, 5 : 6 + row] += 190
        after[row : row + 3, 5 : 6 + row : 2] -= 45  # rough, unlike clouds
    return before, after


def predict(
    write_scene: WriteScene, detector: Difference | None = None, *, name: str = "b.tif", **options: float
) -> ScenePrediction:
    before, after = dates()
    grid = None if name.endswith(".png") else utm_grid(*before.shape)
    paths = write_scene(name, before, grid), write_scene(f"after-{name}", after, grid)
    return predict_scene(detector or Difference(), *paths, options=PredictOptions(**options))


@pytest.mark.parametrize("name", ["b.tif", "b.png"])
def test_it_needs_nothing_from_outside(write_scene: WriteScene, tmp_path: Path, name: str) -> None:
    page = Page(predict(write_scene, name=name).save(tmp_path / "out", truth=np.zeros((60, 90), np.uint8)).report)
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert len(page.targets) == 5
    assert all(re.match("data:image/(webp|jpeg);base64,", target) for target in page.targets)
    assert "url(" not in page.html and "@import" not in page.html and "http" not in page.html.replace("http-equiv", "")
    assert "default-src 'none'" in page.html
    assert all(max(image.size) <= 900 and image.mode in ("RGB", "RGBA") for image in page.images)
    assert "$" not in page.html


def test_it_says_what_was_found(write_scene: WriteScene, tmp_path: Path) -> None:
    found = predict(write_scene, min_area_ha=0.2)
    text = Page(found.save(tmp_path / "out").report).text
    assert f"Changed {number(found.hectares)} ha" in text
    assert f"Share of the analysed area {number(100 * found.changed_share)} %" in text
    assert f"{len(found.polygons)} separate changes, those below 0.2 ha left out." in text
    assert re.search(r"Before image, whole 5,400 (53\.9|54\.0)\d 100\.00 %", text)
    assert (
        "EPSG:32633 (WGS 84 / UTM zone 33N)" in text
        and "1, 2, 3 as red, green, blue (by its colour tag), uint8" in text
        and "90 x 60 pixels" in text
    )
    assert "where its probability reaches 0.5" in text and "trained on arithmetic." in text and "not a survey" in text
    assert "Computed in" in text and "Warning." not in text and "Against the truth" not in text
    largest = found.polygons.iloc[0]
    point = found.polygons.geometry.head(1).representative_point().to_crs("EPSG:4326").iloc[0]
    row = f"1 {number(largest['area_ha'])} {largest['confidence_mean']:.3f} {point.x:.5f} {point.y:.5f}"
    assert row in text


def test_it_lists_ten_and_counts_the_rest(write_scene: WriteScene, tmp_path: Path) -> None:
    before = np.full((40, 130), 10, np.uint8)
    after = before.copy()
    for site in range(12):
        after[5 : 8 + site, 10 * site : 10 * site + 5] = 250
    paths = write_scene("b.tif", before, utm_grid(40, 130)), write_scene("a.tif", after, utm_grid(40, 130))
    page = Page(predict_scene(Difference(), *paths, tmp_path / "out").saved.report)
    assert page.html.count('class="mark"') == 10
    assert "2 smaller changes add 0.350 ha." in page.text


def test_nothing_found_is_said(write_scene: WriteScene, tmp_path: Path) -> None:
    text = Page(predict(write_scene, threshold=0.99).save(tmp_path / "out").report).text
    assert "No change was found." in text and "Changed 0 ha" in text


def test_warnings_and_limits_are_shown(write_scene: WriteScene, tmp_path: Path) -> None:
    detector = Difference(provenance=Provenance(), metres_per_pixel=(0.6, 2.4))
    found = predict(write_scene, detector)
    text = Page(found.save(tmp_path / "out").report).text
    assert len(found.warnings) == 2 and all(f"Warning. {warning}" in text for warning in found.warnings)
    assert "this map says nothing certain about the place" in text


def test_text_from_outside_is_escaped(write_scene: WriteScene, tmp_path: Path) -> None:
    evil = '<script>alert("1")</script>'
    provenance = Provenance(trained_on=TrainedOn(evil), limits=evil, metrics={"f1": evil})
    detector = Difference(name=evil, provenance=provenance)
    page = Page(predict(write_scene, detector, name="b&<i>.tif").save(tmp_path / "out").report)
    assert "script" not in page.tags and "i" in page.tags  # the mark of the threshold; the file's name adds none
    assert page.html.count("<i>") == page.html.count("<i></i>")  # those of scales
    assert evil in page.text and "b&<i>.tif" in page.text


def test_the_name_of_a_second_opinion_is_escaped(write_scene: WriteScene, tmp_path: Path) -> None:
    paths = [write_scene(name, date, utm_grid(*date.shape)) for name, date in zip("ba", dates(), strict=True)]
    second = Difference(name="<script>x</script>", threshold=0.7)
    page = Page(predict_scene(Difference(), *paths, second=second).save(tmp_path / "out").report)
    assert "script" not in page.tags and "the share of each that <script>x</script> calls changed" in page.text


def test_a_truth_is_scored(write_scene: WriteScene, tmp_path: Path) -> None:
    found = predict(write_scene)
    truth = found.mask.copy()
    truth[:, :30] = 0
    truth[50:, :] = 1
    truth[:5, :] = 255
    text = Page(found.save(tmp_path / "out", truth=truth).report).text
    counts = Confusion.count(found.mask, truth)
    assert min(counts.tp, counts.fp, counts.fn, counts.tn) > 0
    for name, count in (
        ("True positives", counts.tp),
        ("False positives", counts.fp),
        ("False negatives", counts.fn),
        ("True negatives", counts.tn),
    ):
        assert f"{name} {count:,}" in text
    assert f"F1 {counts.f1:.4f}" in text and f"Change IoU (cIoU) {counts.ciou:.4f}" in text
    assert f"Overall accuracy {counts.oa:.4f} Precision {counts.precision:.4f} Recall {counts.recall:.4f}" in text


def test_maps_have_a_scale_in_metres_and_pictures_in_pixels(write_scene: WriteScene, tmp_path: Path) -> None:
    ground = Page(predict(write_scene).save(tmp_path / "ground").report)
    picture = Page(predict(write_scene, name="b.png").save(tmp_path / "picture").report)
    assert ground.html.count('class="scale"') == 4 and "200 m" in ground.text
    assert picture.html.count('class="scale"') == 4 and "20 pixels" in picture.text
    assert not re.search(r"\b(hectares|ha)\b", picture.text)
    stated = Page(predict(write_scene, name="b.png", metres_per_pixel=3.0).save(tmp_path / "stated").report)
    assert "50 m" in stated.text and "3 m on the ground, as stated" in stated.text
    ratio = re.search(r"aspect-ratio: ([\d.]+) / ([\d.]+)", ground.html)
    assert float(ratio[1]) / float(ratio[2]) == pytest.approx(1.5, rel=1e-3)


def test_a_map_says_what_its_colours_mean_and_where_it_lies(write_scene: WriteScene, tmp_path: Path) -> None:
    ground = Page(predict(write_scene).save(tmp_path / "ground").report)
    left, _, _, top = utm_grid(60, 90).bounds
    corner = f"E {left:,.1f}; N {top:,.1f}".replace(",", " ").replace(";", ",")
    for words in ("changed", "unchanged: the after image", f"Top left {corner}", "10 x 10 m on the ground"):
        assert words in ground.text
    assert ground.html.count('class="north"') == 4 and "true north" in ground.text
    picture = Page(predict(write_scene, name="b.png").save(tmp_path / "picture").report)
    assert 'class="north"' not in picture.html and "the images are pictures" in picture.text


@pytest.mark.parametrize("turned", [0, 30, -100])
def test_the_arrow_follows_the_grid(turned: float) -> None:
    """North of an image turned clockwise by so much lies that much to the left of its top."""
    upright = utm_grid(60, 90)
    grid = replace(upright, transform=upright.transform @ Affine.rotation(turned))
    north, before = North.of(grid), North.of(upright)
    assert north is not None and before is not None and before.grid == pytest.approx(0, abs=1e-9)
    assert north.grid == pytest.approx(-turned, abs=0.1)
    assert north.convergence == pytest.approx(before.convergence, abs=0.05)


@settings(deadline=None)
@given(st.floats(1, 1e6))
def test_scale_bars_are_round_and_fit(metres: float) -> None:
    share, label = scale_bar(metres)
    assert 0.1 < share <= 0.3 + 1e-9
    value, unit = label.split()
    length = float(value) * {"m": 1, "km": 1000}[unit]
    assert length == pytest.approx(share * metres)
    assert f"{length:e}"[0] in "125"


def test_agreement_has_the_papers_colours() -> None:
    mask = np.array([[1, 0, 1, 0, 255, 0]], np.uint8)
    truth = np.array([[1, 0, 0, 1, 1, 255]], np.uint8)
    image = agreement_image(mask, truth, mask.shape)
    assert np.array_equal(image[..., :3], agreement_picture(mask == 1, truth))
    assert image[0, :, 3].tolist() == [255, 255, 255, 255, 0, 255]


def test_change_is_outlined_and_probability_darkens() -> None:
    mask = np.zeros((450, 450), np.uint8)
    mask[100:200, 100:200] = 1
    mask[:, :10] = 255
    image = change_image(np.full((450, 450, 3), 128, np.uint8), mask)
    assert image.shape == (900, 900, 4)
    assert (image[200, 200:400, :3] == image[399, 200:400, :3]).all() and (image[200, 200] != image[300, 300]).any()
    assert image[300, 300, 0] > image[300, 300, 1] and image[0, 0, 3] == 0 and image[0, 20, 3] == 255
    ramp = probability_image(np.array([[0, 0.25, 0.5, 0.75, 1, np.nan]], np.float32))
    lightness = ramp[0, :5, :3] @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(lightness) < -20).all() and ramp[0, :, 3].tolist() == [255] * 5 + [0]


def test_small_maps_lose_no_site_and_average_probability(tmp_path: Path) -> None:
    grid = utm_grid(1200, 1300)
    stored = StoredProbability(0.5)
    probability = np.full(grid.shape, 0.2, np.float32)
    probability[601, 777] = 0.9
    probability[:, 1000:] = np.nan
    scene = SceneRasters(grid, stored, tmp_path / "p.tif", tmp_path / "m.tif", {})
    for writer, pixels in (
        (scene.probability_writer(), stored.encode(probability)),
        (scene.mask_writer(), stored.mask(stored.encode(probability))),
    ):
        with writer as opened:
            assert isinstance(opened, RasterWriter)
            opened.write(pixels, Window(0, 0, 1300, 1200))
    mask = small_mask(scene, Window(0, 0, 1300, 1200), (120, 130))
    assert np.argwhere(mask == 1).tolist() == [[60, 77]] and (mask[:, 100:] == 255).all()
    mean = small_probability(scene, Window(0, 0, 1300, 1200), (120, 130))
    assert mean[60, 77] == pytest.approx((99 * 51 + 229) / 254 / 100, rel=1e-5)
    assert np.isnan(mean[:, 100:]).all() and np.isfinite(mean[:, :100]).all()


@given(st.integers(1, 200), st.integers(1, 60), st.integers(1, 12))
def test_small_images_hold_what_numpy_adds_up(height: int, width: int, rows: int) -> None:
    """Bit for bit, however many rows go into one."""
    down, across = (np.arange(0, side + 1, step) for side, step in ((height, min(rows, height)), (width, 1)))
    values = np.random.default_rng(0).random((down[-1], width), dtype=np.float32)
    block = Block(slice(0, len(down) - 1), values, down, across)
    assert np.array_equal(block.sums(values), np.add.reduceat(values, down[:-1], axis=0))
