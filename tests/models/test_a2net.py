import copy
import json

import pytest
import torch
from torch import Tensor
from torchvision.models import mobilenet_v2

from minenetcd.errors import OptionError, WeightsError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.models import a2net
from minenetcd.models.a2net import A2Net
from minenetcd.types import change_probability
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.a2net import OPTIONS, RULES
from parity.golden import golden_pair, load_golden

GOLDEN = load_golden("a2net")
#: Dropped with the trunk's last layer: 320 -> 1280 convolution, norm.
DROPPED = 320 * 1280 + 2 * 1280
#: Layers of the trunk read only through a 1 x 1 convolution and a norm, and the index of their own last norm.
HIDDEN_LAYERS = {1: 2, 7: 3, 8: 3, 9: 3, 10: 3, 14: 3, 15: 3, 16: 3}
#: All that the published prediction, the mask of level 5, is made of.
COARSEST_PATH = ("trunk.", "aggregation.level5.", "fusion.level5.", "attention.level5.mask.")


def published() -> A2Net:
    model = A2Net(**OPTIONS)
    load_strictly(model, rename(GOLDEN.weights, RULES))
    return model.eval()


def dates(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(batch, channels, height, width, generator=generator) for _ in range(2))


def moved_by(loss: Tensor, model: A2Net) -> set[str]:
    """Names of the parameters whose gradient is more than the rounding of float64."""
    loss.backward()
    return {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().max() > 1e-12}


@torch.inference_mode()
def test_published_weights_give_the_published_outputs() -> None:
    output = published()(*golden_pair())
    outputs = {"main": output.logits} | {f"aux{i}": aux for i, aux in enumerate(output.auxiliary)}
    assert list(outputs) == GOLDEN.facts["outputs"]
    for name, logits in outputs.items():
        GOLDEN.check(f"{name}_logits", logits, tolerance=1e-5)
        GOLDEN.check(name, change_probability(logits)[:, None], tolerance=1e-5)


@torch.inference_mode()
def test_the_authors_predict_from_the_finest_mask() -> None:
    coarsest, finest = published(), A2Net()
    assert finest.config["prediction"] == "finest"
    load_strictly(finest, coarsest.state_dict())
    pair = golden_pair()
    output = finest.eval()(*pair)
    GOLDEN.check("aux0_logits", output.logits, tolerance=1e-5)
    for name, logits in zip(("aux1_logits", "aux2_logits", "main_logits"), output.auxiliary, strict=True):
        GOLDEN.check(name, logits, tolerance=1e-5)
    assert len(output.auxiliary) == len(finest.auxiliary_weights)


def test_has_the_published_parameters_without_the_unused_layer() -> None:
    assert sum(p.numel() for p in A2Net().parameters()) == GOLDEN.facts["params"] - DROPPED


def test_missing_and_unexpected_tensors_are_named() -> None:
    weights = GOLDEN.weights
    del weights["decoder.sam_p4.conv2.0.bias"]
    with pytest.raises(WeightsError, match=r"attention\.level4\.refine\.conv\.bias"):
        load_strictly(A2Net(), rename(weights, RULES))
    with pytest.raises(WeightsError, match=r"decoder\.extra\.weight"):
        rename({**GOLDEN.weights, "decoder.extra.weight": torch.zeros(1)}, RULES)
    with pytest.raises(WeightsError, match=r"mask\.scale"):
        load_strictly(A2Net(), {**rename(GOLDEN.weights, RULES), "mask.scale": torch.zeros(1)})


def test_gradients_reach_every_parameter_but_biases_that_a_norm_subtracts() -> None:
    model = published().double().train()
    output = model(*(date.double() for date in dates()))
    moved = moved_by(sum(logits.square().mean() for logits in (output.logits, *output.auxiliary)), model)
    blocks = [name for name, module in model.named_modules() if isinstance(module, ConvNormAct)]
    subtracted = {f"{name}.conv.bias" for name in blocks}
    subtracted |= {f"trunk.{layer}.conv.{norm}.bias" for layer, norm in HIDDEN_LAYERS.items()}
    assert {name for name, _ in model.named_parameters()} - moved == subtracted


def test_outside_training_every_parameter_acts() -> None:
    model = published().double()
    output = model(*(date.double() for date in dates()))
    moved = moved_by(sum(logits.square().mean() for logits in (output.logits, *output.auxiliary)), model)
    assert moved == {name for name, _ in model.named_parameters()}


def test_the_published_prediction_depends_on_the_coarsest_level_alone() -> None:
    model = published().double()
    moved = moved_by(model(*(date.double() for date in dates())).logits.square().mean(), model)
    assert moved == {name for name, _ in model.named_parameters() if name.startswith(COARSEST_PATH)}


@torch.inference_mode()
def test_exchanging_the_dates_changes_nothing() -> None:
    model, (before, after) = published(), dates()
    there, back = model(before, after), model(after, before)
    assert torch.equal(there.logits, back.logits)
    assert all(map(torch.equal, there.auxiliary, back.auxiliary))


@torch.no_grad()
def test_statistics_move_once_a_date_before_first() -> None:
    torch.manual_seed(0)
    model, (before, after) = A2Net().train(), dates()
    alone = copy.deepcopy(model)
    model(before, after)
    alone.features(before)
    alone.features(after)
    for part in ("trunk", "aggregation"):
        for name, buffer in getattr(model, part).named_buffers():
            assert torch.equal(buffer, getattr(alone, part).get_buffer(name)), name


@pytest.mark.parametrize("size", [(33, 47), (100, 70), (64, 96)])
@torch.inference_mode()
def test_any_size_comes_back_at_that_size(size: tuple[int, int]) -> None:
    output = published()(*dates(*size, batch=1))
    for logits in (output.logits, *output.auxiliary):
        assert logits.shape == (1, 1, *size) and logits.isfinite().all()


@torch.inference_mode()
def test_channels_types_and_configuration_follow_the_options() -> None:
    model = A2Net(in_channels=5, prediction="coarsest").eval()
    rebuilt = A2Net(**json.loads(json.dumps(model.config)))
    load_strictly(rebuilt, model.state_dict())
    pair = dates(channels=5, batch=1)
    assert torch.equal(rebuilt.eval()(*pair).logits, model(*pair).logits)
    assert model.double()(*(date.double() for date in pair)).logits.dtype == torch.float64
    assert model.bfloat16()(*(date.bfloat16() for date in pair)).logits.dtype == torch.bfloat16


def test_impossible_options_are_told() -> None:
    with pytest.raises(OptionError, match="num_classes=1, got 2"):
        A2Net(num_classes=2)
    with pytest.raises(OptionError, match="one of finest, coarsest, got 'p2'"):
        A2Net(prediction="p2")
    with pytest.raises(OptionError, match="reads 3 bands, this one 4"):
        A2Net(in_channels=4).load_pretrained_backbone()


def test_the_trunk_starts_from_imagenet_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    source = mobilenet_v2().state_dict()
    monkeypatch.setattr(a2net, "imagenet_weights", {"mobilenet_v2": source}.__getitem__)
    model = A2Net()
    model.load_pretrained_backbone()
    for name, tensor in model.trunk.state_dict().items():
        assert torch.equal(tensor, source[f"features.{name}"]), name
