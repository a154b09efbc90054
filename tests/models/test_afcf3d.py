"""AFCF3D-Net against the published network, and its own promises."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from minenetcd.errors import OptionError
from minenetcd.models.afcf3d import AFCF3D, with_enlarged_probability
from minenetcd.types import change_probability
from parity.golden import Golden, golden_pair, load_golden
from parity.loading import published_network


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("afcf3d")


def dates(size: int = 64, *, batch: int = 1, channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, batch, channels, size, size, generator=generator)
    return before, after


@pytest.mark.slow
@torch.inference_mode()
def test_published_weights_give_the_published_logits_of_half_the_size(golden: Golden) -> None:
    golden.check("main_logits", published_network("afcf3d", golden).decide(*golden_pair()), tolerance=1e-5)


@torch.inference_mode()
def test_logits_are_those_of_the_enlarged_probability(golden: Golden) -> None:
    model, (before, after) = published_network("afcf3d", golden), dates()
    probability = functional.interpolate(
        model.decide(before, after).sigmoid(), scale_factor=2, mode="bilinear", align_corners=True
    )
    output = model(before, after)
    assert output.auxiliary == ()
    torch.testing.assert_close(change_probability(output.logits), probability[:, 0], rtol=0, atol=1e-6)


@torch.no_grad()
def test_modules_are_shared_as_published() -> None:
    model = AFCF3D().train()
    model(*dates(32, batch=2))
    assert model.trunk.bn1.num_batches_tracked == 1  # both dates in one batch
    assert model.fuse_between.shrink.norm.num_batches_tracked == 3
    assert model.decoder.shrink.norm.num_batches_tracked == 6
    assert model.decoder.refine.norm.num_batches_tracked == 10


@settings(deadline=None, max_examples=25)
@given(classes=st.integers(1, 4), scale=st.floats(0, 1e4), seed=st.integers(0, 2**16))
def test_an_enlarged_probability_is_interpolated_and_its_logits_stay_finite(
    classes: int, scale: float, seed: int
) -> None:
    small = scale * torch.randn(2, classes, 5, 7, generator=torch.Generator().manual_seed(seed))
    small.requires_grad_()
    logits = with_enlarged_probability(small, like=torch.empty(10, 14))
    expected = functional.interpolate(
        change_probability(small)[:, None], scale_factor=2, mode="bilinear", align_corners=True
    )
    torch.testing.assert_close(change_probability(logits), expected[:, 0], rtol=0, atol=1e-5)
    logits.sum().backward()
    assert logits.isfinite().all() and small.grad.isfinite().all()


@pytest.mark.parametrize("certainty", [-60.0, -20.0, 20.0, 60.0])
def test_certainty_keeps_its_digits(certainty: float) -> None:
    """A probability alone would round to 1 at 17 already."""
    logits = with_enlarged_probability(torch.full((1, 1, 4, 4), certainty), like=torch.empty(8, 8))
    torch.testing.assert_close(logits, torch.full((1, 1, 8, 8), certainty))


def test_the_pretrained_trunk_needs_three_bands() -> None:
    assert AFCF3D().has_pretrained_backbone
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        AFCF3D(in_channels=4).load_pretrained_backbone()
