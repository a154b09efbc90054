import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from geo.conftest import MakeGrid, WriteImage, moved_ground
from minenetcd.geo.adjustment import Shift
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.shift import find_shift

FindIn = Callable[..., Shift]


@pytest.fixture
def find_in(write_image: WriteImage) -> FindIn:
    """find_in(before, after, grid=None, **creation options): the shift of two arrays (H, W, C) written as files."""

    def find(before: NDArray, after: NDArray, *grid: Any, **options: Any) -> Shift:
        ending = "tif" if grid or before.shape[-1] not in (1, 3) or before.dtype == np.float32 else "png"
        paths = [
            write_image(f"{n}.{ending}", date, *grid, **options) for n, date in (("before", before), ("after", after))
        ]
        with open_pair(*paths, bands=tuple(range(1, before.shape[-1] + 1))) as pair:
            return find_shift(pair)

    return find


def off(found: Shift, dx: float, dy: float) -> float:
    assert found.is_known, found
    return float(np.hypot(found.dx - dx, found.dy - dy))


@pytest.mark.filterwarnings("error")
def test_numbers_of_any_size_are_compared(find_in: FindIn) -> None:
    before, after = (moved_ground(200, 180, *by).astype(np.float32) for by in ((0, 0), (3, -2)))
    plain = find_in(before, after)
    assert off(plain, 3, -2) < 0.1
    assert find_in(before * np.float32(2.0**100), after) == find_in(before, after * np.float32(2.0**-100)) == plain
    before[::40, ::40] = np.finfo(np.float32).min  # filling that no file calls nodata, in every window
    found = find_in(before, after)
    assert not found.is_known or off(found, 3, -2) < 0.1


@given(
    length=st.floats(0.5, 12), angle=st.floats(0, 2 * np.pi), seed=st.integers(0, 10**6),
    kind=st.sampled_from(["grey", "colours", "sixteen bits", "float"]),
)  # fmt: skip
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_known_shifts_are_found_through_tone_and_noise(
    find_in: FindIn, length: float, angle: float, seed: int, kind: str
) -> None:
    dx, dy = length * np.cos(angle), length * np.sin(angle)
    rng = np.random.default_rng(seed)
    bands = {"grey": 1, "sixteen bits": 4}.get(kind, 3)
    before, after = (moved_ground(200, 180, *by, seed=seed, bands=bands) for by in ((0, 0), (dx, dy)))
    after = after * rng.uniform(0.7, 1.3, bands) + rng.uniform(-20, 20, bands) + rng.normal(0, 4, after.shape)
    before = before + rng.normal(0, 4, before.shape)
    if kind == "sixteen bits":
        dates = (before * 30).clip(0).astype("uint16"), (after.clip(0) * 37 + 1000).astype("uint16")
    else:
        dates = tuple(date.clip(0, 255).astype("float32" if kind == "float" else "uint8") for date in (before, after))
    assert off(find_in(*dates), dx, dy) < 0.1


REAL = (
    "noaa_eri_florence/C25870281_00.jpg", "neon_forest_plots/HARV/HARV_001.jpg", "tailings_brazil_s2/img_0.png",
    "strzegom_quarries_s2/20210619.png", "naip_north_dakota_5m/20090818.png",
)  # fmt: skip


def quarter(pixels: NDArray) -> NDArray[np.float64]:
    """Means of 4 x 4 pixels: what a sensor with pixels four times as large sees."""
    height, width = (side // 4 * 4 for side in pixels.shape[:2])
    blocks = pixels[:height, :width].reshape(height // 4, 4, width // 4, 4, -1)
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return means


@pytest.mark.parametrize("name", REAL)
def test_real_images_moved_by_quarters_of_a_pixel(real_images: Path, find_in: FindIn, name: str) -> None:
    """Cut from one image at two places and averaged down: nothing is wrapped, nothing interpolated."""
    image = np.asarray(Image.open(real_images / "imagery" / name).convert("RGB"))
    height, width = (side - 104 for side in image.shape[:2])
    before = quarter(image[52 : 52 + height, 52 : 52 + width])
    rng = np.random.default_rng(0)
    for dx, dy in ((2.75, -1.25), (-5.5, 3.75), (0.5, 0.0), (8.0, 5.0)):
        top, left = 52 - round(4 * dy), 52 - round(4 * dx)
        after = quarter(image[top : top + height, left : left + width]) * 0.85 + 12 + rng.normal(0, 2, before.shape)
        assert off(find_in(before.astype("uint8"), after.clip(0, 255).astype("uint8")), dx, dy) < 0.15


def test_two_years_of_a_quarry(real_images: Path, find_in: FindIn) -> None:
    """Real change, seasons and tone: moving one date by whole pixels moves what is found by as many."""
    folder = real_images / "imagery" / "strzegom_quarries_s2"
    before, after = (np.asarray(Image.open(folder / f"{day}.png").convert("RGB")) for day in ("20210619", "20230301"))
    as_is = find_in(before[20:-20, 20:-20], after[20:-20, 20:-20])
    moved = find_in(before[20:-20, 20:-20], after[15:-25, 27:-13])
    assert off(moved, as_is.dx - 7, as_is.dy + 5) < 0.05
    assert as_is.length < 1


def test_half_of_the_ground_may_have_changed(find_in: FindIn) -> None:
    before, after = moved_ground(256, 256), moved_ground(256, 256, 4.3, -2.6)
    after[:, :120] = moved_ground(256, 120, seed=9)
    found = find_in(before.astype("uint8"), after.astype("uint8"))
    assert off(found, 4.3, -2.6) < 0.1
    assert found.consistent < found.windows


def test_images_that_lie_as_they_should(find_in: FindIn) -> None:
    before = moved_ground(300, 280).astype("uint8")
    after = before.copy()
    after[140, 150] ^= 128  # two files of the same pixels are refused
    found = find_in(before, after)
    assert (found.dx, found.dy, found.is_applicable) == (0.0, 0.0, False)
    assert found.windows == found.consistent > 0
    assert found.correlation_in_place > 0.95


def test_pixels_without_data_take_no_part(find_in: FindIn, utm: MakeGrid) -> None:
    """A collar and holes that do not move with the ground would otherwise be the strongest edges of all."""
    hole = np.zeros((260, 240), dtype=bool)
    hole[:, :40] = hole[:25] = hole[100:130:3, 60:200] = True
    before, after = (np.where(hole[..., None], 0, moved_ground(260, 240, *by)) for by in ((0, 0), (-3.4, 5.2)))
    found = find_in(before.astype("uint8"), after.astype("uint8"), utm(260, 240), nodata=0)
    assert off(found, -3.4, 5.2) < 0.1


def periodic(dx: float, dy: float, *, along: float) -> NDArray:
    y, x = np.mgrid[:256, :256].astype(float)
    waves = 110 + 50 * np.sin((x - dx) / 4) * np.cos((y - dy) / 4 * along)
    return np.repeat(waves[..., np.newaxis], 3, axis=-1)


def test_what_cannot_be_known_is_left_alone_and_says_why(find_in: FindIn) -> None:
    noise = [np.random.default_rng(seed).normal(0, 3, (256, 256, 3)) for seed in (1, 2)]
    cases = {
        "too small": (moved_ground(63, 300), moved_ground(63, 300, 2, 1)),
        "featureless": (np.full((256, 256, 3), 90.0), np.full((256, 256, 3), 120.0)),
        "inconsistent": (moved_ground(256, 256, seed=1), moved_ground(256, 256, seed=2)),
        "ambiguous": (periodic(0, 0, along=1) + noise[0], periodic(3, 2, along=1) + noise[1]),
    }
    found = {why: find_in(*(date.astype("uint8") for date in dates)) for why, dates in cases.items()}
    assert {why: shift.unknown for why, shift in found.items()} == {why: why for why in cases}
    stripes = find_in(*((periodic(dx, 0, along=0) + n).astype("uint8") for dx, n in zip((0, 3), noise, strict=True)))
    sensor = find_in(*((100 + n).astype("uint8") for n in noise))  # nothing but its noise
    assert (stripes.unknown, sensor.unknown) == ("ambiguous", "inconsistent")
    for shift in (*found.values(), stripes, sensor):
        assert (shift.dx, shift.dy, shift.is_known, shift.is_applicable) == (0.0, 0.0, False, False)
        assert (shift.correlation_in_place is None) == (shift.unknown in ("too small", "featureless"))


def test_a_shift_beyond_its_reach_is_not_guessed(find_in: FindIn) -> None:
    ground = moved_ground(300, 420).astype("uint8")
    far = find_in(ground[:, 120:], ground[:, :-120])
    within = find_in(ground[:, 40:], ground[:, :-40])
    assert far.unknown == "inconsistent" and abs(far.correlation_in_place) < 0.1
    assert off(within, 40, 0) < 0.1
    assert not within.is_applicable


def test_few_windows_are_read_however_large_the_image(
    write_image: WriteImage, utm: MakeGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mostly sea: windows between the first ones are tried, and no more."""
    before = np.full((1500, 1700, 3), 50, dtype=np.uint8)
    before[:60, :60] = moved_ground(60, 60).astype("uint8")
    paths = (write_image(f"{name}.tif", before + name, utm(1500, 1700)) for name in (0, 1))
    reads = []
    read = AlignedPair.read
    with open_pair(*paths) as pair:
        monkeypatch.setattr(AlignedPair, "read", lambda self, window: reads.append(window) or read(self, window))
        assert find_shift(pair).unknown == "featureless"
    assert len(reads) == 41
    assert {(window.height, window.width) for window in reads} == {(128, 128)}


def test_it_asks_for_no_scipy() -> None:
    """A prediction begins with it: what is imported here, every start pays for."""
    code = "import minenetcd.geo.shift, sys; print([m for m in ('scipy', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
