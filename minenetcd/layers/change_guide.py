"""What CGNet and HCGMNet share: how the dates are joined, and attention that a coarse change map guides.

Sources: Han et al., "Change Guiding Network", IEEE JSTARS 2023; Han, Wu, Du, "HCGMNet", IGARSS 2023.

Levels are named by their stride's exponent: level1 at 1/2 of the image's resolution, and so on.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.map_attention import map_attention
from minenetcd.layers.resize import resize_to


class DateFusion(nn.ModuleDict):
    """Both dates' levels, fine to coarse, (B, channels[i], h_i, w_i) -> one joint level of that shape for each."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__({f"level{n}": ConvNormAct(2 * width, width) for n, width in enumerate(channels, start=1)})

    def forward(self, before: Sequence[Tensor], after: Sequence[Tensor]) -> list[Tensor]:
        # parity: the later date comes first
        pairs = [torch.cat([later, earlier], dim=1) for earlier, later in zip(before, after, strict=True)]
        return [fuse(pair) for fuse, pair in zip(self.values(), pairs, strict=True)]


class ChangeGuide(nn.Module):
    """A map (B, C, h, w) attends to itself -> (B, C, h, w).

    Queries, keys and values count up to twice where `guide`, change logits (B, 1, h', w'), expects change.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, kernel_size=1)
        self.key = nn.Conv2d(channels, channels // 8, kernel_size=1)
        self.value = nn.Conv2d(channels, channels, kernel_size=1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        emphasis = 1 + torch.sigmoid(resize_to(guide, like=x, align_corners=True))
        query, key, value = (project(x) * emphasis for project in (self.query, self.key, self.value))
        return x + self.gamma * map_attention(query, key, value)
