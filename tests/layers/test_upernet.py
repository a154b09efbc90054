"""The decoder joins maps of several sizes as if they were enlarged and convolved side by side."""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn import functional

from minenetcd.layers.folding import folded
from minenetcd.layers.upernet import JoinedConv, UPerNetDecoder
from minenetcd.layers.winograd import LEAST_CHANNELS

SIZES = [[(16, 16), (8, 8), (4, 4)], [(13, 9), (7, 5), (4, 3)], [(3, 8), (6, 1), (3, 8)]]


def side_by_side(conv: nn.Conv2d, maps: Sequence[Tensor]) -> Tensor:
    size = maps[0].shape[-2:]
    return nn.Conv2d.forward(conv, torch.cat([functional.interpolate(x, size, mode="bilinear") for x in maps], dim=1))


def joined(widths: Sequence[int], out_channels: int) -> JoinedConv:
    torch.manual_seed(0)
    return JoinedConv(nn.Conv2d(sum(widths), out_channels, 3, padding=1), widths).double()


def maps_of(widths: Sequence[int], sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
    return [torch.randn(2, width, *size).double() for width, size in zip(widths, sizes, strict=True)]


@pytest.mark.parametrize("sizes", SIZES)
def test_maps_and_their_gradients_are_those_of_the_plain_way(sizes: list[tuple[int, int]]) -> None:
    conv = joined((3, 30, 40), 5)
    maps = [x.requires_grad_() for x in maps_of(conv.widths, sizes)]
    found, expected = conv(maps), side_by_side(conv, maps)
    torch.testing.assert_close(found, expected)
    incoming, asked = torch.randn_like(expected), [*maps, *conv.parameters()]
    for own, plain in zip(*(torch.autograd.grad(x, asked, incoming) for x in (found, expected)), strict=True):
        torch.testing.assert_close(own, plain)


@torch.no_grad()
def test_for_inference_it_gives_the_same() -> None:
    conv = joined((LEAST_CHANNELS, 3, 2), LEAST_CHANNELS)
    maps = maps_of(conv.widths, SIZES[1])
    torch.testing.assert_close(folded(conv)(maps), side_by_side(conv, maps))


@torch.no_grad()
def test_under_autocast_it_is_near() -> None:
    conv = joined((3, 30, 40), 5).float()
    maps = [x.float() for x in maps_of(conv.widths, SIZES[1])]
    exact = conv(maps)
    with torch.autocast("cpu", torch.bfloat16):
        near = conv(maps)
    assert near.dtype == torch.bfloat16
    assert (near - exact).abs().max() < 2**-7 * exact.abs().max()


def test_its_weights_may_be_shared_out_over_processes(single_process: None) -> None:
    """Sharding gathers the weights of a convolution when that convolution is called, and only then."""
    decoder = UPerNetDecoder((4, 4, 4, 4), 2, channels=4).eval()
    levels = [torch.randn(1, 4, side, side) for side in (16, 8, 4, 2)]
    expected, shared = decoder(levels), copy.deepcopy(decoder)
    mesh = init_device_mesh("cpu", (1,))
    for module in shared.modules():
        if isinstance(module, nn.Conv2d):
            fully_shard(module, mesh=mesh)
    torch.testing.assert_close(fully_shard(shared, mesh=mesh)(levels), expected)


@pytest.fixture
def single_process(tmp_path: Path) -> Iterator[None]:
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/rendezvous", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()
