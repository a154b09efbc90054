import pytest
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from minenetcd.layers.map_attention import map_attention


def by_formula(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    query, key, flat = query.flatten(2), key.flatten(2), value.flatten(2)
    weights = torch.einsum("bdi,bdj->bij", query, key).softmax(dim=-1)
    return torch.einsum("bij,bcj->bci", weights, flat).view_as(value)


def random_maps() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, width, 9, 7, generator=generator).double().requires_grad_() for width in (2, 2, 5)]


@pytest.mark.parametrize("kernel", [SDPBackend.FLASH_ATTENTION, SDPBackend.MATH])
def test_every_kernel_follows_the_formula_forth_and_back(kernel: SDPBackend) -> None:
    ours, theirs = random_maps(), random_maps()
    with sdpa_kernel(kernel):
        mixed = map_attention(*ours)
        mixed.square().sum().backward()
    expected = by_formula(*theirs)
    expected.square().sum().backward()
    torch.testing.assert_close(mixed, expected)
    for x, reference in zip(ours, theirs, strict=True):
        torch.testing.assert_close(x.grad, reference.grad)


def test_a_map_of_equal_keys_becomes_its_mean() -> None:
    query, key = torch.zeros(2, 2, 4, 1, 3)
    value = torch.arange(2 * 5 * 3.0).view(2, 5, 1, 3)
    torch.testing.assert_close(map_attention(query, key, value), value.mean(dim=-1, keepdim=True).expand_as(value))
