"""A temperature makes probabilities mean what they say, and leaves every decision as it was."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import minenetcd
from detectors.small_detector import images
from fixtures.pair_files import make_pair, write_folder
from minenetcd.cli.main import app
from minenetcd.errors import OptionError
from minenetcd.evaluation.calibration import calibrate
from minenetcd.evaluation.probabilities.curves import calibration_error, probability_histogram
from minenetcd.evaluation.probabilities.temperature import fit_temperature, histogram_at, scaled


@settings(max_examples=10, deadline=None)
@given(st.floats(0.3, 2), st.integers(0, 9))
def test_the_temperature_that_was_applied_is_found(temperature: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    odds = torch.randn(200_000, generator=generator) * 2 - 1
    truth = (torch.rand(odds.shape, generator=generator) < odds.sigmoid()).to(torch.uint8)
    told = probability_histogram((odds * temperature).sigmoid(), truth).numpy()
    found = fit_temperature(told)
    assert found == pytest.approx(temperature, rel=0.05)
    assert calibration_error(histogram_at(told, found)) < 0.01
    assert histogram_at(told, found).sum() == told.sum() == len(truth)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.5, 5))
def test_order_stays(one: float, other: float, temperature: float) -> None:
    assert (scaled(one, temperature) < scaled(other, temperature)) <= (one < other)
    assert scaled(scaled(one, temperature), 1 / temperature) == pytest.approx(one)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.05, 20))
def test_a_threshold_stays_one(threshold: float, temperature: float) -> None:
    assert 0 < np.float32(scaled(threshold, temperature)) < 1


def test_a_calibrated_detector_marks_the_same_pixels_and_is_saved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    minenetcd.from_config({"model": {"name": "fc_ef"}, "threshold": 0.45}).save_pretrained(tmp_path / "untrained")
    data = write_folder(tmp_path / "set", map(make_pair, range(3)), split="val")
    asked = ["calibrate", str(tmp_path / "untrained"), "--data", str(data), "--out", str(tmp_path / "out"), "--json"]
    told = json.loads(CliRunner().invoke(app, asked, catch_exceptions=False).stdout)
    was, now = (minenetcd.from_pretrained(tmp_path / name) for name in ("untrained", "out"))
    assert now.temperature == told["temperature"] != 1 and now.threshold == told["threshold"]
    assert told["expected_calibration_error"]["after"] < told["expected_calibration_error"]["before"]
    assert now.provenance.extra["calibration"].endswith(f"fitted on {data}, val")
    before, after = (each.probability(*images()) for each in (was, now))
    np.testing.assert_allclose(_log_odds(after) * now.temperature, _log_odds(before), atol=1e-4)
    assert now.for_inference().temperature == now.temperature


def test_what_cannot_be_calibrated_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    detector = minenetcd.from_config({"model": {"name": "fc_ef"}})
    data = write_folder(tmp_path / "set", map(make_pair, range(2)), split="val")
    pairs = minenetcd.load_dataset(str(data), "val")
    with pytest.raises(OptionError, match="A trained network is needed to calibrate, cva gives scores"):
        calibrate(minenetcd.from_pretrained("cva"), pairs)
    for wrong in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(OptionError, match="A temperature needs to be above 0"):
            minenetcd.ChangeDetector(detector.model, temperature=wrong)


def _log_odds(probability: np.ndarray) -> np.ndarray:
    exact = probability.astype(np.float64)
    return np.log(exact) - np.log1p(-exact)
