import pytest
import torch
from torch import Tensor, nn

from minenetcd.models.changeformer import ChangeFormer
from parity.golden import golden_pair, load_golden
from parity.loading import published_network

SMALL = {"decoder_channels": 16}


@pytest.fixture(scope="module")
def published() -> ChangeFormer:
    return published_network("changeformer", load_golden("changeformer"))


def dates() -> tuple[Tensor, Tensor]:
    before, after = torch.randn(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return before, after


@torch.inference_mode()
def test_exchanging_the_dates_changes_the_output(published: ChangeFormer) -> None:
    before, after = golden_pair(size=64)
    assert (published(before, after).logits - published(after, before).logits).abs().max() > 0.1


def test_norms_use_the_published_epsilon(published: ChangeFormer) -> None:
    """The golden cannot tell 1e-5 from 1e-6."""
    for name, module in published.named_modules():
        if isinstance(module, nn.LayerNorm):
            assert module.eps == (1e-5 if name.endswith(("embed_norm", "reduce_norm")) else 1e-6), name


def test_the_prediction_alone_leaves_the_side_predictions_untrained() -> None:
    torch.manual_seed(0)
    model = ChangeFormer(**SMALL).train()
    model(*dates()).logits.square().mean().backward()
    untrained = {name for name, p in model.named_parameters() if p.grad is None}
    assert untrained == {name for name, _ in model.named_parameters() if ".predict." in name}


@pytest.mark.slow
def test_dropout_and_stochastic_depth_act_in_training_only() -> None:
    torch.manual_seed(0)
    model, pair = ChangeFormer(**SMALL), dates()
    assert not torch.equal(model(*pair).logits, model(*pair).logits)
    model.eval()
    assert torch.equal(model(*pair).logits, model(*pair).logits)
    steady = ChangeFormer(dropout=0.0, drop_path=0.0, **SMALL)
    assert torch.equal(steady(*pair).logits, steady(*pair).logits)
