import math

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision.ops import StochasticDepth

from minenetcd.layers.pyramid_transformer import PyramidTransformer, ReducedAttention, StageShape

STAGES = (
    StageShape(width=8, heads=1, depth=2, reduction=4, stride=4),
    StageShape(width=16, heads=2, depth=3, reduction=2, kernel_size=3, mlp_ratio=2),
    StageShape(width=24, heads=3, depth=1, reduction=1),
)


def test_maps_have_the_announced_channels_and_strides() -> None:
    model = PyramidTransformer(4, STAGES).eval()
    assert model.channels == (8, 16, 24) and model.strides == (4, 8, 16)
    maps = model(torch.randn(2, 4, 64, 96))
    assert [tuple(x.shape) for x in maps] == [(2, 8, 16, 24), (2, 16, 8, 12), (2, 24, 4, 6)]
    assert [tuple(x.shape[-2:]) for x in model(torch.randn(1, 4, 50, 70))] == [(13, 18), (7, 9), (4, 5)]


def test_stochastic_depth_grows_linearly_over_all_blocks() -> None:
    model = PyramidTransformer(3, STAGES, drop_path=0.2)
    rates = [module.p for module in model.modules() if isinstance(module, StochasticDepth)]
    assert rates == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.2])


def test_keys_and_values_come_from_the_reduced_map() -> None:
    torch.manual_seed(0)
    attention = ReducedAttention(8, heads=1, reduction=4, dropout=0.0).double()
    x = torch.randn(1, 8, 8, 8, dtype=torch.float64)
    patches = functional.unfold(x.permute(0, 3, 1, 2), 4, stride=4).transpose(1, 2)  # (1, 4, 8 * 16)
    reduced = patches @ attention.reduce.weight.flatten(1).T + attention.reduce.bias
    key, value = attention.key_value(attention.reduce_norm(reduced)).chunk(2, dim=-1)
    scores = attention.query(x).flatten(1, 2) @ key.transpose(1, 2) / math.sqrt(8)
    expected = attention.project(scores.softmax(-1) @ value).view(1, 8, 8, 8)
    torch.testing.assert_close(attention(x), expected, rtol=0, atol=1e-12)


def test_initial_values_are_those_of_the_source() -> None:
    torch.manual_seed(0)
    model = PyramidTransformer(3, (StageShape(width=64, heads=1, depth=1, reduction=8, stride=4),))
    block = model.stages["stage1"].blocks[0]
    assert block.mlp.expand.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert model.stages["stage1"].embed.weight.std().item() == pytest.approx(math.sqrt(2 / (49 * 64)), rel=0.05)
    assert block.mlp.depthwise.weight.std().item() == pytest.approx(math.sqrt(2 / 9), rel=0.1)
    assert all(not m.bias.any() for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d))
