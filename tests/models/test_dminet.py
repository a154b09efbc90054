import pytest
import torch
from torch import Tensor
from torchvision.models import resnet18

from minenetcd.backbones import torchvision_resnet18 as trunk_module
from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.dminet import DMINet, JointQueryAttention
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.dminet import OPTIONS, RULES
from parity.golden import Golden, golden_pair, load_golden

CLASSIFIER = 512 * 1000 + 1000  # resnet.fc, published but unused

# a constant added to all keys shifts every row of logits alike, which softmax removes
WITHOUT_EFFECT = {f"exchange.{i}.{date}.key.bias" for i in range(3) for date in ("before", "after")}


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("dminet")


@pytest.fixture(scope="module")
def published(golden: Golden) -> DMINet:
    model = DMINet(**OPTIONS).eval()
    load_strictly(model, rename(golden.weights, RULES))
    return model


def small_pair(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


def test_published_weights_give_the_published_outputs(golden: Golden, published: DMINet) -> None:
    with torch.inference_mode():
        output = published(*golden_pair())
    golden.check("main", output.logits, tolerance=1e-5)
    for i, logits in enumerate(output.auxiliary):
        golden.check(f"aux{i}", logits, tolerance=1e-5)


def test_parameters_are_the_published_ones_without_the_unused_classifier(golden: Golden, published: DMINet) -> None:
    assert sum(p.numel() for p in published.parameters()) == golden.facts["params"] - CLASSIFIER
    assert round(golden.facts["params_mi"], 2) == DMINet.about.parameters_mi


def test_a_checkpoint_of_several_processes_with_its_counters_loads(golden: Golden) -> None:
    counters = {name: torch.tensor(7) for name in golden.facts["integer_buffers"]}
    checkpoint = {f"CD_model.module.{name}": x for name, x in {**golden.weights, **counters}.items()}
    model = DMINet(**OPTIONS)
    load_strictly(model, rename(checkpoint, RULES))
    assert model.exchange[0].merge.norm.num_batches_tracked == 7


def test_missing_and_unexpected_tensors_are_named(golden: Golden) -> None:
    model, tensors = DMINet(), rename(golden.weights, RULES)
    with pytest.raises(WeightsError, match=r"'exchange\.0\.gamma'"):
        load_strictly(model, {name: x for name, x in tensors.items() if name != "exchange.0.gamma"})
    with pytest.raises(WeightsError, match=r"'heads\.4\.classifier\.bias'"):
        load_strictly(model, {**tensors, "heads.4.classifier.bias": torch.zeros(2)})
    with pytest.raises(WeightsError, match=r"'cross5\.gamma'"):
        rename({**golden.weights, "cross5.gamma": torch.zeros(1)}, RULES)


def test_prediction_is_the_sum_of_the_fine_heads_or_the_coarse_one(published: DMINet) -> None:
    authors = DMINet().eval()
    authors.load_state_dict(published.state_dict())
    with torch.inference_mode():
        summed, coarse = authors(*small_pair()), published(*small_pair())
    torch.testing.assert_close(summed.auxiliary, coarse.auxiliary, rtol=0, atol=0)
    torch.testing.assert_close(summed.logits, summed.auxiliary[0] + summed.auxiliary[1], rtol=0, atol=0)
    assert coarse.logits is coarse.auxiliary[3]
    assert (summed.logits - coarse.logits).abs().max() > 0.1
    assert authors.auxiliary_weights == (1, 1, 0.5, 0.5) and published.auxiliary_weights == (0, 0, 0, 0)


def test_training_reaches_every_parameter(golden: Golden) -> None:
    model = DMINet().train()
    load_strictly(model, rename(golden.weights, RULES))
    output = model(*small_pair(batch=2))
    sum(x.square().mean() for x in (output.logits, *output.auxiliary)).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
    still = [name for name, p in model.named_parameters() if not p.grad.any()]
    # a single bias before a BatchNorm gets a gradient that is zero but for rounding
    assert [name for name in still if not name.endswith(".attend.conv.bias")] == []


def test_every_parameter_but_the_key_biases_has_an_effect(golden: Golden) -> None:
    model = DMINet().double().eval()
    load_strictly(model, rename(golden.weights, RULES))
    output = model(*(date.double() for date in small_pair()))
    sum(x.square().mean() for x in (output.logits, *output.auxiliary)).backward()
    idle = {name for name, p in model.named_parameters() if p.grad.abs().max() < 1e-12}
    assert idle == WITHOUT_EFFECT


def test_a_fresh_attention_changes_nothing_so_the_difference_branch_is_symmetric() -> None:
    model = DMINet().eval()
    before, after = small_pair()
    with torch.inference_mode():
        forth, back = model(before, after).auxiliary, model(after, before).auxiliary
    for difference_head in (1, 3):
        torch.testing.assert_close(forth[difference_head], back[difference_head], rtol=0, atol=0)
    for concatenation_head in (0, 2):
        assert (forth[concatenation_head] - back[concatenation_head]).abs().max() > 1e-3


def test_swapping_the_dates_is_not_a_symmetry_of_trained_weights(published: DMINet) -> None:
    before, after = small_pair()
    with torch.inference_mode():
        forth, back = published(before, after), published(after, before)
    for there, here in zip(forth.auxiliary, back.auxiliary, strict=True):
        assert (there - here).abs().max() > 1e-3


def test_attention_equals_its_formula() -> None:
    torch.manual_seed(0)
    attention = JointQueryAttention(16).double().eval()
    torch.nn.init.constant_(attention.gamma, 0.7)
    before, after = torch.randn(2, 2, 16, 5, 3, dtype=torch.float64)
    exchanged = attention(before, after)
    query = torch.cat([attention.before.query(before), attention.after.query(after)], dim=1).flatten(2)
    for date, projection, ours in ((before, attention.before, 1), (after, attention.after, 2)):
        weights = torch.einsum("bci,bcj->bij", query, projection.key(date).flatten(2)).softmax(dim=-1)
        answer = torch.einsum("bij,bcj->bci", weights, projection.value(date).flatten(2)).view_as(date)
        torch.testing.assert_close(exchanged[ours], 0.7 * answer + date)
    torch.testing.assert_close(exchanged.merged, attention.merge(torch.cat(exchanged[1:], dim=1)))


@pytest.mark.parametrize("size", [(33, 47), (100, 70), (32, 32)])
def test_any_size_comes_back_at_that_size(size: tuple[int, int]) -> None:
    model = DMINet().eval()
    with torch.inference_mode():
        output = model(*small_pair(*size))
    for logits in (output.logits, *output.auxiliary):
        assert logits.shape == (1, 2, *size) and logits.isfinite().all()


def test_sizes_the_published_code_takes_are_not_padded(published: DMINet) -> None:
    pair = small_pair(104, 72)  # multiples of 8, uneven inside
    with torch.inference_mode():
        torch.testing.assert_close(published(*pair).logits, published.compare(*pair).logits, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_channels_classes_and_precision_follow_the_options(dtype: torch.dtype) -> None:
    model = DMINet(in_channels=5, num_classes=1).to(dtype).eval()
    with torch.inference_mode():
        output = model(*(date.to(dtype) for date in small_pair(32, 32, channels=5)))
    assert output.logits.shape == (1, 1, 32, 32) and output.logits.dtype == dtype
    assert output.logits.isfinite().all()


def test_the_configuration_rebuilds_the_model() -> None:
    model = DMINet(in_channels=4, num_classes=3, prediction="coarse")
    assert DMINet(**model.config).config == model.config
    assert {n: x.shape for n, x in DMINet(**model.config).state_dict().items()} == {
        n: x.shape for n, x in model.state_dict().items()
    }
    with pytest.raises(OptionError, match="prediction 'sum' or 'coarse', got 'mean'"):
        DMINet(prediction="mean")


def test_the_trunk_starts_from_torchvision_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    library = resnet18().eval()
    monkeypatch.setattr(
        trunk_module, "imagenet_weights", lambda name: library.state_dict() if name == "resnet18" else {}
    )
    model = DMINet().eval()
    model.load_pretrained_backbone()
    image, _ = small_pair()
    with torch.inference_mode():
        levels = model.trunk(image)
        x = library.maxpool(library.relu(library.bn1(library.conv1(image))))
        for level, layer in zip(levels, (library.layer1, library.layer2, library.layer3), strict=True):
            x = layer(x)
            torch.testing.assert_close(level, x, rtol=0, atol=0)
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        DMINet(in_channels=4).load_pretrained_backbone()
