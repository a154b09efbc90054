import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from torchvision.transforms.v2 import functional as v2

from minenetcd.data.tone import Tone
from minenetcd.data.transforms import (
    AUGMENTATIONS,
    Augmentation,
    augment,
    jitter,
    random_crop,
    random_zoom,
    sample_generator,
    turn_and_flip,
)
from minenetcd.errors import DataError, UnknownNameError
from minenetcd.geo.values import Limits
from minenetcd.types import ChangeSample

#: Every recipe that moves pixels but leaves their values alone.
GEOMETRY = Augmentation(symmetries=True, exchange_share=0.5)
QUIET = Tone(brightness=0, contrast=0, gamma=0, gain=0, saturation=0, blur_share=0, noise_share=0)


def sample(height: int = 24, width: int | None = None) -> ChangeSample:
    """Both dates and the mask hold the same picture, so that any unequal move shows."""
    width = width or height
    picture = torch.arange(height * width).remainder(251).to(torch.uint8).view(height, width)
    return ChangeSample(picture.expand(3, -1, -1), picture.expand(3, -1, -1), picture, "one")


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


@pytest.mark.slow
@settings(deadline=None)
@given(seed=st.integers(0, 9999), height=st.integers(16, 30), width=st.integers(16, 30))
def test_dates_and_mask_move_together(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    moved = turn_and_flip(random_crop(sample(height, width), rng, side=16), rng)
    assert moved.mask.shape == (16, 16)
    assert torch.equal(moved.before[0], moved.mask) and torch.equal(moved.after[2], moved.mask)


@settings(deadline=None)
@given(seed=st.integers(0, 9999), height=st.integers(8, 20), width=st.integers(8, 20))
def test_moving_loses_no_pixel_and_keeps_the_shape(seed: int, height: int, width: int) -> None:
    moved = augment(sample(height, width), np.random.default_rng(seed), recipe=GEOMETRY)
    assert moved.mask.shape == (height, width)
    assert torch.equal(moved.mask.flatten().sort().values, sample(height, width).mask.flatten().sort().values)


def test_all_eight_symmetries_come_and_only_they() -> None:
    square = sample(5)
    seen = {turn_and_flip(square, np.random.default_rng(seed)).mask.numpy().tobytes() for seed in range(200)}
    picture = square.mask.numpy()
    turned = [np.rot90(side, turns) for side in (picture, picture.T) for turns in range(4)]
    assert seen == {np.ascontiguousarray(side).tobytes() for side in turned}


@settings(deadline=None)
@given(seed=st.integers(0, 9999), height=st.integers(24, 60), side=st.sampled_from([None, 24]))
def test_zoom_keeps_dates_and_mask_on_one_place(seed: int, height: int, side: int | None) -> None:
    """A bright square in both dates stays under the labels, which stay labels."""
    mask = torch.zeros(height, 40, dtype=torch.uint8)
    mask[4:20, 6:22], mask[:2] = 1, 255
    date = torch.where(mask == 1, 255, 0).to(torch.uint8).expand(3, -1, -1)
    zoomed = random_zoom(ChangeSample(date, date, mask, "one"), np.random.default_rng(seed), most=1.5, side=side)
    assert zoomed.mask.shape == ((height, 40) if side is None else (24, 24))
    assert zoomed.before.shape[1:] == zoomed.mask.shape and zoomed.before.dtype == torch.uint8
    assert torch.equal(zoomed.before, zoomed.after) and set(zoomed.mask.unique().tolist()) <= {0, 1, 255}
    bright, changed = zoomed.before[0] > 127, (zoomed.mask == 1).float()[None]
    near, far = (functional.max_pool2d(part, 3, stride=1, padding=1)[0] > 0 for part in (changed, 1 - changed))
    assert bright[~far].all() and not bright[~near].any()  # on an edge dates are mixed and the mask is not


def test_zoom_reaches_both_ways_where_there_is_room() -> None:
    stripes = torch.arange(96).remainder(16).ge(8).mul(255).to(torch.uint8).expand(96, 96)
    one = ChangeSample(stripes.expand(3, -1, -1), stripes.expand(3, -1, -1), stripes, "one")
    edges = [
        int(random_zoom(one, np.random.default_rng(seed), most=2.0, side=48).mask[0].int().diff().ne(0).sum())
        for seed in range(60)
    ]
    assert min(edges) <= 4 and max(edges) >= 10  # 48 pixels of stripes 8 wide hold 5 or 6 edges unzoomed


def test_a_sample_is_the_same_for_the_same_seed_epoch_and_index() -> None:
    one, two, *others = (
        augment(sample(), sample_generator(*key), crop=16)
        for key in ((1, 2, 3), (1, 2, 3), (1, 2, 4), (1, 3, 3), (2, 2, 3))
    )
    assert all(torch.equal(a, b) for a, b in zip(one[:3], two[:3], strict=True))
    for other in others:
        assert not all(torch.equal(a, b) for a, b in zip(one[:3], other[:3], strict=True))


def test_none_leaves_everything_as_it_is_but_for_the_window() -> None:
    plain = augment(sample(), np.random.default_rng(0), recipe="none")
    assert all(torch.equal(a, b) for a, b in zip(plain[:3], sample()[:3], strict=True))
    cut = augment(sample(), np.random.default_rng(0), recipe="none", crop=16)
    corner = divmod(int(cut.mask[0, 0]), 24)
    assert torch.equal(cut.mask, sample().mask[corner[0] : corner[0] + 16, corner[1] : corner[1] + 16])


def test_dates_are_exchanged_in_half_of_the_samples() -> None:
    one = sample()._replace(after=255 - sample().before)
    recipe = Augmentation(exchange_share=0.5)
    exchanged = [
        torch.equal(augment(one, np.random.default_rng(seed), recipe=recipe).before, one.after) for seed in range(400)
    ]
    assert 160 < sum(exchanged) < 240


def test_tone_is_changed_in_each_date_by_itself_and_light_stays_monotone() -> None:
    ramp = torch.arange(256, dtype=torch.uint8).view(1, 16, 16).expand(3, -1, -1)
    rng = np.random.default_rng(0)
    smooth = Tone(blur_share=0, noise_share=0, saturation=0)
    first, second = jitter(ramp, rng, smooth), jitter(ramp, rng, smooth)
    assert first.dtype == torch.uint8 and not torch.equal(first, second)
    assert (first.flatten(1).int().diff(dim=1) >= 0).all()
    strong = augment(ChangeSample(ramp, ramp, ramp[0], "one"), np.random.default_rng(1), recipe="strong")
    assert not torch.equal(strong.before, strong.after)


@pytest.mark.parametrize("bands", [1, 3, 5])
def test_a_tone_of_no_width_changes_nothing(bands: int) -> None:
    image = noise(bands, bands, 12, 14)
    assert torch.equal(jitter(image, np.random.default_rng(0), QUIET), image)


def test_saturation_moves_bands_about_their_mean() -> None:
    image = noise(0, 3, 20, 20).clamp(60, 190)
    told = Tone(brightness=0, contrast=0, gamma=0, gain=0, saturation=0.3, blur_share=0, noise_share=0)
    changed = jitter(image, np.random.default_rng(3), told).float()
    assert not torch.equal(changed, image.float())
    assert (changed.mean(dim=0) - image.float().mean(dim=0)).abs().max() <= 0.5
    factor = (changed - changed.mean(dim=0)).norm() / (image.float() - image.float().mean(dim=0)).norm()
    assert 0.7 <= factor <= 1.3


@pytest.mark.parametrize("seed", range(5))
def test_blur_is_the_gaussian_of_torchvision(seed: int) -> None:
    image = noise(seed, 3, 21, 17)
    blurred = jitter(image, np.random.default_rng(seed), _only(blur_share=1))
    widths = np.linspace(0.4, 1.2, 401)
    nearest = min(int((v2.gaussian_blur(image, [5, 5], [s]).int() - blurred.int()).abs().max()) for s in widths)
    assert nearest <= 1 and not torch.equal(blurred, image)


def test_noise_is_small_and_has_no_bias() -> None:
    grey = torch.full((3, 100, 100), 120, dtype=torch.uint8)
    noisy = [jitter(grey, np.random.default_rng(seed), _only(noise_share=1)).float() - 120 for seed in range(8)]
    assert all(abs(error.mean()) < 0.3 and error.std() < 0.031 * 255 for error in noisy)
    assert len({float(error.std()) for error in noisy}) == 8


def _only(**share: float) -> Tone:
    return Tone(**{**{name: 0 for name in QUIET.__dataclass_fields__}, **share})


def test_a_pair_smaller_than_the_crop_and_an_unknown_recipe_are_refused() -> None:
    for recipe in AUGMENTATIONS:
        for seed in range(4):  # with and without zoom
            with pytest.raises(DataError, match=r"A crop of 32 x 32 .*'one' has 40 x 24: choose a crop of 24 or less"):
                augment(sample(40, 24), np.random.default_rng(seed), recipe=recipe, crop=32)
    with pytest.raises(UnknownNameError, match="did you mean 'strong'"):
        augment(sample(), np.random.default_rng(0), recipe="stong")


# --- numbers that are not 8-bit ---

LIMITS = Limits(np.array([0, 100, 200], np.float32), np.array([8000, 9000, 10_000], np.float32))


def wide(seed: int, dtype: str) -> torch.Tensor:
    values = np.random.default_rng(seed).integers(300, 7000, (3, 40, 40)).astype(dtype)
    values[:, :6] = 0  # no data
    return torch.from_numpy(values)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("seed", range(6))
def test_tone_of_other_numbers_stays_between_their_limits_and_no_data_stays_none(dtype: str, seed: int) -> None:
    image = wide(seed, dtype)
    changed = jitter(image, np.random.default_rng(seed), Tone(blur_share=0.5, noise_share=0.5), LIMITS)
    assert changed.dtype == image.dtype and not changed[:, :6].to(torch.float64).any()
    known = changed[:, 6:].flatten(1).double().numpy()
    assert (known.min(axis=1) >= LIMITS.low - 1).all() and (known.max(axis=1) <= LIMITS.high + 1).all()
    assert not torch.equal(changed, image)
    quiet = jitter(image, np.random.default_rng(seed), QUIET, LIMITS)
    assert (quiet.double() - image.double()).abs().max() <= (1 if "int" in dtype else 0.01)


def test_tone_of_16_bits_is_that_of_8_bits_in_their_unit() -> None:
    fine = noise(0, 3, 40, 40).clamp(1, 255)
    coarse = torch.from_numpy(fine.numpy().astype(np.uint16) * 40)
    limits = Limits(np.zeros(3, np.float32), np.full(3, 255 * 40, np.float32))
    for seed in range(5):
        eight, sixteen = (
            jitter(image, np.random.default_rng(seed), limits=given).double()
            for image, given in ((fine, None), (coarse, limits))
        )
        assert (sixteen / 40 - eight).abs().mean() < 1  # 8 bits are rounded after each step


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
@pytest.mark.parametrize("value_range", [None, (0, 10_000)])
def test_a_sample_of_other_numbers_is_changed_as_any(dtype: str, value_range: tuple[float, float] | None) -> None:
    mask = torch.zeros(40, 40, dtype=torch.uint8)
    mask[:6] = 255
    one = ChangeSample(wide(0, dtype), wide(1, dtype), mask, "one")
    for seed in range(8):
        changed = augment(one, np.random.default_rng(seed), crop=32, value_range=value_range)
        assert changed.before.shape == (3, 32, 32) and changed.before.dtype == changed.after.dtype == one.before.dtype
        again = augment(one, np.random.default_rng(seed), crop=32, value_range=value_range)
        assert torch.equal(changed.after, again.after) and torch.equal(changed.mask, again.mask)
