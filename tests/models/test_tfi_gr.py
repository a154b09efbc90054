"""TFI-GR against its published implementation, and its own promises."""

import copy

import pytest
import torch
from torch import Tensor
from torchvision.models import resnet18

from minenetcd.backbones import torchvision_resnet18 as trunk_module
from minenetcd.errors import OptionError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.models.tfi_gr import TFIGR
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.tfi_gr import OPTIONS, RULES
from parity.golden import Golden, golden_pair, load_golden

#: Published but unused: the ImageNet classifier, and two of three 3 x 3 blocks of 64 channels in the decoder.
UNUSED = (512 * 1000 + 1000) + 2 * (64 * 64 * 9 + 64 + 2 * 64)


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("tfi_gr")


@pytest.fixture(scope="module")
def published(golden: Golden) -> TFIGR:
    model = TFIGR(**OPTIONS)
    load_strictly(model, rename(golden.weights, RULES))
    return model.eval()


def dates(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


def idle_parameters(model: TFIGR) -> set[str]:
    """Names of the parameters of `model` (float64) without a gradient above its rounding."""
    model(*(date.double() for date in dates())).logits.square().mean().backward()
    return {name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-12}


@torch.inference_mode()
def test_published_weights_give_the_published_output(golden: Golden, published: TFIGR) -> None:
    output = published(*golden_pair())
    golden.check("main", output.logits, tolerance=1e-5)
    assert output.auxiliary == published.auxiliary_weights == ()


def test_parameters_count_as_published_without_the_unused_ones(golden: Golden, published: TFIGR) -> None:
    assert sum(p.numel() for p in published.parameters()) == golden.facts["params"] - UNUSED
    assert round(golden.facts["params_mi"], 2) == TFIGR.about.parameters_mi


def test_every_published_tensor_has_one_home(golden: Golden, published: TFIGR) -> None:
    tensors = dict.fromkeys([*golden.facts["state_dict"], *golden.facts["integer_buffers"]], torch.empty(0))
    assert rename(tensors, RULES).keys() == published.state_dict().keys()


@torch.inference_mode()
def test_the_dates_are_told_apart_by_their_enhancement_and_order_alone(published: TFIGR) -> None:
    model, (before, after) = copy.deepcopy(published).double(), (date.double() for date in dates())
    expected = model(before, after).logits
    assert (model(after, before).logits - expected).abs().max() > 0.1
    for interaction in model.interaction.values():
        enhance = interaction.enhance_before, interaction.enhance_after
        interaction.enhance_after, interaction.enhance_before = enhance
        merge = interaction.merge.conv.weight
        merge.copy_(torch.cat(merge.chunk(2, dim=1)[::-1], dim=1))
    torch.testing.assert_close(model(after, before).logits, expected, rtol=0, atol=1e-12)


def test_training_reaches_every_parameter_but_biases_that_a_norm_subtracts(published: TFIGR) -> None:
    model = copy.deepcopy(published).double().train()
    blocks = [(name, module) for name, module in model.named_modules() if isinstance(module, ConvNormAct)]
    assert idle_parameters(model) == {f"{name}.conv.bias" for name, block in blocks if block.conv.bias is not None}


def test_outside_training_every_parameter_acts(published: TFIGR) -> None:
    assert idle_parameters(copy.deepcopy(published).double()) == set()


@torch.no_grad()
def test_statistics_move_once_a_date_in_the_trunk_and_three_times_in_the_decoder() -> None:
    torch.manual_seed(0)
    model, (before, after) = TFIGR().train(), dates()
    alone = copy.deepcopy(model.trunk)
    model(before, after)
    alone(before)
    alone(after)
    for name, buffer in model.trunk.named_buffers():
        assert torch.equal(buffer, alone.get_buffer(name)), name
    assert int(model.merge.norm.num_batches_tracked) == 3
    assert int(model.interaction["level2"].difference.norm.num_batches_tracked) == 1


@torch.inference_mode()
def test_bands_and_classes_are_free() -> None:
    model = TFIGR(in_channels=5, num_classes=1).eval()
    assert model(*dates(70, 33, channels=5, batch=1)).logits.shape == (1, 1, 70, 33)
    load_strictly(TFIGR(**model.config), model.state_dict())


def test_the_trunk_starts_from_imagenet_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    source = resnet18().state_dict()
    monkeypatch.setattr(trunk_module, "imagenet_weights", {"resnet18": source}.__getitem__)
    model = TFIGR()
    model.load_pretrained_backbone()
    for name, tensor in model.trunk.state_dict().items():
        assert torch.equal(tensor, source[name]), name
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        TFIGR(in_channels=4).load_pretrained_backbone()
