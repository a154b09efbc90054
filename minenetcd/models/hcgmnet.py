"""HCGMNet: all levels together predict a coarse change map, which guides attention on three of them.

Source: Han, Wu, Du, "HCGMNet: A Hierarchical Change Guiding Map Network for Change Detection", IGARSS 2023.

Levels are named by their stride's exponent: level1 at 1/2 of the image's resolution to level4 at 1/16.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from minenetcd.backbones.vgg16 import VGG16
from minenetcd.layers.change_guide import ChangeGuide, DateFusion
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput


class MapHead(nn.Sequential):
    """All levels, fine to coarse, (B, channels[i], h_i, w_i) -> logits (B, num_classes, h_0, w_0)."""

    def __init__(self, channels: Sequence[int], num_classes: int) -> None:
        super().__init__(
            ConvNormAct(sum(channels), 512),
            ConvNormAct(512, 256),
            ConvNormAct(256, 64),
            nn.Conv2d(64, num_classes, kernel_size=3, padding=1),
        )

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        enlarged = [resize_to(level, like=levels[0], align_corners=True) for level in levels]
        merged = torch.cat(enlarged, dim=1)
        for layer in self:
            merged = layer(merged)
        return merged


class HCGMNet(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).

    `auxiliary`: the guide, a coarse map of logits enlarged to (B, 1, H, W) whatever `num_classes`. Any size is taken
    as it is, without padding. Not symmetric: the dates are concatenated.
    """

    about = About(
        title="HCGMNet: A Hierarchical Change Guiding Map Network for Change Detection",
        authors="C. Han, C. Wu, B. Du",
        venue="IGARSS",
        year=2023,
        doi="10.1109/IGARSS52108.2023.10283341",
        pretrained_trunk="vgg16_bn (ImageNet)",
        parameters_mi=45.13,
        macs_gi=301.82,
    )
    folds = True
    auxiliary_weights = (1.0,)
    explained_layers = (Stage.numbered("change representation", "dates.level{}", 1, 2, 3, 4),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 1) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.trunk = VGG16(in_channels)
        channels = self.trunk.channels
        self.dates = DateFusion(channels)
        coarser = {f"level{n}": width for n, width in enumerate(channels[1:], start=2)}
        self.refine = nn.ModuleDict({level: ConvNormAct(width, width) for level, width in coarser.items()})
        self.guide = MapHead(channels, 1)
        self.attend = nn.ModuleDict({level: ChangeGuide(width) for level, width in coarser.items()})
        self.head = MapHead(channels, num_classes)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        finest, *coarser = self.dates(self.trunk(before), self.trunk(after))
        coarser = [refine(x) for refine, x in zip(self.refine.values(), coarser, strict=True)]
        guide = self.guide([finest, *coarser])  # (B, 1, H / 2, W / 2)
        guided = [attend(x, guide) for attend, x in zip(self.attend.values(), coarser, strict=True)]
        maps = self.head([finest, *guided]), guide
        logits, guide = (resize_to(coarse, like=before, align_corners=True) for coarse in maps)
        return ChangeOutput(logits, (guide,))

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()
