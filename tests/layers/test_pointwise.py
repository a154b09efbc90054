"""A 1 x 1 convolution is a matrix product, and activations may overwrite what a convolution made for them."""

import pytest
import torch
from torch import Tensor, nn

from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.folding import folded
from minenetcd.layers.pointwise import PointwiseConv


@pytest.mark.parametrize("stride", [1, 2, (2, 1)])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@torch.no_grad()
def test_it_gives_what_a_convolution_gives(stride: int | tuple[int, int], layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(5, 7, 1, stride=stride)
    x = torch.randn(2, 5, 9, 6).contiguous(memory_format=layout)
    found = PointwiseConv.of(conv)(x)
    torch.testing.assert_close(found, conv(x))


@torch.no_grad()
def test_a_cut_map_is_read_where_it_lies() -> None:
    conv = nn.Conv2d(5, 7, 1)
    x = torch.randn(1, 5, 9, 9).contiguous(memory_format=torch.channels_last)[:, :, 1:, 1:]
    torch.testing.assert_close(PointwiseConv.of(conv)(x), conv(x))


@pytest.mark.parametrize("other", [nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 1, padding=1), nn.Conv2d(4, 4, 1, groups=2)])
def test_other_convolutions_are_none(other: nn.Conv2d) -> None:
    assert PointwiseConv.suits(nn.Conv2d(4, 4, 1)) and not PointwiseConv.suits(other)


@torch.no_grad()
def test_activations_overwrite_what_a_block_made_and_nothing_else() -> None:
    """Steps of a plain sequence may be read one by one, by whoever holds it."""
    block, plain = ConvNormAct(3, 3).eval(), nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU()).eval()
    x = torch.randn(1, 3, 8, 8)
    given = x.clone()
    for module, is_in_place in ((block, True), (plain, False)):
        twin = folded(module)
        torch.testing.assert_close(twin(x), module(x))
        assert torch.equal(x, given)
        assert [part.inplace for part in twin if isinstance(part, nn.ReLU)] == [is_in_place]
        assert not any(part.inplace for part in module if isinstance(part, nn.ReLU))


class Standardised(nn.Conv2d):
    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return super()._conv_forward(x, weight / weight.std(), bias)


def hooked() -> nn.Conv2d:
    conv = nn.Conv2d(4, 4, 1)
    conv.register_forward_hook(lambda *_: None)
    return conv


@pytest.mark.parametrize(
    "conv", [Standardised(4, 4, 1), nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1)), hooked()], ids=str
)
@torch.no_grad()
def test_convolutions_with_ways_of_their_own_are_let_alone(conv: nn.Conv2d) -> None:
    assert folded(conv.eval()) is conv
