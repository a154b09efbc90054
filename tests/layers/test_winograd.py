"""Winograd's convolution is a plain one, of every size, and stands back where others know better."""

import copy

import pytest
import torch
from torch import nn

from minenetcd.layers.folding import folded
from minenetcd.layers.winograd import LEAST_CHANNELS, WideConv, WinogradConv, written_out


@pytest.fixture(scope="module")
def conv() -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(LEAST_CHANNELS, LEAST_CHANNELS, 3, padding=1).eval()


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (5, 7), (2, 41)])
@torch.no_grad()
def test_it_gives_what_a_plain_convolution_gives(conv: nn.Conv2d, size: tuple[int, int]) -> None:
    x = torch.randn(2, LEAST_CHANNELS, *size)
    plain, found = conv(x), WinogradConv.of(conv)(x)
    assert (found - plain).abs().max() < 1e-5 * plain.abs().max()
    exact = copy.deepcopy(conv).double()
    torch.testing.assert_close(WinogradConv.of(exact)(x.double()), exact(x.double()), rtol=0, atol=1e-12)


def test_with_gradients_and_in_half_precision_it_is_a_plain_convolution(conv: nn.Conv2d) -> None:
    x = torch.randn(1, LEAST_CHANNELS, 4, 4, requires_grad=True)
    twin = WinogradConv.of(conv)
    assert torch.equal(twin(x), conv(x))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(twin(x), conv(x))


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(LEAST_CHANNELS, LEAST_CHANNELS, 3),
        nn.Conv2d(LEAST_CHANNELS, LEAST_CHANNELS, 3, padding=1, stride=2),
        nn.Conv2d(LEAST_CHANNELS, LEAST_CHANNELS, 3, padding=1, groups=2),
        nn.Conv2d(LEAST_CHANNELS // 2, LEAST_CHANNELS, 3, padding=1),
        nn.Conv2d(LEAST_CHANNELS, LEAST_CHANNELS, 1),
    ],
)
def test_other_convolutions_stay_as_they_are(conv: nn.Conv2d, other: nn.Conv2d) -> None:
    assert WinogradConv.suits(conv) and not WinogradConv.suits(other)


@pytest.mark.parametrize("shape", [(1, 512, 6, 8), (2, 512, 7, 5)])
@torch.no_grad()
def test_written_out_it_gives_the_same(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(512, 512, 3, padding=1)
    layer, x = WinogradConv.of(conv), torch.randn(shape)
    with written_out(nn.Sequential(layer)):
        graph = torch.jit.trace(layer, x, check_trace=False)
    assert "conv" not in str(graph.graph) and "conv" in str(torch.jit.trace(layer, x, check_trace=False).graph)
    torch.testing.assert_close(graph(x), conv(x), rtol=0, atol=1e-5)


def test_in_training_gradients_are_those_of_a_plain_convolution() -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(LEAST_CHANNELS, LEAST_CHANNELS, 3, padding=1).double()
    wide = WideConv(LEAST_CHANNELS, LEAST_CHANNELS, 3, padding=1).double()
    wide.load_state_dict(plain.state_dict())
    x = torch.randn(2, LEAST_CHANNELS, 23, 25, dtype=torch.float64, requires_grad=True)
    answers = [layer(x) for layer in (wide, plain)]
    torch.testing.assert_close(*answers, rtol=0, atol=1e-11)
    assert "Convolution" not in str(answers[0].grad_fn.next_functions)
    own, expected = (
        torch.autograd.grad(answer.sin().sum(), (x, *layer.parameters()))
        for answer, layer in zip(answers, (wide, plain), strict=True)
    )
    for found, gradient in zip(own, expected, strict=True):
        torch.testing.assert_close(found, gradient, rtol=0, atol=1e-9)


def test_few_pixels_and_few_channels_are_convolved_plainly() -> None:
    for channels, side in ((LEAST_CHANNELS, 4), (16, 64)):
        layer = WideConv(channels, channels, 3, padding=1)
        assert "Convolution" in type(layer(torch.randn(1, channels, side, side)).grad_fn).__name__


def test_a_wide_convolution_is_folded_as_others_are() -> None:
    layer = WideConv(LEAST_CHANNELS, LEAST_CHANNELS, 3, padding=1).eval()
    assert isinstance(folded(layer), WinogradConv)
