"""Copies are found whatever was done to their files, and nothing else is; against comparing all with all."""

import io
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from minenetcd.examining.audit.duplicates import MOST_BITS, duplicate_groups, exchanged_copies
from minenetcd.examining.examine import difference_hashes

Looks = tuple[NDArray[np.uint64], NDArray[np.floating]]


def landscape(seed: int, side: int = 96) -> NDArray[np.uint8]:
    """Colours (H, W, 3) that no other seed has."""
    rng = np.random.default_rng(seed)
    fields = [gaussian_filter(rng.normal(size=(side, side, 3)), (width, width, 0)) for width in (1, 4, 12)]
    mixed = sum(field / field.std() for field in fields)
    return np.clip(128 + 24 * mixed, 0, 255).astype(np.uint8)


def looks(pairs: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> Looks:
    hashes, thumbnails = [], []
    for pair in pairs:
        grey = torch.stack([torch.from_numpy(image.copy()).float().mean(dim=-1) for image in pair])
        hashes.append(difference_hashes(grey))
        thumbnails.append(torch.nn.functional.adaptive_avg_pool2d(grey, 16).numpy().astype(np.float16))
    return np.stack(hashes), np.stack(thumbnails)


def jpeg(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file))


def smaller(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).resize((70, 70), Image.Resampling.BICUBIC))


def brighter(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.clip(image * 1.1 + 8, 0, 255).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("store_anew", [np.copy, jpeg, smaller, brighter])
def test_a_copy_is_found_among_many(store_anew) -> None:
    pairs = [(landscape(2 * seed), landscape(2 * seed + 1)) for seed in range(40)]
    pairs.append(tuple(map(store_anew, pairs[7])))
    assert [group.tolist() for group in duplicate_groups(*looks(pairs))] == [[7, 40]]
    assert exchanged_copies(*looks(pairs)) == []


@pytest.mark.slow
@pytest.mark.parametrize("store_anew", [np.copy, jpeg, smaller, brighter])
def test_a_copy_with_the_dates_exchanged_is_found_as_such(store_anew) -> None:
    pairs = [(landscape(2 * seed), landscape(2 * seed + 1)) for seed in range(40)]
    pairs.append(tuple(map(store_anew, pairs[7][::-1])))
    assert duplicate_groups(*looks(pairs)) == []
    assert exchanged_copies(*looks(pairs)) == [(7, 40)]


def test_one_date_alike_is_no_copy() -> None:
    before = landscape(0)
    assert duplicate_groups(*looks([(before, landscape(1)), (before, landscape(2))])) == []


def test_images_without_detail_are_nobodys_copy() -> None:
    black = np.zeros((96, 96, 3), np.uint8)
    assert duplicate_groups(*looks([(black, black)] * 5)) == []


def test_a_thousand_copies_are_one_group() -> None:
    hashes, thumbnails = looks([(landscape(0), landscape(1)), (landscape(2), landscape(3))])
    where = np.array([0] * 1000 + [1])
    groups = duplicate_groups(hashes[where], thumbnails[where])
    assert [group.tolist() for group in groups] == [list(range(1000))]
    assert exchanged_copies(hashes[where], thumbnails[where]) == []


bit_flips = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 1), st.sets(st.integers(0, 63), max_size=9)), max_size=8
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(flips=bit_flips, seed=st.integers(0, 2**31))
def test_hashes_are_searched_as_if_all_were_compared(flips: list[tuple[int, int, set[int]]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**63, (6, 2), dtype=np.uint64)
    copies = [hashes[row].copy() for row, _, _ in flips]
    for copy, (_, date, bits) in zip(copies, flips, strict=True):
        copy[date] ^= np.uint64(sum(1 << bit for bit in bits))
    hashes = np.array([*hashes, *copies])
    thumbnails = np.broadcast_to(rng.normal(120, 30, (1, 2, 16, 16)), (len(hashes), 2, 16, 16)).copy()
    thumbnails += np.arange(len(hashes)).reshape(-1, 1, 1, 1) / 1000  # told apart, yet alike
    expected = {
        (one, other)
        for one, other in combinations(range(len(hashes)), 2)
        if all(int(hashes[one, date] ^ hashes[other, date]).bit_count() <= MOST_BITS for date in (0, 1))
    }
    groups = duplicate_groups(hashes, thumbnails)
    member = {row: number for number, group in enumerate(groups) for row in group.tolist()}
    assert all(member.get(one, -1) == member.get(other, -2) for one, other in expected)
    assert set(member) == {row for pair in expected for row in pair}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), gain=st.floats(0.5, 1.5), offset=st.floats(-30, 30))
def test_a_hash_does_not_see_brightness_and_contrast(seed: int, gain: float, offset: float) -> None:
    grey = torch.from_numpy(np.random.default_rng(seed).uniform(60, 160, (1, 40, 40)))
    assert difference_hashes(grey) == difference_hashes(grey * gain + offset)
