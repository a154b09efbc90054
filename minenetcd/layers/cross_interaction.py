"""Local (convolutional) and global (transformer) features of one scale attend to each other.

Source: Feng, Xu, Jiang, Liu, Zheng, "ICIF-Net: Intra-Scale Cross-Interaction and Inter-Scale Feature Fusion
Network for Bitemporal Remote Sensing Images Change Detection", IEEE TGRS 2022; the factorised attention is
that of Xu et al., "Co-Scale Conv-Attentional Image Transformers", ICCV 2021.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from minenetcd.layers.convolution import ConvNormAct

HEADS = 8
#: (heads, kernel size) of the convolutions that stand for relative positions
_WINDOWS = ((2, 3), (3, 5), (3, 7))


class Crossed(NamedTuple):
    """One scale after the interaction: `fused` (B, C_local, h, w), the other two (B, C_global, h, w)."""

    fused: Tensor
    globals: Tensor
    locals: Tensor


class CrossInteraction(nn.Module):
    """Local (B, C_local, h, w) and global features (B, C_global, h, w) -> Crossed.

    What is called global asks with the transformer's queries for the convolutional keys and values; local
    the other way round.
    """

    def __init__(self, local_channels: int, global_channels: int, *, dropout: float) -> None:
        super().__init__()
        self.local_position = SinusoidalPosition(local_channels)
        self.global_position = SinusoidalPosition(global_channels)
        self.local_project = ConvNormAct(local_channels, global_channels, kernel_size=1, bias=True)
        self.global_project = ConvNormAct(global_channels, global_channels, kernel_size=1, bias=True)
        self.qkv = nn.Linear(global_channels, 3 * global_channels)
        self.attention = FactorisedAttention(global_channels, dropout=dropout)
        self.fuse = FusionBottleneck(2 * global_channels, local_channels)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, local: Tensor, glob: Tensor) -> Crossed:
        local = self.local_project(self.local_position(local))
        glob = self.global_project(self.global_position(glob))
        tokens = torch.cat([local, glob]).flatten(2).transpose(1, 2)  # (2 B, h w, C_global)
        query, key, value = self.qkv(tokens).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        query = torch.cat(query.chunk(2)[::-1])
        crossed = self.attention(query, key, value, size=tuple(local.shape[-2:]))
        globals_, locals_ = crossed.transpose(1, 2).unflatten(-1, local.shape[-2:]).chunk(2)
        fused = self.dropout(self.fuse(torch.cat([globals_, locals_], dim=1)))
        return Crossed(fused, globals_, locals_)


class SinusoidalPosition(nn.Module):
    """Add sines and cosines of the row, then of the column, to a map (B, channels, h, w); channels in fours."""

    frequencies: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        # parity: published weights carry the frequencies, so they are read, not recomputed
        exponents = torch.arange(0, channels // 2, 2, dtype=torch.float32) / (channels // 2)
        self.register_buffer("frequencies", 1 / 10000**exponents)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        rows = self._waves(height)[:, :, None].expand(-1, -1, width)
        columns = self._waves(width)[:, None, :].expand(-1, height, -1)
        return x + torch.cat([rows, columns]).to(x.dtype)

    def _waves(self, length: int) -> Tensor:
        """(channels / 2, length): sines, then cosines."""
        places = torch.arange(length, dtype=torch.float32, device=self.frequencies.device)
        angles = self.frequencies[:, None] * places
        return torch.cat([angles.sin(), angles.cos()])


class FactorisedAttention(nn.Module):
    """Heads (B, HEADS, N, d) of queries, keys and values on a map of N = h w pixels -> tokens (B, N, channels).

    Keys are normalised over the pixels, so that they and the values meet in a d x d matrix; depthwise
    convolutions of the values, gated by the queries, add what depends on relative positions.
    """

    def __init__(self, channels: int, *, dropout: float) -> None:
        super().__init__()
        self.widths = [heads * channels // HEADS for heads, _ in _WINDOWS]
        self.windows = nn.ModuleList(
            nn.Conv2d(width, width, kernel_size, padding=kernel_size // 2, groups=width)
            for width, (_, kernel_size) in zip(self.widths, _WINDOWS, strict=True)
        )
        self.project = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *, size: tuple[int, int]) -> Tensor:
        content = query @ (key.softmax(dim=2).transpose(2, 3) @ value) * query.shape[-1] ** -0.5
        position = query * self._surroundings(value, size)  # parity: not scaled
        mixed = (content + position).transpose(1, 2).flatten(2)
        projected: Tensor = self.dropout(self.project(mixed))
        return projected

    def _surroundings(self, value: Tensor, size: tuple[int, int]) -> Tensor:
        groups = value.transpose(2, 3).flatten(1, 2).unflatten(-1, size).split(self.widths, dim=1)
        convolved = torch.cat([window(group) for window, group in zip(self.windows, groups, strict=True)], dim=1)
        heads: Tensor = convolved.unflatten(1, (HEADS, -1)).flatten(3).transpose(2, 3)
        return heads


class FusionBottleneck(nn.Module):
    """Pre-activated residual block that narrows (B, in, h, w) -> (B, out, h, w) through out / 2 channels."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        middle = out_channels // 2
        self.narrow = nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU(), nn.Conv2d(in_channels, middle, 1))
        self.spread = nn.Sequential(nn.BatchNorm2d(middle), nn.ReLU(), nn.Conv2d(middle, middle, 3, padding=1))
        self.widen = nn.Sequential(nn.BatchNorm2d(middle), nn.ReLU(), nn.Conv2d(middle, out_channels, 1))
        self.skip = nn.Conv2d(in_channels, out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        fused: Tensor = self.widen(self.spread(self.narrow(x))) + self.skip(x)
        return fused
