"""A 1 x 1 convolution is a matrix product, and activations may overwrite what a convolution made for them."""

import pytest
import torch
from torch import nn

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
def test_activations_overwrite_results_of_convolutions_and_nothing_else() -> None:
    module = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Tanh()).eval()
    twin, x = folded(module), torch.randn(1, 3, 8, 8)
    given = x.clone()
    torch.testing.assert_close(twin(x), module(x))
    assert torch.equal(x, given)
    assert [part.inplace for part in module if isinstance(part, nn.ReLU)] == [False, False]
