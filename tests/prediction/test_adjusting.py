"""Displacement and tone between two dates are found, told, and taken out where that is asked for."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fixtures.wide_pairs import write_tiff
from minenetcd.detectors.by_name import open_detector
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.result import ScenePrediction
from minenetcd.prediction.scene import predict_scene
from minenetcd.synthetic import make_scene


@cache
def ground() -> NDArray[np.uint8]:
    """A drawn scene (H, W, 3), and nothing that changes."""
    return make_scene(3, size=262, metres_per_pixel=1.2, variety="plain").before


def predict(folder: Path, before: NDArray, after: NDArray, *, name: str = "cva", **options: bool) -> ScenePrediction:
    paths = folder / "before.png", folder / "after.png"
    for path, pixels in zip(paths, (before, after), strict=True):
        Image.fromarray(pixels).save(path)
    return predict_scene(open_detector(name), *paths, options=PredictOptions(**options))


def test_a_displacement_is_told_and_taken_out_where_asked(tmp_path: Path) -> None:
    dates = ground()[6:, 6:], ground()[:-6, :-6]
    left = predict(tmp_path, *dates)
    assert "6.0 px right, 6.0 px down; left as it is" in dict(left.facts.adjustments)["Shift"]
    assert any("displaced by 8.5 pixels" in warning and "--coregister auto" in warning for warning in left.warnings)
    assert left.changed_share > 0.02
    out = predict(tmp_path, *dates, coregister=True)
    assert "taken out" in dict(out.facts.adjustments)["Shift"]
    assert out.changed_share < 0.02 and not out.warnings
    assert out.valid_pixels == 250 * 250, "what the moved image does not show is not analysed"


@pytest.mark.parametrize("pixels", [40, 70])
def test_dates_too_far_apart_to_be_measured_are_warned_of(tmp_path: Path, pixels: int) -> None:
    found = predict(tmp_path, ground()[pixels:, pixels:], ground()[:-pixels, :-pixels], coregister=True)
    assert dict(found.facts.adjustments)["Shift"] == "not known: windows of the images contradict each other"
    assert found.changed_share > 0.05
    first = found.warnings[0]
    assert "hardly resemble each other anywhere" in first and "georeference the after image anew" in first


def test_two_images_of_other_places_are_warned_of(tmp_path: Path) -> None:
    elsewhere = make_scene(8, size=262, metres_per_pixel=1.2, variety="plain").before
    found = predict(tmp_path, ground(), elsewhere)
    assert any("show different places" in warning for warning in found.warnings)


def test_where_most_has_changed_but_dates_resemble_each_other_elsewhere_there_is_no_such_warning(
    tmp_path: Path,
) -> None:
    after = ground().copy()
    after[:, 90:] = make_scene(8, size=262, metres_per_pixel=1.2, variety="plain").before[:, 90:]
    found = predict(tmp_path, ground(), after)
    assert not any("resemble" in warning for warning in found.warnings)


def test_no_displacement_has_no_sides(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 3, ground().shape)
    found = predict(tmp_path, ground(), np.clip(ground() + noise, 0, 255).astype(np.uint8))
    assert dict(found.facts.adjustments)["Shift"] == "less than 0.1 pixels; left as it is"


def test_a_difference_in_tone_is_told_and_taken_out_where_asked(tmp_path: Path) -> None:
    darker = two_tones()[1]
    left = predict(tmp_path, ground(), darker, name="cva-raw")
    assert any("times the contrast" in warning and "--tone auto" in warning for warning in left.warnings)
    out = predict(tmp_path, ground(), darker, name="cva-raw", tone=True)
    words = dict(out.facts.adjustments)["Tone"]
    assert words.count("x") == 3 and words.endswith("taken out")
    gains = [float(word) for word in words.replace("gain and offset by band", "").split() if word.startswith("1.6")]
    assert gains == pytest.approx([1 / 0.6] * 3, rel=0.02)
    assert not any("contrast" in warning for warning in out.warnings)
    unfelt = predict(tmp_path, ground(), darker)
    assert not unfelt.warnings, "what standardises its bands is not misled by gain and offset"
    assert dict(unfelt.facts.adjustments)["Tone"].endswith("left as it is")


def many_bands(folder: Path, dtype: str) -> tuple[Path, Path]:
    """Two dates of eight bands: three of drawn ground in another tone, five of noise."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (2, 5, 262, 262))
    dates = [np.concatenate([date.transpose(2, 0, 1), other]) for date, other in zip(two_tones(), noise, strict=True)]
    return tuple(write_tiff(folder / f"{n}.tif", date.astype(dtype)) for n, date in enumerate(dates))


def two_tones() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return ground(), (ground() * 0.6 + 12).astype(np.uint8)


def test_the_page_says_what_was_done_about_the_tone_in_the_bands_that_were_read(tmp_path: Path) -> None:
    paths = many_bands(tmp_path, "uint16")
    options = PredictOptions(bands=(1, 2, 3), tone=True)
    named = predict_scene(open_detector("cva"), *paths, options=options)
    assert dict(named.facts.adjustments)["Tone"].endswith("taken out")
    chosen = predict_scene("auto", *paths, options=options)  # reads all eight
    assert chosen.facts.before.bands == tuple(range(1, 9))
    left = "not known: no gain and offset explain the after image; left as it is"
    assert dict(chosen.facts.adjustments)["Tone"] == left


def test_the_page_says_what_was_done_about_the_tone_for_either_opinion(tmp_path: Path) -> None:
    found = predict_scene("auto", *many_bands(tmp_path, "uint8"), options=PredictOptions(bands=(3, 2, 1), tone=True))
    assert (found.facts.model, found.facts.second) == ("minenetcd-nano", "irmad")
    first, second = dict(found.facts.adjustments)["Tone"].split("; as ")
    assert first.startswith("as minenetcd-nano reads it, in bands 3, 2, 1, gain and offset by band: x 1.6")
    assert first.endswith("taken out")
    assert second.startswith("irmad reads it, in bands 1, 2, 3, 4, 5, 6, 7, 8, not known: ")
    assert second.endswith("left as it is")


def test_what_is_not_known_is_left_alone_and_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noise = [rng.integers(0, 255, (128, 128, 3), dtype=np.uint8) for _ in range(2)]
    found = predict(tmp_path, *noise, coregister=True, tone=True)
    assert all(words.startswith("not known: ") for _, words in found.facts.adjustments)
    assert found.valid_pixels == 128 * 128
