"""CGNet: a coarse change map, read from the deepest features, guides attention on the way back up.

Source: Han, Wu, Guo, Hu, Li, Chen, "Change Guiding Network: Incorporating Change Prior to Guide Change Detection in
Remote Sensing Imagery", IEEE JSTARS 2023.

Levels are named by their stride's exponent: level1 at 1/2 of the image's resolution to level4 at 1/16.
"""

import torch
from torch import Tensor, nn

from minenetcd.backbones.vgg16 import VGG16
from minenetcd.layers.change_guide import ChangeGuide, DateFusion
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

HIDDEN = 64


class GuidedStep(nn.Module):
    """A level (B, C, h, w) attends where the guide points, then joins the finer one (B, c, H, W) -> (B, c, H, W)."""

    def __init__(self, channels: int, finer_channels: int) -> None:
        super().__init__()
        self.attend = ChangeGuide(channels)
        self.merge = ConvNormAct(channels + finer_channels, finer_channels)

    def forward(self, x: Tensor, finer: Tensor, guide: Tensor) -> Tensor:
        enlarged = resize_to(self.attend(x, guide), like=finer, align_corners=True)
        merged: Tensor = self.merge(torch.cat([enlarged, finer], dim=1))
        return merged


class CGNet(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).

    `auxiliary`: the guide, a coarse map of logits enlarged to (B, 1, H, W) whatever `num_classes`. Not symmetric:
    the dates are concatenated.
    """

    about = About(
        title="Change Guiding Network: Incorporating Change Prior to Guide Change Detection in Remote Sensing Imagery",
        authors="C. Han, C. Wu, H. Guo, M. Hu, J. Li, H. Chen",
        venue="IEEE JSTARS",
        year=2023,
        doi="10.1109/JSTARS.2023.3310208",
        pretrained_trunk="vgg16_bn (ImageNet)",
        parameters_mi=37.18,
        macs_gi=81.66,
    )
    folds = True
    size_multiple = 16
    auxiliary_weights = (1.0,)
    explained_layers = (Stage.numbered("change representation", "dates.level{}", 1, 2, 3, 4),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 1) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.trunk = VGG16(in_channels)
        level1, level2, level3, level4 = self.trunk.channels
        self.dates = DateFusion(self.trunk.channels)
        self.guide = nn.Sequential(ConvNormAct(level4, HIDDEN), nn.Conv2d(HIDDEN, 1, kernel_size=3, padding=1))
        self.decoder = nn.ModuleDict(
            {
                "level4": GuidedStep(level4, level3),
                "level3": GuidedStep(level3, level2),
                "level2": GuidedStep(level2, level1),
            }
        )
        self.head = nn.Sequential(ConvNormAct(level1, HIDDEN), nn.Conv2d(HIDDEN, num_classes, kernel_size=1))

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        *finer_levels, x = self.dates(self.trunk(before), self.trunk(after))
        guide = self.guide(resize_to(x, like=finer_levels[0], align_corners=True))  # (B, 1, H / 2, W / 2)
        for step, finer in zip(self.decoder.values(), reversed(finer_levels), strict=True):
            x = step(x, finer, guide)
        logits, guide = (resize_to(coarse, like=before, align_corners=True) for coarse in (self.head(x), guide))
        return ChangeOutput(logits, (guide,))

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()
