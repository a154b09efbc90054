"""RDPNet against the published network, and its own promises."""

import pytest
import torch
from torch import Tensor

from minenetcd.errors import WeightsError
from minenetcd.models.rdpnet import RDPNet, SwitchableNorm
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.rdpnet import OPTIONS, RULES
from parity import fill
from parity.golden import Golden, golden_pair, load_golden


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("rdpnet")


@pytest.fixture(scope="module")
def published(golden: Golden) -> RDPNet:
    return loaded(lively_weights(golden))


def lively_weights(golden: Golden) -> dict[str, Tensor]:
    """The golden's weights with normalisation filled as vectors, without which hardly a signal gets through."""
    shapes = golden.facts["fill_shapes"]
    vectors = {name: torch.from_numpy(fill.tensor(name, tuple(shape))) for name, shape in shapes.items()}
    return {name: vectors.get(name, tensor).reshape(tensor.shape) for name, tensor in golden.weights.items()}


def loaded(weights: dict[str, Tensor]) -> RDPNet:
    model = RDPNet(**OPTIONS)
    load_strictly(model, rename(weights, RULES))
    return model.eval()


def dates(batch: int = 1, size: tuple[int, int] = (64, 64), channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.rand(2, batch, channels, *size, generator=generator)
    return before, after


@torch.no_grad()
def test_published_weights_give_the_published_output_whose_dates_are_not_interchangeable(
    golden: Golden, published: RDPNet
) -> None:
    before, after = golden_pair()
    output = published(before, after)
    golden.check("nv.main", output.logits)
    assert output.auxiliary == ()
    exchanged = published(after, before).logits
    assert float((exchanged - output.logits).abs().max()) == pytest.approx(0.39, abs=0.005)


@torch.no_grad()
def test_plain_filling_gives_the_published_output(golden: Golden) -> None:
    golden.check("main", loaded(golden.weights)(*golden_pair()).logits)


@torch.no_grad()
def test_training_uses_and_keeps_the_published_statistics(golden: Golden) -> None:
    model = loaded(lively_weights(golden)).train()
    golden.check("nv.train.main", model(*golden_pair(batch=2)).logits)
    after = {k.removeprefix("nv.train.after."): v for k, v in golden.arrays.items() if k.startswith("nv.train.after.")}
    assert len(after) == 4
    for name, buffer in rename({k: torch.from_numpy(v) for k, v in after.items()}, RULES).items():
        torch.testing.assert_close(model.get_buffer(name), buffer, rtol=1e-5, atol=1e-6)


def test_every_published_tensor_has_one_home(golden: Golden, published: RDPNet) -> None:
    assert rename(golden.weights, RULES).keys() == published.state_dict().keys()
    assert sum(p.numel() for p in published.parameters()) == golden.facts["params"]


def test_incomplete_or_foreign_weights_are_refused_by_name(golden: Golden) -> None:
    tensors = golden.weights
    removed = tensors.pop("mixer6.gn2.running_var")
    with pytest.raises(WeightsError, match=r"mixers\.5\.pointwise_norm\.running_var"):
        load_strictly(RDPNet(), rename(tensors, RULES))
    tensors |= {"mixer6.gn2.running_var": removed, "mixer6.gn2.num_batches_tracked": torch.tensor(1)}
    with pytest.raises(WeightsError, match=r"mixers\.5\.pointwise_norm\.num_batches_tracked"):
        load_strictly(RDPNet(), rename(tensors, RULES))
    with pytest.raises(WeightsError, match=r"mixer7\.gn2\.weight"):
        rename({"mixer7.gn2.weight": removed}, RULES)


@pytest.mark.parametrize("batch", [1, 2])
def test_gradients_reach_every_parameter(batch: int) -> None:
    torch.manual_seed(0)
    model = RDPNet().train()
    model(*dates(batch=batch)).logits.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_normalisation_shared_equally_is_the_average_of_three() -> None:
    norm, x = SwitchableNorm(2), torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(0))
    var_in, mean_in = torch.var_mean(x, dim=(2, 3), keepdim=True)
    power = var_in + mean_in**2
    mean_ln, mean_bn = mean_in.mean(1, keepdim=True), mean_in.mean(0, keepdim=True)
    var_ln, var_bn = power.mean(1, keepdim=True) - mean_ln**2, power.mean(0, keepdim=True) - mean_bn**2
    expected = (x - (mean_in + mean_ln + mean_bn) / 3) / ((var_in + var_ln + var_bn) / 3 + 1e-5).sqrt()
    torch.testing.assert_close(norm(x), expected)
    torch.testing.assert_close(norm.running_mean, 0.1 * mean_bn.squeeze(-1))
    assert not norm.running_mean.requires_grad


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (100, 70)])
@torch.no_grad()
def test_any_size_comes_back_as_it_went_in(published: RDPNet, size: tuple[int, int]) -> None:
    logits = published(*dates(size=size)).logits
    assert logits.shape == (1, 2, *size)
    assert logits.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.no_grad()
def test_options_rebuild_the_model_and_precision_follows_the_input(dtype: torch.dtype) -> None:
    model = RDPNet(in_channels=4, num_classes=1).to(dtype)  # in training, where the statistics move too
    before, after = dates(channels=4)
    logits = model(before.to(dtype), after.to(dtype)).logits
    assert logits.shape == (1, 1, 64, 64)
    assert logits.dtype == dtype
    assert logits.isfinite().all()
    load_strictly(RDPNet(**model.config), model.state_dict())
