"""TinyCD against the published network, and its own promises."""

import pytest
import torch
from torch import Tensor
from torchvision.models import efficientnet_b4

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models import tinycd
from minenetcd.models.tinycd import TinyCD
from minenetcd.types import change_probability
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.tinycd import OPTIONS, RULES
from parity.golden import Golden, golden_pair, load_golden


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("tinycd")


@pytest.fixture(scope="module")
def published(golden: Golden) -> TinyCD:
    model = TinyCD(**OPTIONS)
    load_strictly(model, rename(golden.weights, RULES))
    return model.eval()


def dates(batch: int = 1, size: tuple[int, int] = (64, 64), channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.rand(2, batch, channels, *size, generator=generator)
    return before, after


@torch.no_grad()
def test_published_weights_give_the_published_output_whose_dates_are_not_interchangeable(
    golden: Golden, published: TinyCD
) -> None:
    before, after = golden_pair()
    output = published(before, after)
    golden.check("main_logits", output.logits, tolerance=3e-5)
    probability = change_probability(output.logits)
    golden.check("main", probability[:, None])
    assert output.auxiliary == ()
    exchanged = change_probability(published(after, before).logits)
    expected = golden.facts["swap_dates_max_abs_difference"]
    assert float((exchanged - probability).abs().max()) == pytest.approx(expected, abs=1e-4)


def test_every_published_tensor_has_one_home(golden: Golden, published: TinyCD) -> None:
    names = [*golden.facts["state_dict"], *golden.facts["integer_buffers"]]
    assert rename(dict.fromkeys(names, torch.empty(0)), RULES).keys() == published.state_dict().keys()
    assert sum(p.numel() for p in published.parameters()) == golden.facts["params"]


def test_incomplete_or_foreign_weights_are_refused_by_name(golden: Golden) -> None:
    tensors = golden.weights
    removed = tensors.pop("_mixing_mask.2._convmix.0.bias")
    with pytest.raises(WeightsError, match=r"deep_mix\.0\.bias"):
        load_strictly(TinyCD(), rename(tensors, RULES))
    tensors |= {"_mixing_mask.2._convmix.0.bias": removed, "_backbone.4.0.block.0.1.bias": removed}
    with pytest.raises(WeightsError, match=r"trunk\.4\.0\.block\.0\.1\.bias"):
        load_strictly(TinyCD(), rename(tensors, RULES))
    with pytest.raises(WeightsError, match=r"_first_mix\._convmixnorm\.0\.weight"):
        rename({"_first_mix._convmixnorm.0.weight": removed}, RULES)


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    model = TinyCD().train()
    model(*dates(batch=4)).logits.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_trunk_skips_blocks_as_rarely_as_the_full_network() -> None:
    rates = [[block.stochastic_depth.p for block in stage] for stage in TinyCD().trunk[1:]]
    assert rates[0][1] == pytest.approx(0.00625)
    assert rates[1][1:] == pytest.approx([0.01875, 0.025, 0.03125])
    assert rates[2][1:] == pytest.approx([0.04375, 0.05, 0.05625])


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (100, 70)])
@torch.no_grad()
def test_any_size_comes_back_as_it_went_in(published: TinyCD, size: tuple[int, int]) -> None:
    logits = published(*dates(size=size)).logits
    assert logits.shape == (1, 1, *size)
    assert logits.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.no_grad()
def test_options_rebuild_the_model_and_precision_follows_the_input(dtype: torch.dtype) -> None:
    model = TinyCD(in_channels=4, num_classes=3).eval().to(dtype)
    before, after = dates(channels=4)
    logits = model(before.to(dtype), after.to(dtype)).logits
    assert logits.shape == (1, 3, 64, 64)
    assert logits.dtype == dtype
    assert logits.isfinite().all()
    load_strictly(TinyCD(**model.config), model.state_dict())


def test_pretrained_trunk_is_the_beginning_of_efficientnet(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = efficientnet_b4(weights=None).state_dict()
    monkeypatch.setattr(tinycd, "imagenet_weights", {"efficientnet_b4": whole}.__getitem__)
    model = TinyCD()
    mixing = model.deep_mix[0].weight.clone()
    model.load_pretrained_backbone()
    for name, tensor in model.trunk.state_dict().items():
        torch.testing.assert_close(tensor, whole[f"features.{name}"], rtol=0, atol=0)
    torch.testing.assert_close(model.deep_mix[0].weight, mixing, rtol=0, atol=0)


def test_pretrained_trunk_needs_three_bands() -> None:
    with pytest.raises(OptionError, match="in_channels=3, got 4"):
        TinyCD(in_channels=4).load_pretrained_backbone()
