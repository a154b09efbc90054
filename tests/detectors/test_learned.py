"""The detector: arrays in, probability out, and nothing lost between saving and loading."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from minenetcd.constants import Provenance, TrainedOn
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.detectors.sources import list_detectors
from minenetcd.errors import InputError, OptionError, OutputError, SizeError, UnknownNameError, WeightsError
from minenetcd.geo.values import Limits
from minenetcd.models.catalog import create_model
from minenetcd.runtime.device import choose_device
from minenetcd.types import change_probability

SMALL = {"name": "minenetcd", "backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16}


@pytest.fixture(scope="module")
def detector() -> ChangeDetector:
    """A small network with weights that make it react to what it sees."""
    torch.manual_seed(0)
    detector = ChangeDetector.from_config({"model": SMALL})
    with torch.no_grad():
        for parameter in detector.model.decoder.classifier.parameters():
            parameter.mul_(30)
    return detector.eval()


def images(height: int = 48, width: int = 64, *, dtype: Any = np.uint8, bands: int = 3) -> tuple[NDArray, NDArray]:
    """Two smooth dates (H, W, bands) over 0..255 with a changed square, as `dtype`."""
    rows, columns = np.mgrid[:height, :width]
    before = np.stack([127 + 120 * np.sin(rows / (5 + b) + columns / (7 + b)) for b in range(bands)], axis=-1)
    after = before.copy()
    after[: height // 2, : width // 2] = 255 - after[: height // 2, : width // 2]
    return before.astype(dtype), after.astype(dtype)


# --- arrays ---


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 100), (33, 47), (64, 64)])
def test_images_of_any_size_and_number_type(detector: ChangeDetector, size: tuple[int, int], dtype: Any) -> None:
    probability = detector.probability(*images(*size, dtype=dtype))
    assert probability.shape == size
    assert probability.dtype == np.float32
    assert np.isfinite(probability).all()
    assert 0 <= probability.min() <= probability.max() <= 1


def test_it_is_the_network_on_normalised_pixels(detector: ChangeDetector) -> None:
    before, after = images(64, 96)
    mean, std = (torch.tensor(x)[:, None, None] for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    tensors = [(torch.from_numpy(x).permute(2, 0, 1)[None].float() / 255 - mean) / std for x in (before, after)]
    with torch.inference_mode():
        by_hand = change_probability(detector.model(*tensors).logits)[0].numpy()
    probability = detector.probability(before, after)
    np.testing.assert_allclose(probability, by_hand, rtol=0, atol=1e-5)
    assert np.ptp(probability) > 0.01  # the weights do react


def test_other_numbers_are_stretched_between_percentiles(detector: ChangeDetector) -> None:
    """A gain and an offset, as between sensors, leave no trace."""
    before, after = images(dtype=np.float64)
    expected = detector.probability(before, after)
    np.testing.assert_allclose(detector.probability(before * 40 + 900, after * 40 + 900), expected, atol=1e-4)
    np.testing.assert_allclose(detector.probability(before / 1e4, after / 1e4), expected, atol=1e-4)


def test_limits_are_255_or_percentiles_of_valid_pixels(detector: ChangeDetector) -> None:
    before, _ = images()
    assert [x.tolist() for x in detector.limits(before)] == [[0] * 3, [255] * 3]
    scene = np.linspace(100, 200, 48 * 64, dtype=np.float32).reshape(48, 64, 1).repeat(3, axis=-1)
    low, high = detector.limits(scene)
    np.testing.assert_allclose((low[0], high[0]), (101, 199), atol=0.1)
    holed, valid = scene.copy(), np.ones((48, 64), bool)
    holed[:24], valid[:24] = -9999, False
    assert detector.limits(holed, valid).low[0] == pytest.approx(150.5, abs=0.2)
    assert detector.limits(np.full((8, 8, 3), 7, np.uint16))[1].tolist() == [8] * 3
    assert detector.limits(np.full((8, 8, 3), np.nan)).high.tolist() == [1] * 3


def test_limits_can_be_given(detector: ChangeDetector) -> None:
    """A tile with the limits of its scene."""
    before, after = images()
    scene = Limits(np.zeros(3, np.float32), np.full(3, 255, np.float32))
    as_floats = detector.probability(before.astype(np.float32), after.astype(np.float32), limits=(scene, scene))
    np.testing.assert_array_equal(as_floats, detector.probability(before, after))


def test_views_are_taken_as_they_are_and_left_alone(detector: ChangeDetector) -> None:
    before, after = images()
    expected = detector.probability(before[::-1, ::2].copy(), after[::-1, ::2].copy())
    before.flags.writeable = after.flags.writeable = False
    np.testing.assert_array_equal(detector.probability(before[::-1, ::2], after[::-1, ::2]), expected)


def test_what_lies_under_missing_data_does_not_matter(detector: ChangeDetector) -> None:
    before, after = images()
    valid = np.ones(before.shape[:2], bool)
    valid[10:20, 30:50] = False
    expected = detector.probability(before, after, valid=valid)
    before[~valid], after[~valid] = 17, 230
    np.testing.assert_array_equal(detector.probability(before, after, valid=valid), expected)
    assert not np.array_equal(detector.probability(before, after), expected)
    assert np.isfinite(detector.probability(before, after, valid=np.zeros_like(valid))).all()


def test_pixels_that_are_no_numbers_count_as_missing(detector: ChangeDetector) -> None:
    before, after = images(dtype=np.float32)
    valid = np.ones(before.shape[:2], bool)
    valid[5:9, 5:9] = valid[20, 20] = False
    expected = detector.probability(before, after, valid=valid)
    before[5:9, 5:9, 0], after[5:9, 5:9] = np.nan, np.nan
    before[20, 20], after[20, 20] = np.inf, -np.inf
    found = detector.probability(before, after)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_batch_is_its_single_images(detector: ChangeDetector) -> None:
    pairs = [images(40, 56), images(40, 56)[::-1], (images(40, 56)[0],) * 2]
    valid = np.ones((3, 40, 56), bool)
    valid[1, :10] = False
    batch = detector.probabilities(*(np.stack(dates) for dates in zip(*pairs, strict=True)), valid)
    for (before, after), mask, together in zip(pairs, valid, batch, strict=True):
        np.testing.assert_allclose(detector.probability(before, after, valid=mask), together, rtol=0, atol=1e-5)


def test_the_network_takes_the_dates_in_its_order(detector: ChangeDetector) -> None:
    turned = ChangeDetector(detector.model, preprocessing=Preprocessing(date_order=("after", "before")))
    before, after = images()
    np.testing.assert_array_equal(turned.probability(before, after), detector.probability(after, before))
    assert not np.allclose(turned.probability(before, after), detector.probability(before, after))


def test_predicting_leaves_training_mode_as_it_was(detector: ChangeDetector) -> None:
    expected = detector.probability(*images())
    detector.train()
    try:
        np.testing.assert_array_equal(detector.probability(*images()), expected)
        assert detector.training
    finally:
        detector.eval()


def test_shapes_that_do_not_fit_are_told(detector: ChangeDetector) -> None:
    before, after = images()
    wrong: list[tuple[Any, str]] = [
        ((before, after[:40]), r"one shape \(H, W, C\), got \(48, 64, 3\) and \(40, 64, 3\)"),
        ((before[..., 0], after[..., 0]), "two images of one shape"),
        ((before[..., :2], after[..., :2]), r"3 bands \(red, green, blue\) in the last axis"),
        ((before[:0], after[:0]), "select these bands"),
    ]
    for dates, message in wrong:
        with pytest.raises(SizeError, match=message):
            detector.probability(*dates)
    with pytest.raises(SizeError, match=r"valid needs the images' shape \(48, 64\), got \(64, 48\)"):
        detector.probability(before, after, valid=np.ones((64, 48), bool))


# --- made ready ---


def test_folded_for_inference_it_answers_the_same(detector: ChangeDetector) -> None:
    ready = detector.for_inference("cpu")
    expected = detector.probability(*images())
    np.testing.assert_allclose(ready.probability(*images()), expected, rtol=0, atol=1e-5)
    assert (ready.threshold, ready.preprocessing, ready.name) == (
        detector.threshold,
        detector.preprocessing,
        detector.name,
    )
    np.testing.assert_array_equal(detector.probability(*images()), expected)


def test_a_folded_detector_is_not_saved_wrongly(tmp_path: Path, detector: ChangeDetector) -> None:
    """Its tensors are not those its configuration builds; without layers to fold there is no difference."""
    with pytest.raises(OutputError, match="save the one it was made from"):
        detector.for_inference("cpu").save_pretrained(tmp_path)
    plain = ChangeDetector.from_config({"model": {"name": "fc_ef"}}).for_inference("cpu")
    plain.save_pretrained(tmp_path)
    again = ChangeDetector.from_pretrained(tmp_path)
    np.testing.assert_allclose(again.probability(*images()), plain.probability(*images()), rtol=0, atol=1e-5)


def test_devices_are_chosen_or_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    for name in ("cuda", "cuda:1", "tpu", "", "cpu:x", "cpu:01", "cuda:999", "auto:1"):
        with pytest.raises(OptionError, match="choose auto or one of cpu"):
            choose_device(name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == torch.device("cuda")
    assert choose_device("cuda:1") == torch.device("cuda:1")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_graphics_card_agrees_with_the_cpu(detector: ChangeDetector) -> None:
    ready = detector.for_inference("cuda")
    assert ready.device.type == "cuda"
    np.testing.assert_allclose(ready.probability(*images()), detector.probability(*images()), atol=2e-3)


# --- saved and loaded ---


@pytest.mark.parametrize(
    "config",
    [
        {"model": SMALL, "threshold": 0.37},
        {"model": SMALL | {"change_fft": "spatial", "num_classes": 3}},
        {"model": {"name": "fc_ef"}, "preprocessing": {"metres_per_pixel": None, "tile": 128}},
        {
            "model": {"name": "siamunet_diff", "in_channels": 4, "num_classes": 1},
            "preprocessing": {
                "bands": ["red", "green", "blue", "nir"],
                "mean": [0.1, 0.2, 0.3, 0.4],
                "std": [0.1, 0.2, 0.3, 1 / 3],
                "date_order": ["after", "before"],
            },
        },
    ],
    ids=["channel", "spatial", "fc_ef", "four bands"],
)
def test_a_round_trip_is_exact(tmp_path: Path, config: dict[str, Any]) -> None:
    detector = ChangeDetector.from_config(config).eval()
    trained_on = TrainedOn("scenes", "train", "0f3a", pairs=12, sites=3)
    detector.provenance = Provenance("mine", trained_on, metrics={"F1": 1 / 3}, limits="few", extra={"seen": [1, 2]})
    detector.save_pretrained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    again = ChangeDetector.from_pretrained(tmp_path)
    assert again.describe() == detector.describe()
    assert again.preprocessing == detector.preprocessing
    assert not again.training
    expected = detector.model.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.model.state_dict().items())
    dates = images(bands=len(detector.preprocessing.bands))
    np.testing.assert_array_equal(again.probability(*dates), detector.probability(*dates))


def test_saving_again_replaces_the_files(tmp_path: Path, detector: ChangeDetector) -> None:
    ChangeDetector.from_config({"model": {"name": "fc_ef"}}).save_pretrained(tmp_path)
    detector.save_pretrained(tmp_path)
    again = ChangeDetector.from_pretrained(tmp_path)
    np.testing.assert_array_equal(again.probability(*images()), detector.probability(*images()))


def test_the_card_says_what_is_known_and_what_is_not(tmp_path: Path, detector: ChangeDetector) -> None:
    known = {
        "name": "mine",
        "trained_on": "40 scenes of Chile",
        "recipe": "4000 steps",
        "metrics": {"F1": 0.71},
        "limits": "Never saw snow.",
        "license": "cc-by-4.0",
    }
    ChangeDetector(detector.model, provenance=known, threshold=0.4).save_pretrained(tmp_path / "known")
    card = (tmp_path / "known" / "README.md").read_text()
    for part in (
        "40 scenes of Chile",
        "4000 steps",
        "F1: 0.71",
        "Never saw snow.",
        "license: cc-by-4.0",
        "0.4",
        "1.2 m",
    ):
        assert part in card
    assert card.startswith("---\n") and "library_name: minenetcd" in card
    ChangeDetector(detector.model).save_pretrained(tmp_path / "unknown")
    card = (tmp_path / "unknown" / "README.md").read_text()
    for part in ("random weights", "Recipe: not stated", "Metrics: not stated", "Check results on images of your own"):
        assert part in card


def test_the_code_on_the_card_loads_the_detector(
    tmp_path: Path, detector: ChangeDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    detector.save_pretrained(Path("runs") / "fc_ef")
    code = Path("runs/fc_ef/README.md").read_text().split("```")[1].removeprefix("python")
    loading, predicting = code.strip().rsplit("\n", 1)
    names: dict[str, ChangeDetector] = {}
    exec(loading, names)
    assert names["detector"].describe() == detector.describe()
    assert predicting.startswith("minenetcd.predict(detector,")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, detector: ChangeDetector) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="cannot be written") as caught:
            detector.save_pretrained(folder)
        assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "in the way"


def test_sources_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    for source in ("minenetcd-nanno", "", ".hidden", tmp_path / "nowhere"):
        with pytest.raises((UnknownNameError, WeightsError)) as caught:
            ChangeDetector.from_pretrained(source)
        assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match="holds none of them: give the folder that save_pretrained wrote"):
        ChangeDetector.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    (tmp_path / "model.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    with pytest.raises(WeightsError, match=r"config\.json is foreign"):
        ChangeDetector.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(WeightsError, match="needs to hold a mapping, got list"):
        ChangeDetector.from_pretrained(tmp_path)
    for garbage in (
        *('{"Backbone_type": ["x"]}', '{"model_name": {"a": 1}}', '{"model_name": "ChangeFormer", "transform": 5}'),
        '{"minenetcd_format": 99, "model": {"name": "bit"}}',
    ):
        (tmp_path / "config.json").write_text(garbage)
        with pytest.raises(InputError) as caught:
            ChangeDetector.from_pretrained(tmp_path)
        assert "\n" not in str(caught.value)


def test_own_weights_that_do_not_fit_name_the_tensor(tmp_path: Path, detector: ChangeDetector) -> None:
    detector.save_pretrained(tmp_path)
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace('"decoder_channels": 32', '"decoder_channels": 64'))
    with pytest.raises(WeightsError, match=r"needs 'decoder\.[\w.]+' of shape .*wrong options"):
        ChangeDetector.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", list_detectors())
def test_embedded_detectors_come_by_name(name: str) -> None:
    detector = ChangeDetector.from_pretrained(name)
    assert detector.name == name
    assert detector.provenance.trained_on


# --- configurations ---


def test_a_configuration_is_a_name_a_path_or_a_mapping(tmp_path: Path) -> None:
    by_name = ChangeDetector.from_config("minenetcd-nano")
    assert by_name.name == "minenetcd-nano"
    assert by_name.provenance.trained_on is None
    path = tmp_path / "mine.yaml"
    path.write_text("base: minenetcd-nano\nthreshold: 0.3\n")
    by_path = ChangeDetector.from_config(path)
    by_mapping = ChangeDetector.from_config({"base": "minenetcd-nano", "threshold": 0.3})
    for detector in (by_path, by_mapping):
        assert detector.threshold == 0.3
        assert detector.model.config == by_name.model.config
        assert detector.preprocessing == by_name.preprocessing


def test_overrides_win() -> None:
    detector = ChangeDetector.from_config(
        "minenetcd-nano", model={"num_classes": 1}, preprocessing={"metres_per_pixel": 10}, threshold=0.2
    )
    assert detector.model.config["num_classes"] == 1
    assert detector.model.config["backbone"] == "resnet_nano"
    assert detector.preprocessing.metres_per_pixel == 10
    assert detector.preprocessing.tile == ChangeDetector.from_config("minenetcd-nano").preprocessing.tile
    assert detector.threshold == 0.2
    assert isinstance(ChangeDetector.from_config("minenetcd-nano", model={"name": "fc_ef"}).model.config, dict)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model": SMALL, "treshold": 0.3}, "did you mean 'threshold'"),
        ({"model": SMALL | {"bakbone": "x"}}, "no option 'bakbone'"),
        ({"model": {"name": "minenetdc"}}, "did you mean 'minenetcd'"),
        ({"model": {"backbone": "swin_t"}}, r"model\.name"),
        ({}, "needs model, and it is not there"),
        ({"model": SMALL, "threshold": 1.5}, r"needs another threshold \("),
        ({"model": SMALL, "threshold": "half"}, r"needs another threshold \("),
        (
            {"model": SMALL, "preprocessing": {"meen": [0, 0, 0]}},
            r"did you mean 'preprocessing\.mean'",
        ),
        ({"model": SMALL, "preprocessing": {"mean": [0, 0]}}, "one mean and one std"),
        ({"model": SMALL, "preprocessing": {"std": [0, 1, 1]}}, "above 0"),
        ({"model": SMALL, "preprocessing": {"date_order": ["before", "before"]}}, "date_order"),
        ({"model": SMALL, "preprocessing": {"tile": "large"}}, "tile"),
        ({"model": SMALL, "preprocessing": {"tile": 10**7}}, "a side of 32 to 16384 pixels, got 10000000"),
        ({"model": SMALL, "preprocessing": {"metres_per_pixel": -1}}, "above 0, got -1"),
        ({"model": SMALL | {"backbone": ["swin_t"]}}, "cannot be built with"),
    ],
)
def test_a_wrong_key_or_value_is_named_in_one_line(config: dict[str, Any], message: str) -> None:
    with pytest.raises((OptionError, UnknownNameError), match=message) as caught:
        ChangeDetector.from_config(config)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_no_configuration_suggests_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'minenetcd-swin-t'"):
        ChangeDetector.from_config("minenetcd-swint")


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 2, float("nan")])
def test_a_threshold_lies_between_0_and_1(threshold: float) -> None:
    with pytest.raises(OptionError, match="between 0 and 1"):
        ChangeDetector(create_model("rdpnet"), threshold=threshold)
