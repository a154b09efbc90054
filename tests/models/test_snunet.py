"""SNUNet against the published network, and its own promises."""

import pytest
import torch
from torch import Tensor

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.snunet import SNUNet
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.snunet import OPTIONS, RULES
from parity.golden import Golden, golden_pair, load_golden


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("snunet")


@pytest.fixture(scope="module")
def published(golden: Golden) -> SNUNet:
    return loaded(golden, **OPTIONS)


def loaded(golden: Golden, **options: object) -> SNUNet:
    model = SNUNet(**options)
    load_strictly(model, rename(golden.weights, RULES))
    return model.eval()


def dates(batch: int = 1, size: tuple[int, int] = (64, 64), channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.rand(2, batch, channels, *size, generator=generator)
    return before, after


@torch.no_grad()
def test_published_weights_give_the_published_output_whose_dates_are_not_interchangeable(
    golden: Golden, published: SNUNet
) -> None:
    before, after = golden_pair()
    output = published(before, after)
    golden.check("main", output.logits, tolerance=1e-5)
    assert output.auxiliary == ()
    exchanged = published(after, before).logits
    assert float((exchanged - output.logits).abs().max()) == pytest.approx(0.767, abs=1e-3)


def test_every_published_tensor_has_one_home(golden: Golden, published: SNUNet) -> None:
    names = [*golden.facts["state_dict"], *golden.facts["integer_buffers"]]
    assert rename(dict.fromkeys(names, torch.empty(0)), RULES).keys() == published.state_dict().keys()
    assert sum(p.numel() for p in published.parameters()) == golden.facts["params"]


def test_incomplete_or_foreign_weights_are_refused_by_name(golden: Golden) -> None:
    tensors = golden.weights
    removed = tensors.pop("conv2_1.conv1.weight")
    with pytest.raises(WeightsError, match=r"nodes\.2_1\.conv1\.weight"):
        load_strictly(SNUNet(), rename(tensors, RULES))
    tensors |= {"conv2_1.conv1.weight": removed, "conv5_1.conv1.weight": removed}
    with pytest.raises(WeightsError, match=r"nodes\.5_1\.conv1\.weight"):
        load_strictly(SNUNet(), rename(tensors, RULES))
    with pytest.raises(WeightsError, match=r"final1\.weight"):
        rename({"final1.weight": removed}, RULES)


@pytest.mark.parametrize("training", [True, False])
def test_gradients_reach_every_parameter(training: bool) -> None:
    torch.manual_seed(0)
    model = SNUNet().train(training)
    model(*dates(batch=2)).logits.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        # Batch statistics take a bias straight before them out again.
        if not (training and name.endswith("conv2.bias")):
            assert parameter.grad.abs().max() > 0, name


def test_the_deepest_block_sees_the_after_image_only() -> None:
    torch.manual_seed(0)
    model = SNUNet(width=8).train()
    model(*dates(batch=2))
    assert [int(block.bn1.num_batches_tracked) for block in model.encoder] == [2, 2, 2, 2, 1]


@torch.no_grad()
def test_the_authors_attention_pools_the_maximum_too(golden: Golden, published: SNUNet) -> None:
    authors = loaded(golden)
    assert authors.config["attention_max_pooling"]
    x = torch.rand(2, 32, 16, 16)
    within = authors.ensemble.within
    pooled = [x.mean(dim=(2, 3), keepdim=True), x.amax(dim=(2, 3), keepdim=True)]
    torch.testing.assert_close(within(x), torch.sigmoid(sum(map(within.excite, pooled))))
    difference = (authors(*dates()).logits - published(*dates()).logits).abs().max()
    assert difference > 1e-2


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (100, 70)])
@torch.no_grad()
def test_any_size_comes_back_as_it_went_in(published: SNUNet, size: tuple[int, int]) -> None:
    logits = published(*dates(size=size)).logits
    assert logits.shape == (1, 2, *size)
    assert logits.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.no_grad()
def test_options_rebuild_the_model_and_precision_follows_the_input(dtype: torch.dtype) -> None:
    model = SNUNet(in_channels=4, num_classes=3, width=8).eval().to(dtype)
    before, after = dates(size=(32, 32), channels=4)
    logits = model(before.to(dtype), after.to(dtype)).logits
    assert logits.shape == (1, 3, 32, 32)
    assert logits.dtype == dtype
    load_strictly(SNUNet(**model.config), model.state_dict())


def test_convolutions_start_from_kaiming_normal() -> None:
    torch.manual_seed(0)
    model = SNUNet()
    for convolution in (model.encoder[2].conv1, model.nodes["1_2"].conv1, model.nodes["3_1"].conv2):
        fan_out = convolution.out_channels * 9
        assert convolution.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.02)


def test_a_width_that_attention_cannot_quarter_is_refused() -> None:
    with pytest.raises(OptionError, match="multiple of 4, got 30: take 28"):
        SNUNet(width=30)
