"""Hierarchical vision transformer: attention reads a spatially reduced map, the MLP holds a convolution.

Sources: Wang et al., "PVT v2: Improved Baselines with Pyramid Vision Transformer", Computational Visual Media 2022;
Xie et al., "SegFormer", NeurIPS 2021. Inside, maps are channels-last: (B, h, w, C).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import StochasticDepth

from minenetcd.layers.attention import multi_head_attention

# parity: the norms of blocks and stages have their own eps, those of embeddings and reductions PyTorch's 1e-5.
BLOCK_EPS = 1e-6


@dataclass(frozen=True)
class StageShape:
    """What one stage is made of; `reduction` divides both sides of the map that keys and values are read from."""

    width: int
    heads: int
    depth: int
    reduction: int
    kernel_size: int = 7
    stride: int = 2
    mlp_ratio: int = 4


class PyramidTransformer(nn.Module):
    """Image (B, in_channels, H, W) -> one map per stage, fine to coarse: (B, channels[i], H / strides[i], ...).

    Sides that do not divide are rounded up. Stochastic depth grows linearly over all blocks from 0 to `drop_path`;
    `dropout` acts on attention weights and behind every second linear layer.
    """

    def __init__(
        self, in_channels: int, stages: Sequence[StageShape], *, dropout: float = 0.0, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        self.channels = tuple(stage.width for stage in stages)
        self.strides = tuple(math.prod(stage.stride for stage in stages[: i + 1]) for i in range(len(stages)))
        total = sum(stage.depth for stage in stages)
        rates = iter([drop_path * i / max(total - 1, 1) for i in range(total)])
        self.stages = nn.ModuleDict()
        for number, (width_in, stage) in enumerate(zip((in_channels, *self.channels), stages, strict=False), start=1):
            drop_paths = [next(rates) for _ in range(stage.depth)]
            self.stages[f"stage{number}"] = PyramidStage(width_in, stage, dropout=dropout, drop_paths=drop_paths)
        self.apply(_initialise)

    def forward(self, image: Tensor) -> list[Tensor]:
        features = []
        for stage in self.stages.values():
            image = stage(image)
            features.append(image)
        return features


class PyramidStage(nn.Module):
    """Overlapping patch embedding, blocks, norm: (B, in, H, W) -> (B, width, H / stride, W / stride)."""

    def __init__(self, in_channels: int, shape: StageShape, *, dropout: float, drop_paths: Sequence[float]) -> None:
        super().__init__()
        self.embed = nn.Conv2d(in_channels, shape.width, shape.kernel_size, shape.stride, shape.kernel_size // 2)
        self.embed_norm = nn.LayerNorm(shape.width)
        self.blocks = nn.ModuleList(PyramidBlock(shape, dropout=dropout, drop_path=rate) for rate in drop_paths)
        self.norm = nn.LayerNorm(shape.width, eps=BLOCK_EPS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed_norm(self.embed(x).permute(0, 2, 3, 1))
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).permute(0, 3, 1, 2)
        return x


class PyramidBlock(nn.Module):
    """Pre-norm transformer block: (B, h, w, width) -> the same."""

    def __init__(self, shape: StageShape, *, dropout: float, drop_path: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(shape.width, eps=BLOCK_EPS)
        self.attention = ReducedAttention(shape.width, heads=shape.heads, reduction=shape.reduction, dropout=dropout)
        self.mlp_norm = nn.LayerNorm(shape.width, eps=BLOCK_EPS)
        self.mlp = ConvMLP(shape.width, shape.width * shape.mlp_ratio, dropout=dropout)
        self.drop_path = StochasticDepth(drop_path, mode="row")

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attention(self.attention_norm(x)))
        x = x + self.drop_path(self.mlp(self.mlp_norm(x)))
        return x


class ReducedAttention(nn.Module):
    """Self-attention whose keys and values come from the map shrunk `reduction` times: (B, h, w, C) -> the same."""

    def __init__(self, width: int, *, heads: int, reduction: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(width, width)
        self.reduce = nn.Conv2d(width, width, reduction, reduction) if reduction > 1 else None
        self.reduce_norm = nn.LayerNorm(width) if reduction > 1 else None
        self.key_value = nn.Linear(width, 2 * width)
        self.project = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        source = x
        if self.reduce is not None and self.reduce_norm is not None:
            source = self.reduce_norm(self.reduce(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        key, value = self.key_value(source).flatten(1, 2).chunk(2, dim=-1)
        rate = self.dropout if self.training else 0.0
        mixed = multi_head_attention(self.query(x).flatten(1, 2), key, value, heads=self.heads, dropout=rate)
        return functional.dropout(self.project(mixed.view_as(x)), rate)


class ConvMLP(nn.Module):
    """Linear, depthwise 3x3 convolution, GELU, linear: (B, h, w, width) -> the same."""

    def __init__(self, width: int, hidden: int, *, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(width, hidden)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.project = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise(self.expand(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = self.dropout(functional.gelu(x))
        x = self.dropout(self.project(x))
        return x


def _initialise(module: nn.Module) -> None:
    """Linear: truncated normal of 0.02. Convolution: normal of variance 2 / fan-out. Biases 0."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d):
        fan_out = math.prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
        nn.init.zeros_(module.get_parameter("bias"))
