"""The detector on pixels: arrays in, probability out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from detectors.small_detector import images
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.errors import OptionError, OutputError, SizeError
from minenetcd.geo.values import Limits
from minenetcd.runtime.device import choose_device
from minenetcd.types import change_probability


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


def test_limits_are_255_or_the_stretch_of_both_dates_valid_pixels(detector: ChangeDetector) -> None:
    for limits in detector.limits(*images()):
        assert [x.tolist() for x in limits] == [[0] * 3, [255] * 3]
    scene = np.linspace(100, 200, 48 * 64, dtype=np.float32).reshape(48, 64, 1).repeat(3, axis=-1)
    first, second = detector.limits(scene, scene + 100)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose((first.low[0], first.high[0]), (40, 360), atol=0.5)  # 104 to 296, and 64 beyond
    holed, valid = scene.copy(), np.ones((48, 64), bool)
    holed[:24], valid[:24] = -9999, False
    assert detector.limits(holed, holed, valid)[0].low[0] == pytest.approx(135, abs=0.5)
    flat = np.full((8, 8, 3), 7, np.uint16)
    assert detector.limits(flat, flat)[1].high.tolist() == [8] * 3
    nothing = np.full((8, 8, 3), np.nan)
    assert detector.limits(nothing, nothing)[0].high.tolist() == [1] * 3


def test_a_value_range_holds_for_both_dates(detector: ChangeDetector) -> None:
    ranged = ChangeDetector(detector.model, preprocessing=Preprocessing(value_range=(0, 510))).eval()
    before, after = (date.astype(np.uint16) * 2 for date in images())
    np.testing.assert_array_equal(ranged.probability(before, after), detector.probability(*images()))
    with pytest.raises(OptionError, match=r"above it in the before image: give the images' own \(--range LOW,HIGH"):
        Preprocessing(value_range=(0, 1)).limits(before, after)


def test_pairs_of_a_batch_are_stretched_each_by_itself(detector: ChangeDetector) -> None:
    first, second = images(dtype=np.uint16), images(dtype=np.uint16)[::-1]
    dim = [date // 3 for date in second]
    together = detector.probabilities(*(np.stack(dates) for dates in zip(first, dim, strict=True)))
    for alone, found in zip((first, dim), together, strict=True):
        np.testing.assert_allclose(detector.probability(*alone), found, rtol=0, atol=1e-5)


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
    """Its tensors are not those its configuration builds."""
    with pytest.raises(OutputError, match="save the one it was made from"):
        detector.for_inference("cpu").save_pretrained(tmp_path)
    assert not any(tmp_path.iterdir())


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


def test_another_with_the_same_model_has_everything_else(detector: ChangeDetector) -> None:
    given = ChangeDetector(
        detector.model,
        preprocessing=Preprocessing(tile=128),
        threshold=0.4,
        provenance={"name": "one", "calibration": "fitted"},
        scene_threshold=(0.2, 0.6),
        temperature=2.5,
    )
    other = given.with_model(detector.model, threshold=0.3)
    assert other.describe() == {**given.describe(), "threshold": 0.3} and other is not given
    assert given.with_model(detector.model).describe() == given.describe()
