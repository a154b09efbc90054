"""MSPSNet against the published network, and its own promises."""

import pytest
import torch
from torch import Tensor, nn

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.mspsnet import ChannelSelfAttention, MSPSNet, ParallelConvolutions, Refinement
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.mspsnet import OPTIONS, RULES
from parity.golden import Golden, golden_pair, load_golden

#: Parameters of the published network that never run.
DEAD = 417_880


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("mspsnet")


def published(golden: Golden) -> MSPSNet:
    model = MSPSNet(**OPTIONS)
    load_strictly(model, rename(golden.weights, RULES))
    return model.eval()


def dates(*, batch: int = 1, channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, batch, channels, 64, 64, generator=generator)
    return before, after


@torch.inference_mode()
def test_published_weights_give_the_published_output_whose_dates_are_not_interchangeable(golden: Golden) -> None:
    before, after = golden_pair()
    output = published(golden)(torch.cat([before, after]), torch.cat([after, before]))
    golden.check("main", output.logits[:1], tolerance=1e-5)
    assert output.auxiliary == ()
    there, back = output.logits
    expected = golden.facts["swap_dates_max_abs_difference"]
    assert float((there - back).abs().max()) == pytest.approx(expected, abs=1e-5)


def test_every_published_tensor_that_runs_has_one_home(golden: Golden) -> None:
    names = [*golden.facts["state_dict"], *golden.facts["integer_buffers"]]
    model = MSPSNet()
    assert rename(dict.fromkeys(names, torch.empty(0)), RULES).keys() == model.state_dict().keys()
    assert sum(p.numel() for p in model.parameters()) == golden.facts["params"] - DEAD
    assert round(golden.facts["params_mi"], 2) == model.about.parameters_mi


def test_incomplete_or_foreign_weights_are_refused_by_name(golden: Golden) -> None:
    tensors = golden.weights
    removed = tensors.pop("conv6_3_2.weight")
    with pytest.raises(WeightsError, match=r"integrate\.scale3\.dilated\.rate2\.weight"):
        load_strictly(MSPSNet(), rename(tensors, RULES))
    with pytest.raises(WeightsError, match=r"integrate\.scale5\.merge\.weight"):
        load_strictly(MSPSNet(), rename(golden.weights | {"conv5_1.weight": removed}, RULES))
    with pytest.raises(WeightsError, match=r"conv8\.weight"):
        rename({"conv8.weight": removed}, RULES)


@pytest.mark.parametrize("training", [True, False])
def test_gradients_reach_every_parameter(golden: Golden, training: bool) -> None:
    model = published(golden).double().train(training)
    before, after = dates(batch=2)
    model(before.double(), after.double()).logits.square().mean().backward()
    unmoved = {name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-14}
    # Batch statistics take a bias straight before them out again.
    refinements = [name for name, part in model.named_modules() if isinstance(part, Refinement)]
    subtracted = {f"{name}.{part}.conv.bias" for name in refinements for part in ("condense", "expand")}
    assert unmoved == (subtracted if training else set())


@torch.no_grad()
def test_statistics_move_once_a_date_before_first() -> None:
    torch.manual_seed(0)
    model, alone, (before, after) = MSPSNet(), MSPSNet(), dates(batch=2)
    alone.load_state_dict(model.state_dict())
    model(before, after)
    alone.features(before)
    alone.features(after)
    for name, buffer in model.encoder.named_buffers():
        assert torch.equal(buffer, alone.encoder.get_buffer(name)), name


@torch.no_grad()
def test_parallel_convolutions_see_one_date_each() -> None:
    torch.manual_seed(0)
    parallel = ParallelConvolutions(8)
    before, after, other = torch.randn(3, 1, 8, 16, 16)
    for conv in parallel.dilated.values():
        there, elsewhere = (conv(torch.cat([before, date], dim=1)) for date in (after, other))
        assert torch.equal(there[:, :4], elsewhere[:, :4])
        assert not torch.allclose(there[:, 4:], elsewhere[:, 4:])


@torch.no_grad()
def test_a_channel_attends_to_the_one_least_like_it() -> None:
    attend = ChannelSelfAttention()
    x = torch.tensor([3.0, 3.0, -3.0])[None, :, None, None].expand(1, 3, 4, 4).contiguous()
    assert torch.equal(attend(x), x)  # switched off at the start
    attend.gamma.fill_(1)
    torch.testing.assert_close(attend(x)[0, :, 0, 0], torch.tensor([0.0, 0.0, 0.0]))


@torch.no_grad()
def test_similarities_beyond_half_precision_are_held() -> None:
    attend = ChannelSelfAttention()
    attend.gamma.fill_(0.5)
    x = torch.randn(1, 32, 64, 64, generator=torch.Generator().manual_seed(0)) * 8
    assert float((x.flatten(2) @ x.flatten(2).mT).max()) > torch.finfo(torch.float16).max
    half = attend.half()(x.half())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = attend(x)
    assert half.dtype == torch.float16 and mixed.dtype == torch.float32
    torch.testing.assert_close(half.float(), attend(x.half().float()), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(mixed, attend(x))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.inference_mode()
def test_bands_classes_and_precision_are_free(dtype: torch.dtype) -> None:
    model = MSPSNet(in_channels=4, num_classes=1).eval().to(dtype)
    before, after = dates(channels=4)
    logits = model(before.to(dtype), after.to(dtype)).logits
    assert logits.shape == (1, 1, 64, 64)
    assert logits.dtype == dtype
    assert logits.isfinite().all()


def test_it_starts_as_published() -> None:
    torch.manual_seed(0)
    model = MSPSNet()
    for conv in (model.stem, model.encoder[3].conv1, model.integrate["scale4"].dilated["rate3"], model.reduce):
        fan_out = conv.out_channels * conv.kernel_size[0] * conv.kernel_size[1]
        assert conv.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
    assert {part.weight.item() for part in model.modules() if isinstance(part, nn.PReLU)} == {0.25}
    assert not any(refine.attend.gamma.any() for refine in model.refine.values())


def test_there_is_no_pretrained_trunk() -> None:
    assert not MSPSNet().has_pretrained_backbone
    with pytest.raises(OptionError, match="no pretrained trunk"):
        MSPSNet().load_pretrained_backbone()
