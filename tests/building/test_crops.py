"""Pieces of images: of those tried the one with most data, and no more of them in memory than there is room."""

from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from PIL import Image

from minenetcd.building.pasted_sets import pictures
from minenetcd.building.pasted_sets.crops import Crops
from minenetcd.building.pasted_sets.images import find_sets
from minenetcd.building.pasted_sets.pictures import read_image
from minenetcd.building.pasted_sets.recent import RecentArrays


def test_a_filling_is_the_piece_with_most_data(tmp_path: Path) -> None:
    pixels = np.zeros((90, 90, 3), np.uint8)
    pixels[:, 35:60] = default_rng(0).integers(60, 200, (90, 25, 3))  # too narrow for a piece that is all data
    (tmp_path / "set").mkdir()
    Image.fromarray(pixels).save(tmp_path / "set/0.png")
    crops = Crops(tmp_path, tuple(find_sets(tmp_path)), 32, tmp_path / "kept")
    empty = [(crops.filling(default_rng(seed), 64, 64).max(axis=0) < 0.1).mean() for seed in range(20)]
    assert np.mean(empty) < 0.35  # of a piece anywhere it is 0.6


def test_decoded_images_are_kept_by_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = RecentArrays(2 * 50 * 50 * 3)
    monkeypatch.setattr(pictures, "_KEPT", kept)
    for number in range(3):
        Image.new("RGB", (50, 50), (number + 10,) * 3).save(tmp_path / f"{number}.png")
    read = [read_image(tmp_path, f"{number}.png") for number in (0, 1, 0, 2)]
    assert read[0] is read[2] and kept.held == kept.most
    assert read_image(tmp_path, "0.png") is read[0]  # asked for after 1.png, which had to go
    again = read_image(tmp_path, "1.png")
    assert again is not read[1] and np.array_equal(again, read[1])


def test_an_array_larger_than_all_the_room_is_kept_alone() -> None:
    kept = RecentArrays(10)
    small, large = np.zeros(8, np.uint8), np.zeros(20, np.uint8)
    kept.get("small", lambda: small)
    assert kept.get("large", lambda: large) is large and kept.held == 20
    assert kept.get("large", small.copy) is large
    kept.get("small", lambda: small)
    assert kept.held == 8
