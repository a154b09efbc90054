"""What departs from how two dates go together stands out, and no tone does."""

import pytest
import torch
from torch import Tensor

from minenetcd.layers.joint_deviation import joint_deviation

PATCH = (..., slice(10, 20), slice(10, 20))


@pytest.fixture
def dates() -> tuple[Tensor, Tensor]:
    """The second in another tone, with some noise, and one patch in other colours."""
    generator = torch.Generator().manual_seed(0)
    before = 0.2 * torch.randn(2, 3, 64, 48, generator=generator)
    tone, colour = (torch.tensor(bands)[:, None, None] for bands in ([0.8, 1.1, 0.7], [0.5, -0.5, 0.25]))
    after = tone * before + 0.1 + 0.02 * torch.randn(2, 3, 64, 48, generator=generator)
    after[PATCH] += colour
    return before, after


def test_a_patch_in_other_colours_stands_out(dates: tuple[Tensor, Tensor]) -> None:
    found = joint_deviation(*dates)
    changed = torch.zeros_like(found, dtype=torch.bool)
    changed[PATCH] = True
    assert found.shape == (2, 1, 64, 48) and found[changed].min() > 3 * found[~changed].mean()


def test_the_order_of_dates_and_the_tone_of_either_do_not_matter(dates: tuple[Tensor, Tensor]) -> None:
    before, after = (date.double() for date in dates)
    mixed = torch.tensor([[1.2, 0.1, 0.0], [0.0, 0.9, 0.2], [0.1, 0.0, 1.1]], dtype=torch.float64)
    toned = torch.einsum("ij,bjhw->bihw", mixed, after) - 0.2
    found = joint_deviation(before, after)
    torch.testing.assert_close(joint_deviation(after, before), found)
    assert (joint_deviation(before, toned) - found).abs().mean() < 0.01  # not 0: variances have a least


def test_images_of_one_colour_and_equal_images_show_nothing(dates: tuple[Tensor, Tensor]) -> None:
    flat = torch.zeros(1, 3, 32, 32)
    assert joint_deviation(flat, flat + 1).max() == 0
    assert joint_deviation(dates[0], dates[0]).max() < 0.02


def test_half_precision_is_computed_in_single(dates: tuple[Tensor, Tensor]) -> None:
    halves = [date.bfloat16() for date in dates]
    found = joint_deviation(*halves)
    assert found.dtype == torch.bfloat16 and found.isfinite().all()
