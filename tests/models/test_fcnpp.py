"""FCNPP against its published implementation."""

import numpy as np
import pytest
import torch

from minenetcd.errors import SizeError
from minenetcd.models.contract import random_dates
from minenetcd.models.fcnpp import FCNPP, centre_on, double
from parity.golden import golden_pair, load_golden
from parity.loading import published_network


@torch.inference_mode()
def test_the_pyramid_decides_under_weights_that_show_it() -> None:
    golden = load_golden("fcnpp", "gain2")
    without = published_network("fcnpp", golden, magnify_pyramid=False)(*golden_pair()).logits
    assert np.abs(without[..., ::4, ::4].numpy() - golden.arrays["main_logits.samples"]).max() > 2


def test_gradients_reach_every_parameter_also_without_magnifying() -> None:
    torch.manual_seed(0)
    model = FCNPP(magnify_pyramid=False).train()
    model(*random_dates(model, 64, 64, batch=2)).logits.square().mean().backward()
    unreached = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert unreached == []


def test_dropout_is_free() -> None:
    assert FCNPP(dropout=0.5).pyramid.drop.p == 0.5


def test_magnifying_keeps_the_centre_of_the_pyramid() -> None:
    ramp = torch.arange(32.0).expand(1, 1, 32, 32)
    magnified = centre_on(double(ramp), like=ramp)
    torch.testing.assert_close(magnified, double(ramp)[..., 16:48, 16:48])
    assert float(magnified.max() - magnified.min()) == pytest.approx(31 * 31 / 63)


def test_centring_pads_with_zeros_and_cuts_the_rim() -> None:
    rows = torch.tensor([[[[1.0], [2.0], [3.0]]]])
    assert centre_on(rows, like=torch.empty(1, 1, 6, 1)).flatten().tolist() == [0, 1, 2, 3, 0, 0]
    assert centre_on(rows, like=torch.empty(1, 1, 1, 1)).flatten().tolist() == [2]
    assert centre_on(rows, like=torch.empty(1, 1, 2, 1)).flatten().tolist() == [2, 3]  # the odd row goes at the top
    assert centre_on(rows, like=rows).equal(rows)


def test_training_on_a_single_sample_is_refused() -> None:
    model = FCNPP().train()
    pair = random_dates(model, 32, 32)
    with pytest.raises(SizeError, match="at least 2 samples a batch in training, got 1"):
        model(*pair)
    model.pyramid.pooled.norm.eval()
    assert model(*pair).logits.isfinite().all()
