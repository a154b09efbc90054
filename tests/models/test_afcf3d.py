"""AFCF3D-Net against the published network, and its own promises."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.afcf3d import AFCF3D, Conv3dNormReLU, CoordinateAttention, with_enlarged_probability
from minenetcd.types import change_probability
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.afcf3d import OPTIONS, RULES
from parity.golden import Golden, golden_pair, load_golden

#: Parameters of the published network that reach no output.
DEAD = 103_044


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("afcf3d")


def published(golden: Golden) -> AFCF3D:
    model = AFCF3D(**OPTIONS)
    load_strictly(model, rename(golden.weights, RULES))
    return model.eval()


def dates(size: int = 64, *, batch: int = 1, channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, batch, channels, size, size, generator=generator)
    return before, after


@torch.inference_mode()
def test_published_weights_give_the_published_output_whose_dates_are_not_interchangeable(golden: Golden) -> None:
    before, after = golden_pair()
    halves = published(golden).decide(torch.cat([before, after]), torch.cat([after, before]))
    golden.check("main_logits", halves[:1], tolerance=1e-5)
    there, back = change_probability(with_enlarged_probability(halves, like=before))
    golden.check("main", there[None, None], tolerance=5e-6)
    expected = golden.facts["swap_dates_max_abs_difference"]
    assert float((there - back).abs().max()) == pytest.approx(expected, abs=1e-5)


@torch.inference_mode()
def test_logits_are_those_of_the_enlarged_probability(golden: Golden) -> None:
    model, (before, after) = published(golden), dates()
    probability = functional.interpolate(
        model.decide(before, after).sigmoid(), scale_factor=2, mode="bilinear", align_corners=True
    )
    output = model(before, after)
    assert output.auxiliary == ()
    torch.testing.assert_close(change_probability(output.logits), probability[:, 0], rtol=0, atol=1e-6)


def test_every_published_tensor_that_acts_has_one_home(golden: Golden) -> None:
    names = [*golden.facts["state_dict"], *golden.facts["integer_buffers"]]
    model = AFCF3D()
    assert rename(dict.fromkeys(names, torch.empty(0)), RULES).keys() == model.state_dict().keys()
    assert sum(p.numel() for p in model.parameters()) == golden.facts["params"] - DEAD
    assert round(golden.facts["params_mi"], 2) == model.about.parameters_mi


def test_incomplete_or_foreign_weights_are_refused_by_name(golden: Golden) -> None:
    tensors = golden.weights
    removed = tensors.pop("decoder.output.downfinal.2.conv_bn.0.weight")
    with pytest.raises(WeightsError, match=r"decoder\.stages\.0\.condense\.2\.conv\.weight"):
        load_strictly(AFCF3D(), rename(tensors, RULES))
    with pytest.raises(WeightsError, match=r"fuse_coarsest\.refine\.conv\.weight"):
        extra = {"decoder.AFCF_fuse.AFCF3.conv_up.conv_bn.0.weight": removed}
        load_strictly(AFCF3D(), rename(golden.weights | extra, RULES))
    with pytest.raises(WeightsError, match=r"decoder\.output\.conv_downsample2"):
        rename({"decoder.output.conv_downsample2.conv_bn.0.weight": removed}, RULES)


@pytest.mark.parametrize("training", [True, False])
def test_gradients_reach_every_parameter(golden: Golden, training: bool) -> None:
    model = published(golden).double().train(training)
    before, after = dates(batch=2)
    model(before.double(), after.double()).logits.square().mean().backward()
    unmoved = {name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-14}
    # Batch statistics take a bias before them out again; nothing bends between the two norms of the head.
    subtracted = {f"{name}.conv.bias" for name, part in model.named_modules() if isinstance(part, Conv3dNormReLU)}
    subtracted |= {
        f"{n}.shared.conv.bias" for n, part in model.named_modules() if isinstance(part, CoordinateAttention)
    }
    assert unmoved == (subtracted | {"head.0.norm.bias"} if training else set())


@torch.no_grad()
def test_modules_are_shared_as_published() -> None:
    model = AFCF3D().train()
    model(*dates(32, batch=2))
    assert model.trunk.bn1.num_batches_tracked == 1  # both dates in one batch
    assert model.fuse_between.shrink.norm.num_batches_tracked == 3
    assert model.decoder.shrink.norm.num_batches_tracked == 6
    assert model.decoder.refine.norm.num_batches_tracked == 10


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.inference_mode()
def test_bands_classes_and_precision_are_free(dtype: torch.dtype) -> None:
    model = AFCF3D(in_channels=4, num_classes=3).eval().to(dtype)
    before, after = dates(32, channels=4)
    logits = model(before.to(dtype), after.to(dtype)).logits
    assert logits.shape == (1, 3, 32, 32)
    assert logits.dtype == dtype
    assert logits.isfinite().all()


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
