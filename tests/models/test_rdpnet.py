"""RDPNet against the published network, and its own promises."""

import pytest
import torch
from torch import Tensor

from minenetcd.models.rdpnet import RDPNet, SwitchableNorm
from minenetcd.weights.keymap import rename
from minenetcd.weights.maps.rdpnet import RULES
from parity.golden import golden_pair, load_golden
from parity.loading import published_network


def dates() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.rand(2, 1, 3, 64, 64, generator=generator)
    return before, after


@torch.no_grad()
def test_training_uses_and_keeps_the_published_statistics() -> None:
    golden = load_golden("rdpnet", "nv")
    model = published_network("rdpnet", golden).train()
    golden.check("train.main", model(*golden_pair(batch=2)).logits)
    after = {k.removeprefix("train.after."): v for k, v in golden.arrays.items() if k.startswith("train.after.")}
    assert len(after) == 4
    for name, buffer in rename({k: torch.from_numpy(v) for k, v in after.items()}, RULES).items():
        torch.testing.assert_close(model.get_buffer(name), buffer, rtol=1e-5, atol=1e-6)


def test_gradients_of_a_single_sample_reach_every_parameter() -> None:
    torch.manual_seed(0)
    model = RDPNet().train()
    model(*dates()).logits.square().mean().backward()
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


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.no_grad()
def test_precision_follows_the_input_in_training_where_the_statistics_move(dtype: torch.dtype) -> None:
    model = RDPNet(num_classes=1).to(dtype)
    before, after = dates()
    logits = model(before.to(dtype), after.to(dtype)).logits
    assert logits.shape == (1, 1, 64, 64)
    assert logits.dtype == dtype
    assert logits.isfinite().all()
