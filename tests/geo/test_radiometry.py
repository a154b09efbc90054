import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from geo.conftest import MakeGrid, WriteImage, moved_ground, whole
from minenetcd.geo.adjustment import Tone
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.radiometry import find_tone
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.shift import find_shift

OpenIn = Callable[..., AlignedPair]


@pytest.fixture
def open_in(write_image: WriteImage) -> OpenIn:
    """open_in(before, after, grid=None, **creation options): two arrays (H, W, C) as files, opened with all bands."""

    def open_arrays(before: NDArray, after: NDArray, *grid: object, **options: object) -> AlignedPair:
        ending = "tif" if grid or before.shape[-1] not in (1, 3) or before.dtype == np.float32 else "png"
        paths = [write_image(f"{n}.{ending}", d, *grid, **options) for n, d in (("before", before), ("after", after))]
        bands = tuple(range(1, before.shape[-1] + 1))
        return open_pair(*paths, bands=bands)

    return open_arrays


def bytes_of(pixels: NDArray) -> NDArray[np.uint8]:
    return pixels.round().clip(0, 255).astype("uint8")


def other_tone(ground: NDArray, gain: NDArray, offset: float) -> NDArray:
    """An after image that `gain * after + offset` brings back to `ground`."""
    return (ground - offset) / gain


def left(pair: AlignedPair, tone: Tone, unchanged: NDArray[np.bool_]) -> float:
    """What differs in the mean in any band of what neither changed nor was cut off, once toned. [grey levels]"""
    read, stored = (each.read(whole(pair.grid)) for each in (pair.adjusted(tone=tone), pair))
    ends = [(date == 0) | (date == 255) for date in (stored.before, stored.after, read.after)]
    inside = unchanged & ~np.any(ends, axis=(0, -1))
    difference = read.after.astype(float) - read.before
    return float(np.abs(difference[inside].mean(axis=0)).max())


@given(
    gains=st.lists(st.floats(0.8, 1.2), min_size=4, max_size=4), offset=st.floats(-10, 10),
    seed=st.integers(0, 1000), bands=st.sampled_from([1, 3, 4]), changed=st.floats(0, 0.3),
)  # fmt: skip
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_known_tones_are_found_beside_real_change(
    open_in: OpenIn, gains: list[float], offset: float, seed: int, bands: int, changed: float
) -> None:
    rng = np.random.default_rng(seed)
    ground = moved_ground(160, 180, seed=seed, bands=bands)
    now = ground + rng.normal(0, 2, ground.shape)
    rows = round(160 * changed)
    now[:rows] = moved_ground(rows, 180, seed=seed + 1, bands=bands) * 0.5 + 90 if rows else now[:rows]
    gain = np.array(gains[:bands])
    unchanged = np.broadcast_to(np.arange(160)[:, np.newaxis] >= rows, (160, 180))
    with open_in(bytes_of(ground), bytes_of(other_tone(now, gain, offset))) as pair:
        tone = find_tone(SceneSample(pair))
        assert tone.is_reliable
        assert left(pair, tone, unchanged) < 1
    assert tone.gain == pytest.approx(tuple(gain), abs=0.03)
    assert len(tone.offset) == len(tone.correlation) == len(tone.agreement) == bands
    assert min(tone.agreement) > 0.5


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize(
    "name", ["noaa_eri_florence/C25870281_00.jpg", "strzegom_quarries_s2/20210619.png", "tailings_brazil_s2/img_0.png"]
)
def test_real_images_in_another_tone(real_images: Path, open_in: OpenIn, name: str, bands: int) -> None:
    """A quarter of it is covered by another place, and dark or bright ends are cut off."""
    image, other = (
        np.asarray(Image.open(real_images / "imagery" / path).convert("RGB"))[..., :bands].astype(float)
        for path in (name, "noaa_eri_florence/C25871088_01.jpg")
    )
    now = image + np.random.default_rng(0).normal(0, 2, image.shape)
    half = [side // 2 for side in image.shape[:2]]
    now[: half[0], : half[1]] = other[: half[0], : half[1]]
    unchanged = np.ones(image.shape[:2], dtype=bool)
    unchanged[: half[0], : half[1]] = False
    gain = np.array([0.82, 1.15, 0.95])[:bands]
    with open_in(bytes_of(image), bytes_of(other_tone(now, gain, 9))) as pair:
        assert left(pair, find_tone(SceneSample(pair)), unchanged) < 1


def test_what_a_processing_baseline_adds_is_taken_off(open_in: OpenIn, utm: MakeGrid) -> None:
    """Sentinel-2 since baseline 04.00: 1000 more. One band, cirrus, is nearly noise, and follows all the same."""
    rng = np.random.default_rng(0)
    ground = moved_ground(200, 200, bands=4) * 12
    ground[..., 3] = 15 + rng.normal(0, 1, (200, 200))
    now = ground + rng.normal(0, 8, ground.shape) * [1, 1, 1, 0.1]
    now[..., 3] = 15 + rng.normal(0, 1, (200, 200))
    with open_in(ground.astype("uint16"), (now + 1000).astype("uint16"), utm(200, 200)) as pair:
        tone = find_tone(SceneSample(pair))
        read = pair.adjusted(tone=tone).read(whole(pair.grid))
    assert tone.gain[:3] == pytest.approx((1, 1, 1), abs=0.01)
    assert tone.offset[:3] == pytest.approx((-1000, -1000, -1000), abs=15)
    assert tone.agreement[3] < 0.1
    assert read.after.dtype == np.uint16
    assert np.abs(read.after.astype(float) - read.before).mean(axis=(0, 1)) == pytest.approx((6.5, 6.5, 6.5, 1), abs=1)


def test_where_places_differ_it_says_so_and_leaves_them_alone(open_in: OpenIn, real_images: Path) -> None:
    images = [
        np.asarray(Image.open(real_images / "imagery" / name).convert("RGB"))[:400, :400]
        for name in ("noaa_eri_florence/C25870281_00.jpg", "tailings_brazil_s2/img_0.png")
    ]
    for bands in (1, 3):
        with open_in(*(image[..., :bands] for image in images)) as pair:
            tone = find_tone(SceneSample(pair))
            adjusted = pair.adjusted(tone=tone)
            assert np.array_equal(adjusted.read(pair.overlap).after, images[1][..., :bands])
        assert (tone.unknown, tone.is_reliable, adjusted.tone) == ("low agreement", False, None)
        assert (tone.gain, tone.offset) == ((1.0,) * bands, (0.0,) * bands)


def test_too_few_pixels_that_vary(open_in: OpenIn) -> None:
    small = bytes_of(moved_ground(25, 30))
    constant = np.full((200, 200, 3), 90, dtype=np.uint8)
    for before, after in ((small, small + 1), (constant, bytes_of(moved_ground(200, 200)))):
        with open_in(before, after) as pair:
            tone = find_tone(SceneSample(pair))
        assert tone.unknown == "too few pixels"
        assert tone.correlation == (0.0, 0.0, 0.0)


def test_equal_dates_keep_their_tone(open_in: OpenIn) -> None:
    before = bytes_of(moved_ground(150, 150))
    after = before.copy()
    after[70, 70] ^= 64  # two files of the same pixels are refused
    for bands in (1, 3):
        with open_in(before[..., :bands], after[..., :bands]) as pair:
            tone = find_tone(SceneSample(pair))
            assert np.array_equal(pair.adjusted(tone=tone).read(pair.overlap).after, after[..., :bands])
        assert (tone.gain, tone.offset) == (pytest.approx((1.0,) * bands), pytest.approx((0.0,) * bands, abs=1e-6))


def test_invalid_and_saturated_pixels_take_no_part(open_in: OpenIn, utm: MakeGrid) -> None:
    ground = moved_ground(200, 200)
    now = other_tone(ground, np.array([0.7, 0.7, 0.7]), -20)  # much of it beyond 255
    before, after = bytes_of(ground), bytes_of(now)
    after[:60] = 1
    after[:60, ::2] = 0  # no data, and dark beside it
    assert (after == 255).any(axis=-1).mean() > 0.05
    with open_in(before, after, utm(200, 200), nodata=0) as pair:
        tone = find_tone(SceneSample(pair))
        valid = pair.read(pair.overlap).valid
        toned = pair.adjusted(tone=tone).read(pair.overlap)
    assert tone.gain == pytest.approx((0.7,) * 3, abs=0.01)
    assert tone.offset == pytest.approx((-20,) * 3, abs=1.5)
    assert np.array_equal(toned.valid, valid)


@pytest.mark.parametrize(
    ("types", "result"),
    [
        (("uint8", "uint8"), "uint8"), (("uint16", "uint16"), "uint16"), (("float32", "float32"), "float32"),
        (("uint16", "uint8"), "uint16"), (("uint8", "float32"), "float32"),
    ],
)  # fmt: skip
def test_numbers_keep_their_type_or_take_one_that_holds_both(
    write_image: WriteImage, utm: MakeGrid, types: tuple[str, str], result: str
) -> None:
    ground = moved_ground(20, 20)
    paths = [write_image(f"{k}.tif", (ground + k).astype(t), utm(20, 20)) for k, t in enumerate(types)]
    with open_pair(*paths) as pair:
        tone = Tone((40.0, 1.0, -2.0), (0.4, -300.0, 7.0), 99, (1.0,) * 3, (1.0,) * 3)
        toned = pair.adjusted(tone=tone)
        read, small, stored = toned.read(pair.overlap), toned.read_small(5), pair.read(pair.overlap)
        assert pair.both_as_stored
        assert not toned.both_as_stored
    expected = stored.after * np.array(tone.gain) + np.array(tone.offset)
    if result != "float32":
        expected = expected.round().clip(0, np.iinfo(result).max)
    assert (read.after.dtype, small.after.dtype) == (np.dtype(result), np.dtype(result))
    assert np.allclose(read.after, expected, atol=1e-2 if result == "float32" else 0)
    assert small.after.shape == (5, 5, 3)
    assert np.array_equal(read.before, stored.before)


def test_tones_beyond_the_ends_of_a_type_are_cut_off() -> None:
    tone = Tone((1e8,), (0.0,), 99, (1.0,), (1.0,))  # to a before image of 32 bits from an after image of 8
    toned = tone.apply(np.array([[3], [255]], np.uint8), np.int32)
    assert toned.tolist() == [[300_000_000], [np.iinfo(np.int32).max]]


def test_first_the_shift_then_the_tone(open_in: OpenIn) -> None:
    before, after = (moved_ground(220, 220, *by) for by in ((0, 0), (6.0, -4.0)))
    with open_in(bytes_of(before), bytes_of(other_tone(after, np.array([0.8, 1.0, 1.2]), 8))) as pair:
        moved = pair.adjusted(shift=find_shift(pair))
        tone = find_tone(SceneSample(moved))
        freed = moved.adjusted(tone=tone)
        read = freed.read(freed.overlap)
        assert freed.shift == moved.shift and (moved.shift.dx, moved.shift.dy) == (6.0, -4.0)
        assert (freed.overlap, freed.tone, moved.tone) == (moved.overlap, tone, None)
    assert np.abs(read.after.astype(float) - read.before)[read.valid].mean() < 1
    assert tone.gain == pytest.approx((0.8, 1.0, 1.2), abs=0.01)


def test_scipy_is_loaded_when_a_tone_is_looked_for() -> None:
    code = "import minenetcd.geo.radiometry, sys; print([m for m in ('scipy', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
