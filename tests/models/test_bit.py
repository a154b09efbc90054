import copy
import json

import pytest
import torch
from torch import Tensor
from torchvision.models import resnet18

from minenetcd.backbones import torchvision_resnet18 as trunk
from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.bit import BIT
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.bit import OPTIONS, RULES
from parity.golden import golden_pair, load_golden

GOLDEN = load_golden("bit")
#: A stricter limit than elsewhere: at 1e-4 the whole token encoder could be wrong unseen.
TOLERANCE = 2e-5
#: Parameters of the published network that never run: layer4 and the classifier of its ResNet-18.
UNUSED = 8_906_728
#: Added to both dates alike after the last layer, and so gone from their difference.
CANCELLED = {"decoder.7.mlp.2.bias"}


def published() -> BIT:
    model = BIT(**OPTIONS)
    load_strictly(model, rename(GOLDEN.weights, RULES))
    return model.eval()


def dates(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(batch, channels, height, width, generator=generator) for _ in range(2))


@torch.inference_mode()
def test_published_weights_give_the_published_output() -> None:
    output = published()(*golden_pair())
    GOLDEN.check("main", output.logits, tolerance=TOLERANCE)
    assert output.auxiliary == ()


@torch.inference_mode()
def test_exchanging_the_dates_changes_as_much_as_published() -> None:
    model, (before, after) = published(), golden_pair()
    difference = (model(before, after).logits - model(after, before).logits).abs().max().item()
    assert difference == pytest.approx(GOLDEN.facts["swap_dates_max_abs_difference"], abs=5e-5)


def test_has_the_published_parameters_without_the_unused_ones() -> None:
    assert sum(p.numel() for p in BIT().parameters()) == GOLDEN.facts["params"] - UNUSED


def test_missing_and_unexpected_tensors_are_named() -> None:
    weights = GOLDEN.weights
    del weights["pos_embedding"]
    with pytest.raises(WeightsError, match="'position'"):
        load_strictly(BIT(), rename(weights, RULES))
    with pytest.raises(WeightsError, match=r"'conv_b\.weight'"):
        rename({**GOLDEN.weights, "conv_b.weight": torch.zeros(1)}, RULES)
    with pytest.raises(WeightsError, match=r"encoder\.1\.mlp_norm\.weight"):
        extra = {"transformer.layers.1.1.fn.norm.weight": torch.zeros(32)}
        load_strictly(BIT(), rename({**GOLDEN.weights, **extra}, RULES))


def test_gradients_reach_every_parameter_but_the_one_that_cancels() -> None:
    torch.manual_seed(0)
    model = BIT().double().train()
    model(*(date.double() for date in dates())).logits.square().mean().backward()
    largest = max(p.grad.abs().max() for p in model.parameters())
    unmoved = {name for name, p in model.named_parameters() if p.grad.abs().max() < 1e-12 * largest}
    assert unmoved == CANCELLED


@torch.no_grad()
def test_statistics_move_once_a_date_before_first() -> None:
    torch.manual_seed(0)
    model, (before, after) = BIT().train(), dates()
    alone = copy.deepcopy(model.trunk)
    model(before, after)
    alone(before)
    alone(after)
    for name, buffer in model.trunk.named_buffers():
        assert torch.equal(buffer, alone.get_buffer(name)), name


@pytest.mark.parametrize("size", [(33, 47), (100, 70), (48, 104)])
@torch.inference_mode()
def test_any_size_comes_back_at_that_size(size: tuple[int, int]) -> None:
    logits = published()(*dates(*size, batch=1)).logits
    assert logits.shape == (1, 2, *size) and logits.isfinite().all()


@torch.inference_mode()
def test_channels_classes_types_and_configuration_follow_the_options() -> None:
    model = BIT(in_channels=5, num_classes=1, tokens=6, encoder_depth=2, decoder_depth=3).eval()
    rebuilt = BIT(**json.loads(json.dumps(model.config)))
    load_strictly(rebuilt, model.state_dict())
    pair = dates(channels=5, batch=1)
    logits = model(*pair).logits
    assert logits.shape == (1, 1, 64, 64)
    assert torch.equal(rebuilt.eval()(*pair).logits, logits)
    assert model.double()(*(date.double() for date in pair)).logits.dtype == torch.float64
    assert model.bfloat16()(*(date.bfloat16() for date in pair)).logits.dtype == torch.bfloat16


def test_the_wide_decoder_heads_of_the_authors_are_an_option() -> None:
    torch.manual_seed(0)
    wide = BIT(decoder_head_width=64)
    assert wide.decoder[0].attention.query.out_features == 512
    assert wide(*dates()).logits.isfinite().all()
    with pytest.raises(WeightsError, match="wrong options"):
        load_strictly(wide, rename(GOLDEN.weights, RULES))


def test_the_trunk_starts_from_imagenet_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    source = resnet18().state_dict()
    monkeypatch.setattr(trunk, "imagenet_weights", {"resnet18": source}.__getitem__)
    model = BIT()
    model.load_pretrained_backbone()
    for name, tensor in model.trunk.state_dict().items():
        assert torch.equal(tensor, source[name]), name
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        BIT(in_channels=4).load_pretrained_backbone()
