import pytest
import torch
from torch import Tensor

from minenetcd.errors import OptionError
from minenetcd.models.a2net import A2Net
from minenetcd.weights.keymap import load_strictly
from parity.golden import golden_pair, load_golden
from parity.loading import published_network

GOLDEN = load_golden("a2net")
#: All that the published prediction, the mask of level 5, is made of.
COARSEST_PATH = ("trunk.", "aggregation.level5.", "fusion.level5.", "attention.level5.mask.")


def dates() -> tuple[Tensor, Tensor]:
    before, after = torch.randn(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return before, after


def moved_by(loss: Tensor, model: A2Net) -> set[str]:
    """Names of the parameters whose gradient is more than the rounding of float64."""
    loss.backward()
    return {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().max() > 1e-12}


@torch.inference_mode()
def test_the_authors_predict_from_the_finest_mask() -> None:
    coarsest, finest = published_network("a2net", GOLDEN), A2Net()
    assert finest.config["prediction"] == "finest"
    load_strictly(finest, coarsest.state_dict())
    pair = golden_pair()
    output = finest.eval()(*pair)
    GOLDEN.check("aux0_logits", output.logits, tolerance=1e-5)
    for name, logits in zip(("aux1_logits", "aux2_logits", "main_logits"), output.auxiliary, strict=True):
        GOLDEN.check(name, logits, tolerance=1e-5)
    assert len(output.auxiliary) == len(finest.auxiliary_weights)


def test_the_published_prediction_depends_on_the_coarsest_level_alone() -> None:
    model = published_network("a2net", GOLDEN).double()
    moved = moved_by(model(*(date.double() for date in dates())).logits.square().mean(), model)
    assert moved == {name for name, _ in model.named_parameters() if name.startswith(COARSEST_PATH)}


def test_impossible_options_are_told() -> None:
    with pytest.raises(OptionError, match="num_classes=1, got 2"):
        A2Net(num_classes=2)
    with pytest.raises(OptionError, match="one of finest, coarsest, got 'p2'"):
        A2Net(prediction="p2")
