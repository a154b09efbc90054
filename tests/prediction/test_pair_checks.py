"""What is wrong with a pair is found by its pixels, said with a number and advice; what is right is left alone."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window
from scipy import ndimage

from fixtures.scene_files import utm_grid
from minenetcd.geo.align import Pair, open_pair
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.pair_checks.check import check_changed_share, check_pair
from minenetcd.prediction.pair_checks.clouds import LEAST_SHARE, clouded_share
from minenetcd.prediction.pair_checks.thinned import thinned

SIDE = 192


@dataclass(frozen=True)
class Check:
    """Writes two dates (H, W, C) and checks them as a prediction does."""

    folder: Path

    def __call__(
        self, before: NDArray, after: NDArray, grids: tuple[Grid, Grid] | None = None, *,
        nodata: float | None = None, gsd: float | None = None, bands: tuple[int, ...] | None = None,
    ) -> list[str]:  # fmt: skip
        grids = grids or (utm_grid(*before.shape[:2]), utm_grid(*after.shape[:2]))
        paths = self.folder / "before.tif", self.folder / "after.tif"
        for path, pixels, grid in zip(paths, (before, after), grids, strict=True):
            with RasterWriter(path, grid, dtype=pixels.dtype, nodata=nodata, bands=pixels.shape[-1]) as writer:
                writer.write(pixels, Window(0, 0, grid.width, grid.height))
        with open_pair(*paths, bands=bands or tuple(range(1, before.shape[-1] + 1)), gsd=gsd) as pair:
            return check_pair(pair, SceneSample(pair))


@pytest.fixture
def check(tmp_path: Path) -> Check:
    return Check(tmp_path)


def ground(seed: int, *, side: int = SIDE, bands: int = 3) -> NDArray[np.uint8]:
    """Textured ground of green and brown fields, 30 to 130."""
    rng = np.random.default_rng(seed)
    fields = ndimage.zoom(np.random.default_rng(0).integers(50, 110, (6, 6, bands)), (side / 6, side / 6, 1), order=0)
    return (fields + rng.integers(-20, 20, (side, side, bands))).astype(np.uint8)


def clouds(date: NDArray, cover: float, white: float = 235, seed: int = 3) -> NDArray:
    """Soft white clouds with their middle parts opaque over about `cover` of `date`."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=date.shape[:2]), date.shape[0] / 12)
    edge = np.quantile(noise, 1 - cover)
    opaque = np.clip((noise - edge) / (0.3 * (noise.max() - edge)), 0, 1)[..., None]
    lit = white + 5 * noise[..., None] / noise.std()
    return (date * (1 - opaque) + np.clip(lit, 0, 255) * opaque).astype(date.dtype)


def two_dates(bands: int = 3) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return ground(1, bands=bands), ground(2, bands=bands)


def only(findings: list[str], *words: str) -> None:
    """One finding, that says all of `words`."""
    assert len(findings) == 1 and all(word in findings[0] for word in words), findings


@pytest.mark.parametrize("bands", [1, 2, 3, 6])
@pytest.mark.parametrize("convert", [lambda date: date, lambda date: date * np.uint16(28), lambda date: date / 255.0])
def test_of_two_good_dates_nothing_is_said(check: Check, bands: int, convert: Callable[[NDArray], NDArray]) -> None:
    assert check(*map(convert, two_dates(bands))) == []


def test_a_date_of_one_value_is_named(check: Check) -> None:
    before, after = two_dates()
    after[...] = 7
    after[0, :20] = 9
    only(check(before, after), "after image is one value (7) in 99.9 %", "give another image")
    only(check(after, before), "before image is one value (7)")


def test_a_band_of_one_value_is_named_by_its_number_in_the_file(check: Check) -> None:
    before, after = two_dates(bands=4)
    after[..., 2] = 12
    only(check(before, after, bands=(1, 3, 4)), "Band 3 of the after image is one value (12) in 100 %", "--bands")


def test_a_map_of_classes_is_no_image(check: Check) -> None:
    before, after = two_dates()
    only(check(before, after // 60 * 60), "after image holds 3 values")


def test_values_cut_off_are_said(check: Check) -> None:
    before, after = two_dates()
    bright = np.clip(after.astype(int) * 3, 0, 255).astype(np.uint8)
    assert "cut off at its largest value (255) in" in " ".join(check(before, bright))
    whole = (np.clip(after.astype(int) * 200, 0, 10_000)).astype(np.uint16)
    assert "largest value (10,000)" in " ".join(check(before * np.uint16(100), whole))


def test_filling_in_one_date_alone_may_be_nodata(check: Check) -> None:
    before, after = two_dates()
    after[:, :40] = 0
    only(check(before, after), "after image is 0 in every band in 21 %", "--nodata none,0")
    only(check(before, np.roll(after, 60, axis=1)), "after image is its smallest value (0) in 21 %", "nodata")
    before[:, :40] = 0
    only(check(before, after), "Both images are 0 in every band in 21 %", "nodata")
    assert check(before, after, nodata=0) == []


def test_a_nearly_empty_date_is_named(check: Check) -> None:
    before, after = two_dates()
    after[:180] = 0
    only(check(before, after, nodata=0), "6.2 % of the overlap has data in both dates (100 % before, 6.2 % after)",
         "the after image is nearly empty")  # fmt: skip
    before[:100] = 0
    after[:150] = ground(2)[:150]
    after[110:] = 0
    only(check(before, after, nodata=0), "5.2 % of the overlap", "they lie apart")


def test_a_small_overlap_is_said(check: Check) -> None:
    before, after = two_dates()
    grids = utm_grid(SIDE, SIDE), utm_grid(SIDE, SIDE, left=400_000 + 10 * (SIDE - 12))
    only(check(before, after, grids), "share 6.2 % of the before image, 12 x 192 pixels")


def test_pixels_of_very_different_size_are_said(check: Check) -> None:
    fine, coarse = ground(1), ground(2, side=64)
    ten, thirty = utm_grid(SIDE, SIDE), utm_grid(64, 64, metres=30)
    only(check(fine, coarse, (ten, thirty)), "are 10 m before and 30 m after", "--gsd 30")
    assert check(fine, coarse, (ten, thirty), gsd=30) == []
    only(check(coarse, fine, (thirty, ten)), "are compared at 30 m")


@pytest.mark.parametrize("cover", [0.2, 0.4])
@pytest.mark.parametrize("convert", [lambda date: date, lambda date: (date * 28.0 + 1000).astype(np.uint16)])
def test_clouds_of_one_date_are_found(check: Check, cover: float, convert: Callable[[NDArray], NDArray]) -> None:
    before, after = two_dates()
    cloudy = convert(clouds(after, cover))
    only(check(convert(before), cloudy), "of the after image is bright, without colour and smooth", "clouds")
    only(check(cloudy, convert(before)), "of the before image is bright")


def test_clouds_need_three_bands(check: Check) -> None:
    before, after = two_dates(bands=2)
    assert check(before, clouds(after, 0.3)) == []


@pytest.mark.parametrize("ground_colour", [(235, 170, 120), (60, 60, 60)])
def test_bare_ground_and_dark_water_are_no_clouds(check: Check, ground_colour: tuple[int, int, int]) -> None:
    before, after = two_dates()
    after[40:120, 40:120] = ground_colour + np.random.default_rng(0).integers(-12, 12, (80, 80, 1))
    assert check(before, after) == []


def test_too_few_pixels_are_not_judged(check: Check) -> None:
    before, after = ground(1, side=6), np.full((6, 6, 3), 9, np.uint8)
    assert check(before, after) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    height=st.integers(1, 90), width=st.integers(1, 90), bands=st.integers(1, 5), seed=st.integers(0, 99),
    dtype=st.sampled_from(["uint8", "int16", "uint16", "float32"]), valid=st.sampled_from([0.0, 0.3, 1.0]),
)  # fmt: skip
def test_any_size_and_type_can_be_thinned(
    height: int, width: int, bands: int, seed: int, dtype: str, valid: float
) -> None:
    rng = np.random.default_rng(seed)
    before, after = (rng.integers(0, 99, (height, width, bands)).astype(dtype) for _ in range(2))
    mask = rng.random((height, width)) < valid
    windows = [Pair(before, after, mask, utm_grid(height, width))] * 2
    seen = thinned(windows)
    assert len(seen.before.pixels) == len(seen.after.pixels) == round(seen.valid * 2 * height * width)
    assert len(seen.before.blocks) == len(seen.after.roughness)
    assert 0 <= clouded_share(seen.before, seen.after) <= 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", [-3.4e38, 1e300])
def test_numbers_beyond_single_precision_around_a_scene_are_looked_at_in_silence(number: float) -> None:
    pixels, valid = ground(5).astype(np.float64), np.ones((SIDE, SIDE), bool)
    pixels[:20], valid[:20] = number, False
    assert thinned([Pair.of_arrays(pixels, pixels, valid)]).before.blocks.max() < 256


def test_an_implausible_share_is_said_and_a_plausible_one_is_not() -> None:
    assert check_changed_share(0.3) == []
    only(check_changed_share(0.83, ["--tone auto", "--model irmad"]), "83 % of the scene", "try --tone auto or --model")
    only(check_changed_share(0.83), "try dates of one season.")


def test_each_window_is_read_once(check: Check) -> None:
    class Once(list[Any]):
        reads = 0

        def __getitem__(self, index: Any) -> Any:
            Once.reads += 1
            return super().__getitem__(index)

        def __iter__(self) -> Any:
            return (self[index] for index in range(len(self)))

    windows = Once(Pair(*two_dates(), np.ones((SIDE, SIDE), bool), utm_grid(SIDE, SIDE)) for _ in range(3))
    thinned(windows)
    assert Once.reads == len(windows)


def test_false_alarms_on_real_dates_are_rare_and_drawn_clouds_are_found(real_images: Path) -> None:
    """Quarries of bright granite at 8 dates: without clouds; half of those that are drawn, or more, are seen."""
    files = sorted((real_images / "imagery/strzegom_quarries_s2").glob("*.png"))
    dates = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    found = 0
    pairs = list(itertools.combinations(dates, 2))[::3]
    for number, (first, second) in enumerate(pairs):
        assert max(shares(first, second)) <= LEAST_SHARE
        found += shares(first, clouds(second, 0.3, seed=number))[1] > LEAST_SHARE
    assert found >= 0.5 * len(pairs)


def shares(before: NDArray, after: NDArray) -> tuple[float, float]:
    """What looks clouded before, and after."""
    seen = thinned([Pair(before, after, np.ones(before.shape[:2], bool), utm_grid(*before.shape[:2]))])
    return clouded_share(seen.before, seen.after), clouded_share(seen.after, seen.before)
