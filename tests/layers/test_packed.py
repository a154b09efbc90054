"""Products by packed matrices are plain products; who watches, trains or computes otherwise meets a plain layer."""

import copy
import pickle

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from minenetcd.layers.folding import folded
from minenetcd.layers.packed import PackedLinear, takes_packed


@pytest.mark.parametrize("bias", [True, False])
@torch.no_grad()
def test_it_gives_what_a_plain_layer_gives(bias: bool) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(24, 40, bias=bias).eval()
    twin = folded(linear)
    assert isinstance(twin, PackedLinear) and twin.weight is linear.weight
    for x in (torch.randn(3, 24), torch.randn(2, 5, 7, 24), torch.randn(24, 9).T):
        torch.testing.assert_close(twin(x), linear(x))
    for dtype in (torch.float64, torch.bfloat16):
        assert torch.equal(copy.deepcopy(twin).to(dtype)(x.to(dtype)), copy.deepcopy(linear).to(dtype)(x.to(dtype)))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
@torch.no_grad()
def test_copies_read_their_own_weights(again: object) -> None:
    assert callable(again)
    twin, x = folded(nn.Linear(8, 8).eval()), torch.randn(4, 8)
    expected = twin(x)
    other = again(twin)
    torch.testing.assert_close(other(x), expected)
    other.weight.mul_(2)
    third = again(other)
    torch.testing.assert_close(third(x), nn.functional.linear(x, other.weight, other.bias))


def test_with_gradients_and_for_who_counts_it_is_a_plain_layer() -> None:
    linear = nn.Linear(8, 6)
    twin, x = folded(linear), torch.randn(4, 8)
    assert torch.equal(twin(x), linear(x)) and twin(x).requires_grad
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        twin(x)
    assert counter.get_total_flops() == 2 * 4 * 8 * 6


class Doubled(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def test_layers_with_ways_of_their_own_are_let_alone() -> None:
    hooked = nn.Linear(4, 4)
    hooked.register_forward_hook(lambda *_: None)
    for layer in (Doubled(4, 4), hooked, nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))):
        assert folded(layer.eval()) is layer


def test_it_is_for_processors_in_single_precision() -> None:
    assert not takes_packed(torch.zeros(1))  # with gradients
    with torch.inference_mode():
        assert not takes_packed(torch.zeros(1, dtype=torch.float64))
        with torch.autocast("cpu", torch.bfloat16):
            assert not takes_packed(torch.zeros(1))
