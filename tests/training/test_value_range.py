"""One value scale: what a detector was trained on is what it is tested on, and what it predicts from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

import minenetcd
from fixtures.wide_pairs import wide_pair, write_tiff, write_wide
from minenetcd.configs.value_range import ValueRange
from minenetcd.data.loading import make_loader
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.errors import DataError, OptionError
from minenetcd.evaluation.testing import run_test
from minenetcd.models.base import ChangeModel
from minenetcd.training.inputs import fitted_to
from minenetcd.training.records.reporting import TrainingReporter
from minenetcd.training.settings import read_settings
from minenetcd.types import ChangeOutput

QUICK: dict[str, Any] = {
    "recipe": {"steps": 4, "batch_size": 2, "learning_rate": 0.01, "ema_decay": None},
    "trainer": {"trackers": [], "validate_steps": 4},
}


class PerPixel(ChangeModel):
    """Looks at single pixels, so that a test of a patch and a prediction in tiles agree to the bit."""

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__(in_channels=in_channels)
        self.weigh = nn.Conv2d(in_channels, 1, kernel_size=1)
        nn.init.constant_(self.weigh.weight, 10 / in_channels)
        nn.init.constant_(self.weigh.bias, -3)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        return ChangeOutput(self.weigh((after - before).abs()))


class Notes(TrainingReporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def detector(bands: int = 3, value_range: ValueRange | None = None) -> ChangeDetector:
    names = tuple(f"band{number}" for number in range(1, bands + 1))
    preprocessing = Preprocessing(names, (0.3,) * bands, (0.2,) * bands, value_range=value_range)
    return ChangeDetector(PerPixel(in_channels=bands), preprocessing=preprocessing).eval()


def trained(out: Path, data: str, **changes: Any) -> ChangeDetector:
    return minenetcd.train(PerPixel(), out, data={"name": data, "workers": 0}, device="cpu", **QUICK | changes)


def mask_of_a_test(detector: ChangeDetector, data: str, out: Path) -> NDArray[np.bool_]:
    """The mask of the first test pair, as `minenetcd test` writes it."""
    run_test(detector, data, out, workers=0, device="cpu")
    return np.asarray(Image.open(out / "masks" / "test_0.png")) > 0


def predicted(detector: ChangeDetector, folder: Path) -> NDArray[np.uint8]:
    return minenetcd.predict(detector, folder / "test/A/test_0.tif", folder / "test/B/test_0.tif").mask


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wide(tmp_path_factory.mktemp("wide"))


@pytest.fixture(scope="module")
def fine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wide(tmp_path_factory.mktemp("fine"), dtype="uint8", scale=255)


@pytest.fixture(scope="module")
def thirteen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wide(tmp_path_factory.mktemp("thirteen"), bands=13)


# --- one scale in training, test and prediction ---


@pytest.mark.slow  # a training, a test and a prediction
@pytest.mark.parametrize("query", ["?range=0,10000", ""])
def test_a_test_and_a_prediction_see_what_was_trained_on(query: str, wide: Path, tmp_path: Path) -> None:
    notes = Notes()
    trained(tmp_path / "run", f"{wide}{query}", reporter=notes)
    saved = json.loads((tmp_path / "run" / "config.json").read_text())["preprocessing"]["value_range"]
    again = minenetcd.from_pretrained(tmp_path / "run", trust="training")
    mask = mask_of_a_test(again, f"{wide}{query}", tmp_path / "test")
    assert 200 < mask.sum() < 320  # the square has 256 pixels
    np.testing.assert_array_equal(predicted(again, wide), mask)
    if query:
        assert saved == [0, 10_000] and notes.notes == []
    else:
        assert all(low < 1200 for low in saved[0]) and all(3500 < high < 5500 for high in saved[1])
        assert "not 8-bit: what becomes 0 and 1 was found from 4 training pairs" in notes.notes[0]
        with pytest.raises(OptionError, match="was started with other settings"):
            trained(tmp_path / "run", f"{wide}?range=0,10000", resume=True)
        assert trained(tmp_path / "run", str(wide), resume=True).preprocessing == again.preprocessing


@pytest.mark.parametrize("value_range", [None, 0.6])
@pytest.mark.parametrize(
    ("dtype", "scale", "bands"),
    [("uint8", 255, 3), ("uint16", 10_000, 3), ("int16", 10_000, 13), ("float32", 1, 4), ("float64", 1, 2)],
)
def test_a_test_and_a_prediction_find_the_same_pixels(
    dtype: str, scale: float, bands: int, value_range: float | None, tmp_path: Path
) -> None:
    folder = write_wide(tmp_path / "data", dtype=dtype, scale=scale, bands=bands, empty_rows=5)
    one = detector(bands, None if value_range is None else (0, value_range * scale))
    one.save_pretrained(tmp_path / "saved")
    again = minenetcd.from_pretrained(tmp_path / "saved", trust="training")
    assert again.preprocessing == one.preprocessing
    mask, found = mask_of_a_test(again, str(folder), tmp_path / "test"), predicted(again, folder)
    assert 100 < mask[5:].sum() < 320 and (found[:5] == 255).all()
    np.testing.assert_array_equal(found[5:], mask[5:])


@pytest.mark.parametrize(("dtype", "scale"), [("uint8", 255), ("uint16", 3060), ("float32", 1)])
def test_a_bright_change_leaves_unchanged_ground_unchanged(dtype: str, scale: float, tmp_path: Path) -> None:
    """The same reflectances in other units, 2 % of which become bright."""
    rng = np.random.default_rng(0)
    before = rng.normal((0.7, 0.43, 0.24), (0.1, 0.08, 0.05), (128, 128, 3)).clip(0.01, 1)
    after = before.copy()
    after[:18, :18] = 0.92
    paths = [
        write_tiff(tmp_path / f"{name}.tif", (np.moveaxis(date, -1, 0) * scale).astype(dtype))
        for name, date in (("before", before), ("after", after))
    ]
    mask = minenetcd.predict(detector(), *paths).mask == 1
    assert mask[:18, :18].mean() > 0.95
    mask[:18, :18] = False
    assert not mask.any()


def test_a_data_sets_range_serves_a_detector_without_and_has_to_agree_with_one(wide: Path) -> None:
    stated = minenetcd.load_dataset(f"{wide}?range=0,10000", "test")
    ranged, free = (minenetcd.evaluate(detector(3, own), stated, workers=0) for own in ((0, 10_000), None))
    np.testing.assert_array_equal(ranged.histogram, free.histogram)
    with pytest.raises(OptionError, match=r"value range 0 to 9000, .* says 0 to 10000: leave range out of the data"):
        minenetcd.evaluate(detector(3, (0, 9000)), stated, workers=0)
    settings = read_settings("fc_ef", data=f"{wide}", preprocessing={"value_range": [0, 9000]})
    with pytest.raises(OptionError, match=r"reads the value range 0 to 9000, .* says 0 to 10000: leave"):
        fitted_to(settings, stated)


def test_images_of_other_numbers_are_refused_in_one_line(wide: Path, fine: Path) -> None:
    far, near = detector(3, (0, 10_000)), detector(3, (0, 255))
    for refused in (
        lambda: predicted(far, fine),
        lambda: predicted(near, wide),
        lambda: minenetcd.evaluate(far, minenetcd.load_dataset(fine, "test"), workers=0),
        lambda: minenetcd.evaluate(near, minenetcd.load_dataset(wide, "test"), workers=0),
    ):
        with pytest.raises((OptionError, DataError), match=r"range 0 to (10000|255)") as caught:
            refused()
        assert "\n" not in str(caught.value)


def test_what_is_no_range_is_refused(wide: Path) -> None:
    for value_range in ([5, 5], [0], [[0, 1], [2, 3]], "wide", [0, float("inf")]):
        with pytest.raises(OptionError, match=r"preprocessing") as caught:
            read_settings("fc_ef", data=f"{wide}", preprocessing={"value_range": value_range})
        assert "\n" not in str(caught.value)


# --- what a data set leaves open ---


def test_what_is_open_is_found_from_training_pairs(wide: Path, fine: Path) -> None:
    settings = read_settings("fc_ef", data=f"{wide}")
    found, again = (fitted_to(settings, minenetcd.load_dataset(wide, "train")) for _ in range(2))
    assert found == again
    low, high = found.settings.preprocessing.value_range or (None, None)
    assert isinstance(low, tuple) and isinstance(high, tuple) and max(low) < 1200 < 3500 < min(high)
    assert found.settings.preprocessing.mean == settings.preprocessing.mean  # ImageNet's, of colours
    assert fitted_to(settings, minenetcd.load_dataset(fine, "train")) == (settings, ())
    stated = fitted_to(settings, minenetcd.load_dataset(f"{wide}?range=0,10000", "train")).settings
    assert stated.preprocessing.value_range == (0, 10_000)


def test_pixels_without_data_take_no_part(tmp_path: Path) -> None:
    folder = write_wide(tmp_path, empty_rows=24)
    found = fitted_to(read_settings("fc_ef", data="x"), minenetcd.load_dataset(folder, "train")).settings
    whole = fitted_to(read_settings("fc_ef", data="x"), minenetcd.load_dataset(write_wide(tmp_path / "b"), "train"))
    ranges = (found.preprocessing.value_range, whole.settings.preprocessing.value_range)
    (low, high), (all_low, all_high) = (np.array(value_range) for value_range in ranges)
    assert (np.abs(low - all_low) < 400).all() and (np.abs(high - all_high) < 400).all()


def test_a_network_reads_as_many_bands_as_the_images_have(thirteen: Path) -> None:
    found = fitted_to(read_settings("bit", data="x"), minenetcd.load_dataset(thirteen, "train"))
    settings = found.settings
    assert settings.model.options["in_channels"] == 13 and settings.pretrained_backbone is False
    assert settings.preprocessing.bands == tuple(f"band{number}" for number in range(1, 14))
    assert all(0.1 < mean < 0.6 for mean in settings.preprocessing.mean)
    assert found.notes[0].startswith("The images have 13 bands, and the network reads them all, without weights of")
    chosen = fitted_to(read_settings("fc_ef", data="x"), minenetcd.load_dataset(f"{thirteen}?bands=2,3,4,8", "train"))
    assert chosen.settings.preprocessing.bands == ("band2", "band3", "band4", "band8")
    said = read_settings({"base": "fc_ef", "model": {"name": "fc_ef", "in_channels": 3}}, data="x")
    assert fitted_to(said, minenetcd.load_dataset(thirteen, "train")).settings.preprocessing.bands[0] == "red"


@pytest.mark.slow  # a training
def test_thirteen_bands_train_test_and_predict_without_a_word(thirteen: Path, tmp_path: Path) -> None:
    one = minenetcd.train("fc_ef", tmp_path, data={"name": str(thirteen), "workers": 1}, device="cpu", **QUICK)
    again = minenetcd.from_pretrained(tmp_path)
    assert again.describe() == one.describe() and again.model.config["in_channels"] == 13
    result = minenetcd.evaluate(again, minenetcd.load_dataset(thirteen, "test"), workers=1)
    assert result.counts.sum() == 2 * 48 * 48
    assert predicted(again, thirteen).shape == (48, 48)


def test_a_network_of_three_bands_reads_the_first_three(thirteen: Path, wide: Path, tmp_path: Path) -> None:
    three = detector(3, (0, 6000))
    mask = mask_of_a_test(three, str(thirteen), tmp_path / "a")
    np.testing.assert_array_equal(mask, mask_of_a_test(three, f"{thirteen}?bands=1,2,3", tmp_path / "b"))
    np.testing.assert_array_equal(mask, predicted(three, thirteen))
    four = detector(4)
    for refused in (
        lambda: minenetcd.evaluate(four, minenetcd.load_dataset(thirteen, "test"), workers=0),
        lambda: predicted(four, thirteen),
    ):
        with pytest.raises(OptionError, match=r"4 bands .*\(band1, band2, band3, band4\).* 13: name those to read"):
            refused()


def in_red(folder: Path, before: tuple[str, ...], after: tuple[str, ...]) -> Path:
    """Test pairs of five bands with names, in which red alone changes."""
    for index in range(2):
        first, second, mask = wide_pair(index, 5)
        order = [before.index(name) for name in after] if all(after) else list(range(5))
        brighter, second = second[0] - first[0], first[order]
        second[order.index(before.index("red"))] += brighter
        for kind, image, names in (("A", first, before), ("B", second, after)):
            path = write_tiff(folder / "test" / kind / f"test_{index}.tif", (image * 10_000).astype(np.uint16))
            with rasterio.open(path, "r+") as file:
                file.descriptions = names
        write_tiff(folder / "test" / "label" / f"test_{index}.tif", mask[None])
    return folder


NAMED, TURNED = ("nir", "blue", "green", "red", "swir16"), ("red", "green", "blue", "nir", "swir16")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (NAMED, NAMED, "Of the 5 bands of the images PerPixel reads 4, 3, 2, as red, green, blue by their files."),
        (NAMED, TURNED, "reads 4, 3, 2, as red"),  # both dates stand in the order of the before image
        (NAMED, ("",) * 5, "reads 4, 3, 2, as red"),
    ],
)
def test_a_network_of_three_bands_reads_what_files_call_red_green_and_blue(
    before: tuple[str, ...], after: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    folder = in_red(tmp_path / "data", before, after)
    three = detector(3, (0, 6000))
    tested = run_test(three, str(folder), tmp_path / "test", workers=0, device="cpu", beside=0)
    assert tested.bands_note is not None and words.replace("PerPixel", three.name) in tested.bands_note
    mask = np.asarray(Image.open(tmp_path / "test/masks/test_0.png")) > 0
    np.testing.assert_array_equal(mask, predicted(three, folder))
    assert tested.result.confusion.tp > 400 and tested.result.confusion.fp == 0  # of 512


def test_files_that_say_nothing_are_read_as_they_stand_and_it_is_said(thirteen: Path, tmp_path: Path) -> None:
    three = detector(3, (0, 6000))
    found = run_test(three, str(thirteen), tmp_path / "a", workers=0, device="cpu", beside=0)
    assert found.bands_note is not None and "Of the 13 bands" in found.bands_note
    assert "reads the first three, as red, green, blue (?bands=3,2,1" in found.bands_note
    chosen = run_test(three, f"{thirteen}?bands=1,2,3", tmp_path / "b", workers=0, device="cpu", beside=0)
    assert chosen.bands_note is None


def test_one_order_of_colours_is_needed_in_a_data_set(tmp_path: Path) -> None:
    folder = in_red(tmp_path / "data", NAMED, NAMED)
    for kind in "AB":
        with rasterio.open(folder / "test" / kind / "test_1.tif", "r+") as file:
            file.descriptions = TURNED
    with pytest.raises(OptionError, match=r"One order of red, green and blue .*\?bands=red,green,blue"):
        minenetcd.evaluate(detector(3, (0, 6000)), minenetcd.load_dataset(folder, "test"), workers=0)
    named = minenetcd.load_dataset(f"{folder}?bands=red,green,blue", "test")
    assert minenetcd.evaluate(detector(3, (0, 6000)), named, workers=0).confusion.fp == 0


def test_a_network_with_other_bands_than_its_preprocessing_is_refused() -> None:
    with pytest.raises(OptionError, match=r"takes 13 bands, its preprocessing names 3 \(red, green, blue\)"):
        ChangeDetector(PerPixel(in_channels=13), preprocessing=Preprocessing())
    assert len(ChangeDetector(PerPixel(in_channels=13)).preprocessing.bands) == 13
    followed = minenetcd.from_config({"model": {"name": "fc_ef", "in_channels": 13}})
    assert followed.preprocessing.mean == (0.5,) * 13


# --- on their way into a batch ---


@pytest.mark.parametrize("augmentation", ["none", "strong"])
@pytest.mark.parametrize(("dtype", "scale"), [("uint16", 10_000), ("float32", 1)])
def test_numbers_stay_what_they_are_in_any_number_of_workers(
    augmentation: str, dtype: str, scale: float, tmp_path: Path
) -> None:
    data = minenetcd.load_dataset(write_wide(tmp_path, dtype=dtype, scale=scale, bands=5), "train")
    (here,), (elsewhere,) = (
        make_loader(data, batch_size=4, workers=workers, seed=0, augmentation=augmentation, crop=32)
        for workers in (0, 1)
    )
    for one, other in zip(here[:2], elsewhere[:2], strict=True):
        assert torch.equal(one, other) and one.shape == (4, 5, 32, 32) and str(one.dtype) == f"torch.{dtype}"


def test_8_bit_and_other_pairs_are_not_mixed_in_one_batch(tmp_path: Path) -> None:
    folder = write_wide(tmp_path / "data", dtype="float32", scale=1)
    before, after, _ = wide_pair(0)
    for kind, image in (("A", before), ("B", after)):
        write_tiff(folder / "train" / kind / "train_0.tif", (image * 255).astype(np.uint8))
    with pytest.raises(DataError, match=r"8 bits alone, or without any, 'train_0' is uint8, 'train_1' float32: bring"):
        list(make_loader(minenetcd.load_dataset(folder, "train"), batch_size=2, workers=0, seed=0))


@pytest.mark.slow  # a training
def test_pairs_in_python_keep_their_numbers(tmp_path: Path) -> None:
    pairs = [tuple(np.moveaxis(part, 0, -1) if part.ndim == 3 else part for part in wide_pair(i)) for i in range(8)]
    pairs[0][1][:5, :5] = np.nan
    data = {"train": pairs[:6], "val": pairs[6:]}
    one = minenetcd.train(PerPixel(), tmp_path / "run", data=data, device="cpu", **QUICK)
    low, high = np.array(one.preprocessing.value_range)
    assert (low < 0.12).all() and (high > 0.3).all()
    before, after, mask = pairs[7]
    assert ((one.probability(before, after) >= one.threshold) == mask).mean() > 0.95
