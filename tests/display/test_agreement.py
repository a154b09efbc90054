"""Masks against the truth, in the colours the paper names."""

from pathlib import Path

import numpy as np
from PIL import Image

from minenetcd.display.agreement import agreement_legend, agreement_picture, mask_picture, save_agreement, save_mask
from minenetcd.display.palettes import AGREEMENT, PROBABILITY, rgb

PREDICTION = np.array([[True, False, True, False, True]])
TRUTH = np.array([[1, 0, 0, 1, 255]], np.uint8)


def test_green_white_red_blue_as_in_the_paper_and_grey_for_what_is_not_labelled() -> None:
    green, white, red, blue, grey = agreement_picture(PREDICTION, TRUTH)[0].astype(int).tolist()
    assert green[1] > 150 > green[0] == green[2] and red[0] > 150 > red[1] == red[2] and blue[2] > 150 > blue[0]
    assert white == [255] * 3 and len(set(grey)) == 1 and 0 < grey[0] < 255
    assert [tuple(colour) for colour in (green, white, red, blue, grey)] == [
        rgb(colour) for colour in AGREEMENT.values()
    ]


def test_the_legend_names_every_colour_seen() -> None:
    assert list(agreement_legend(TRUTH)) == [*AGREEMENT] and "not labelled" in AGREEMENT
    assert "not labelled" not in agreement_legend(TRUTH[:, :4])
    assert "not labelled" in agreement_legend(TRUTH[:, :4], TRUTH)


def test_files_hold_exactly_these_colours(tmp_path: Path) -> None:
    save_agreement(PREDICTION, TRUTH, tmp_path / "map.png")
    save_mask(PREDICTION, tmp_path / "mask.png")
    shown = np.asarray(Image.open(tmp_path / "map.png").convert("RGB"))
    assert np.array_equal(shown, agreement_picture(PREDICTION, TRUTH))
    assert np.asarray(Image.open(tmp_path / "mask.png")).tolist() == [[255, 0, 255, 0, 255]]


def test_a_mask_is_white_black_and_grey() -> None:
    changed, unchanged, unknown = mask_picture(np.array([[1, 0, 255]], np.uint8))[0].astype(int)
    assert changed.tolist() == [255] * 3 and unchanged.max() < 30 and 30 < unknown[0] == unknown[2] < 230


def test_probability_darkens_evenly() -> None:
    lightness = np.array([rgb(colour) for colour in PROBABILITY]) @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) < -20).all()
