"""Parameters and multiply-adds against hand computation and the published figures."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import create_model, list_models, model_class
from minenetcd.models.complexity import Complexity, default_complexity, measure_complexity, read_measured
from minenetcd.types import ChangeOutput

# measured / published multiply-adds. The published count adds normalisation, pooling and resizing, so ours lies
# below, farthest for TinyCD, which is mostly such operations.
EXPECTED_SHARE = {"tinycd": (0.82, 0.90)}


class TwoLayers(ChangeModel):
    """A strided convolution, BatchNorm, attention over the pixels, and a frozen parameter."""

    def __init__(self) -> None:
        super().__init__(in_channels=4)
        self.reduce = nn.Conv2d(4, 8, kernel_size=3, stride=32, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.frozen = nn.Parameter(torch.zeros(100), requires_grad=False)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        x = self.norm(self.reduce(after - before))
        tokens = x.flatten(2).mT
        return ChangeOutput(functional.scaled_dot_product_attention(tokens, tokens, tokens).mT.reshape(x.shape))


@pytest.mark.parametrize("computed", [False, True])
def test_the_count_is_the_one_by_hand(computed: bool) -> None:
    side, tokens = 64, (64 // 32) ** 2
    convolution = tokens * 8 * 4 * 3 * 3
    attention = 2 * tokens * tokens * 8  # scores, then their products with the values
    assert measure_complexity(TwoLayers(), side=side, computed=computed) == Complexity(
        8 * 4 * 3 * 3 + 2 * 8, convolution + attention, frozen_parameters=100
    )


def test_the_model_is_left_as_it_was() -> None:
    model = TwoLayers().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    measure_complexity(model, side=64)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    image = torch.randn(2, 4, 64, 64)
    assert not torch.equal(model(image, image * 2).logits, model.eval()(image, image * 2).logits)  # BatchNorm lives


def test_units_are_binary() -> None:
    complexity = Complexity(parameters=3 * 2**20, macs=5 * 2**30, frozen_parameters=2**20)
    assert (complexity.parameters_mi, complexity.all_parameters_mi, complexity.macs_gi) == (3, 4, 5)


@pytest.mark.parametrize("name", list_models())
def test_stored_figures_are_the_measured_ones(name: str) -> None:
    stored = read_measured()
    assert name in stored, "run python -m minenetcd.models.complexity"
    assert stored[name] == measure_complexity(create_model(name)), "run python -m minenetcd.models.complexity"


@pytest.mark.parametrize("name", [name for name in list_models() if model_class(name).about.macs_gi])
def test_published_multiply_adds_are_met(name: str) -> None:
    low, high = EXPECTED_SHARE.get(name, (0.94, 1.001))
    assert low <= default_complexity(name).macs_gi / model_class(name).about.macs_gi <= high


def test_a_model_that_is_not_stored_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read_measured()["fc_ef"]
    monkeypatch.setattr("minenetcd.models.complexity.read_measured", dict)
    assert default_complexity("fc_ef") == expected
