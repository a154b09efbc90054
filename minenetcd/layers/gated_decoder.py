"""The decoder that DMINet and ICIF-Net share: neighbouring levels gate each other, coarse to fine.

Sources: Feng et al., "ICIF-Net", IEEE TGRS 2022; Feng et al., "Change Detection on Remote Sensing Images
using Dual-branch Multi-level Inter-temporal Network", IEEE TGRS 2023.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to


class GatedFusion(nn.Module):
    """A level (B, C, h, w) and the coarser one below it (B, C, h', w') gate each other -> (B, C, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_level = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.conv_below = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.fuse = ConvNormAct(2 * channels, channels, bias=True)

    def forward(self, level: Tensor, below: Tensor) -> Tensor:
        gate_below = resize_to(self.conv_below(below), like=level)
        below = resize_to(below, like=level)
        gates = self.conv_level(level) * below, gate_below * level
        fused: Tensor = self.fuse(functional.relu(torch.cat(gates, dim=1)))
        return fused


class GatedDecoder(nn.Module):
    """Three levels, fine to coarse, (B, widths[i], h_i, w_i) -> the fine and the middle one, decoded, same shapes."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        fine, middle, coarse = widths
        # parity: nothing activates a reduced level
        self.reduce_coarse = ConvNormAct(coarse, middle, kernel_size=1, activation=None)
        self.fuse_middle = GatedFusion(middle)
        self.reduce_middle = ConvNormAct(middle, fine, kernel_size=1, activation=None)
        self.fuse_fine = GatedFusion(fine)

    def forward(self, fine: Tensor, middle: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        middle = self.fuse_middle(middle, self.reduce_coarse(coarse))
        return self.fuse_fine(fine, self.reduce_middle(middle)), middle


class UpsampledHead(nn.Module):
    """(B, in_channels, h, w) -> logits (B, num_classes, H, W): upsampled first, then two 3x3 convolutions."""

    def __init__(self, in_channels: int, hidden_channels: int, num_classes: int) -> None:
        super().__init__()
        self.block = ConvNormAct(in_channels, hidden_channels, bias=True)
        self.classifier = nn.Conv2d(hidden_channels, num_classes, kernel_size=3, padding=1)

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """Logits with the height and width of the image `like`."""
        logits: Tensor = self.classifier(self.block(resize_to(x, like=like)))
        return logits
