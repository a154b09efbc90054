"""CGNet against its published implementation, and its own promises."""

import copy

import pytest
import torch
from torch import Tensor

from minenetcd.backbones import vgg16
from minenetcd.backbones.vgg16 import VGG16
from minenetcd.errors import OptionError
from minenetcd.models.cgnet import CGNet
from minenetcd.types import change_probability
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.cgnet import OPTIONS, RULES
from parity.boost import boosted
from parity.golden import Golden, golden_pair, load_golden

#: `up_layer4`, `up_layer3`, `up_layer2`: published, never run. Convolution without bias, norm.
DROPPED = sum(9 * width**2 + 2 * width for width in (512, 512, 256))
NORMALISED_LAYERS = (0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40)
#: A BatchNorm subtracts them again in training.
SUBTRACTED = {f"trunk.{layer}.bias" for layer in NORMALISED_LAYERS}
#: Far below what a mistake moves; the outputs hardly spread under these weights.
ABSOLUTE = 1e-5


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("cgnet")


def published(weights: dict[str, Tensor]) -> CGNet:
    model = CGNet(**OPTIONS)
    load_strictly(model, rename(weights, RULES))
    return model.eval()


def check(golden: Golden, name: str, ours: Tensor) -> None:
    golden.check(name, ours, tolerance=ABSOLUTE / float(golden.arrays[f"{name}.absmax"]))


def dates(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


def moved(model: CGNet, *, batch: int = 1) -> set[str]:
    """Names of the parameters that any output depends on by more than the rounding of float64."""
    output = model.double()(*(date.double() for date in dates(48, 48, batch=batch)))
    (output.logits.square().mean() + output.auxiliary[0].square().mean()).backward()
    return {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().max() > 1e-12}


@torch.inference_mode()
def test_published_weights_give_the_published_outputs(golden: Golden) -> None:
    model, (before, after) = published(golden.weights), golden_pair()
    output = model(before, after)
    check(golden, "main_logits", output.logits)
    check(golden, "main", change_probability(output.logits)[:, None])
    check(golden, "aux0", *output.auxiliary)
    exchanged = change_probability(model(after, before).logits)
    difference = float((exchanged - change_probability(output.logits)).abs().max())
    assert difference == pytest.approx(golden.facts["swap_dates_max_abs_difference"], abs=ABSOLUTE)


@torch.inference_mode()
def test_published_outputs_under_weights_that_show_the_attention(golden: Golden) -> None:
    logits = published(boosted(golden.weights))(*golden_pair()).logits
    check(golden, "boost.main_logits", logits)
    check(golden, "boost.main", change_probability(logits)[:, None])


def test_every_published_tensor_but_the_idle_layers_has_one_home(golden: Golden) -> None:
    model = CGNet()
    names = [*golden.facts["state_dict"], *golden.facts["integer_buffers"]]
    assert rename(dict.fromkeys(names, torch.empty(0)), RULES).keys() == model.state_dict().keys()
    assert sum(p.numel() for p in model.parameters()) == golden.facts["params"] - DROPPED
    assert round(golden.facts["params"] / 2**20, 2) == model.about.parameters_mi


def test_outside_training_every_parameter_acts(golden: Golden) -> None:
    model = published(boosted(golden.weights))
    assert moved(model) == {name for name, _ in model.named_parameters()}


def test_training_reaches_every_parameter_but_biases_that_a_norm_subtracts(golden: Golden) -> None:
    model = published(boosted(golden.weights)).train()
    assert {name for name, _ in model.named_parameters()} - moved(model, batch=2) == SUBTRACTED


@torch.no_grad()
def test_statistics_move_once_a_date_before_first() -> None:
    torch.manual_seed(0)
    model, (before, after) = CGNet().train(), dates()
    alone = copy.deepcopy(model.trunk)
    model(before, after)
    alone(before)
    alone(after)
    for name, buffer in model.trunk.named_buffers():
        assert torch.equal(buffer, alone.get_buffer(name)), name


@pytest.mark.parametrize("size", [(80, 48), (50, 57)])
@torch.inference_mode()
def test_the_guide_has_the_size_of_the_images_and_one_channel(size: tuple[int, int]) -> None:
    model, pair = CGNet(in_channels=4, num_classes=3).eval(), dates(*size, channels=4)
    output = model(*pair)
    assert output.logits.shape == (1, 3, *size)
    assert [guide.shape for guide in output.auxiliary] == [(1, 1, *size)]
    if size == (80, 48):  # what the published code takes is not padded
        assert torch.equal(output.logits, model.compare(*pair).logits)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.inference_mode()
def test_precision_follows_the_input(dtype: torch.dtype) -> None:
    output = CGNet().to(dtype).eval()(*(date.to(dtype) for date in dates()))
    for logits in (output.logits, *output.auxiliary):
        assert logits.dtype == dtype and logits.isfinite().all()


def test_the_trunk_starts_from_imagenet_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    source = {f"features.{name}": tensor for name, tensor in VGG16().state_dict().items()}
    monkeypatch.setattr(vgg16, "imagenet_weights", {"vgg16_bn": source}.__getitem__)
    model = CGNet()
    assert model.has_pretrained_backbone
    model.load_pretrained_backbone()
    for name, tensor in model.trunk.state_dict().items():
        assert torch.equal(tensor, source[f"features.{name}"]), name
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        CGNet(in_channels=4).load_pretrained_backbone()
