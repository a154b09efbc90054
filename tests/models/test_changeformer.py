import json

import pytest
import torch
from torch import Tensor, nn

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.changeformer import ChangeFormer
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.changeformer import OPTIONS, RULES
from parity.golden import golden_pair, load_golden

GOLDEN = load_golden("changeformer")
SMALL = {"decoder_channels": 16}


@pytest.fixture(scope="module")
def published() -> ChangeFormer:
    model = ChangeFormer(**OPTIONS)
    load_strictly(model, rename(GOLDEN.weights, RULES))
    return model.eval()


@pytest.fixture(scope="module")
def small() -> ChangeFormer:
    torch.manual_seed(0)
    return ChangeFormer(**SMALL).eval()


def dates(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(batch, channels, height, width, generator=generator) for _ in range(2))


@torch.inference_mode()
def test_published_weights_give_the_published_outputs(published: ChangeFormer) -> None:
    output = published(*golden_pair())
    GOLDEN.check("main", output.logits, tolerance=2e-5)
    for name, logits in zip(GOLDEN.facts["extra_outputs"], output.auxiliary, strict=True):
        GOLDEN.check(name, logits, tolerance=2e-5)
    assert len(output.auxiliary) == len(published.auxiliary_weights)


@torch.inference_mode()
def test_exchanging_the_dates_changes_the_output(published: ChangeFormer) -> None:
    before, after = golden_pair(size=64)
    assert (published(before, after).logits - published(after, before).logits).abs().max() > 0.1


def test_has_the_published_parameters(published: ChangeFormer) -> None:
    assert sum(p.numel() for p in published.parameters()) == GOLDEN.facts["params"]


def test_norms_use_the_published_epsilon(published: ChangeFormer) -> None:
    """The golden cannot tell 1e-5 from 1e-6."""
    for name, module in published.named_modules():
        if isinstance(module, nn.LayerNorm):
            assert module.eps == (1e-5 if name.endswith(("embed_norm", "reduce_norm")) else 1e-6), name


def test_missing_and_unexpected_tensors_are_named(small: ChangeFormer) -> None:
    tensors = small.state_dict()
    with pytest.raises(WeightsError, match=r"'head\.bias'"):
        load_strictly(small, {name: tensor for name, tensor in tensors.items() if name != "head.bias"})
    with pytest.raises(WeightsError, match=r"scales\.scale5\.project\.weight"):
        extra = rename({"TDec_x2.linear_c5.proj.weight": torch.zeros(1)}, RULES)
        load_strictly(small, {**tensors, **extra})
    with pytest.raises(WeightsError, match=r"'TDec_x2\.other\.weight'"):
        rename({"TDec_x2.other.weight": torch.zeros(1)}, RULES)


def test_gradients_reach_every_parameter_but_a_bias_before_its_norm() -> None:
    torch.manual_seed(0)
    model = ChangeFormer(**SMALL).double().train()
    output = model(*(date.double() for date in dates()))
    sum(logits.square().mean() for logits in (output.logits, *output.auxiliary)).backward()
    assert {name for name, p in model.named_parameters() if p.grad.abs().max() < 1e-12} == {"fuse.conv.bias"}


def test_the_prediction_alone_leaves_the_side_predictions_untrained() -> None:
    torch.manual_seed(0)
    model = ChangeFormer(**SMALL).train()
    model(*dates()).logits.square().mean().backward()
    untrained = {name for name, p in model.named_parameters() if p.grad is None}
    assert untrained == {name for name, _ in model.named_parameters() if ".predict." in name}


@pytest.mark.parametrize("size", [(33, 47), (100, 70), (64, 96)])
@torch.inference_mode()
def test_any_size_comes_back_at_that_size(size: tuple[int, int], small: ChangeFormer) -> None:
    output = small(*dates(*size, batch=1))
    assert output.logits.shape == (1, 2, *size) and output.logits.isfinite().all()
    padded = [side + -side % 32 for side in size]
    for stride, logits in zip((32, 16, 8, 4), output.auxiliary, strict=True):
        assert logits.shape == (1, 2, padded[0] // stride, padded[1] // stride) and logits.isfinite().all()


@torch.inference_mode()
def test_channels_classes_types_and_configuration_follow_the_options() -> None:
    model = ChangeFormer(in_channels=5, num_classes=1, **SMALL).eval()
    rebuilt = ChangeFormer(**json.loads(json.dumps(model.config)))
    load_strictly(rebuilt, model.state_dict())
    pair = dates(channels=5, batch=1)
    output = model(*pair)
    assert output.logits.shape == (1, 1, 64, 64) and output.auxiliary[0].shape == (1, 1, 2, 2)
    assert torch.equal(rebuilt.eval()(*pair).logits, output.logits)
    assert model.double()(*(date.double() for date in pair)).logits.dtype == torch.float64
    assert model.bfloat16()(*(date.bfloat16() for date in pair)).logits.dtype == torch.bfloat16


def test_dropout_and_stochastic_depth_act_in_training_only() -> None:
    torch.manual_seed(0)
    model, pair = ChangeFormer(**SMALL), dates()
    assert not torch.equal(model(*pair).logits, model(*pair).logits)
    model.eval()
    assert torch.equal(model(*pair).logits, model(*pair).logits)
    steady = ChangeFormer(dropout=0.0, drop_path=0.0, **SMALL)
    assert torch.equal(steady(*pair).logits, steady(*pair).logits)


def test_there_is_no_pretrained_trunk(small: ChangeFormer) -> None:
    with pytest.raises(OptionError, match="ChangeFormer has no pretrained trunk"):
        small.load_pretrained_backbone()
