"""TFI-GR: the dates interact at four scales, then all scales together guide the refinement of each, twice.

Source: Li, Tang, Wang, Zomaya, "Remote Sensing Change Detection via Temporal Feature Interaction and Guided
Refinement", IEEE TGRS 2022.

Levels are named by their stride's exponent: level2 at 1/4 of the image's resolution to level5 at 1/32.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.backbones.torchvision_resnet18 import TorchvisionResNet18
from minenetcd.layers.both_dates import encode_both
from minenetcd.layers.channel_attention import ChannelAttention
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

#: Every level and its channels, fine to coarse.
LEVELS = {"level2": 64, "level3": 128, "level4": 256, "level5": 512}
WIDTH = 64


class TemporalInteraction(nn.Module):
    """Both dates of one level (B, C, h, w), each enhanced where they differ -> what changed (B, 64, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.difference = ConvNormAct(channels, channels, bias=True)
        self.enhance_before = ConvNormAct(channels, channels, bias=True)
        self.enhance_after = ConvNormAct(channels, channels, bias=True)
        self.merge = ConvNormAct(2 * channels, channels, bias=True)
        self.reduce = ConvNormAct(channels, WIDTH, kernel_size=1, bias=True)

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        difference = self.difference((before - after).abs())
        before = self.enhance_before(before * difference + before)
        after = self.enhance_after(after * difference + after)
        reduced: Tensor = self.reduce(difference + self.merge(torch.cat([before, after], dim=1)))
        return reduced


class GuidedRefinement(nn.Module):
    """All levels, fused at the finest, guide each of them: four (B, 64, h, w), fine to coarse -> the same shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = ChannelAttention(len(LEVELS) * WIDTH, len(LEVELS) * WIDTH // 16)
        self.fuse = ConvNormAct(len(LEVELS) * WIDTH, WIDTH)
        self.guides = nn.ModuleDict({"level2": nn.Identity()})
        for level in list(LEVELS)[1:]:
            self.guides[level] = nn.Conv2d(WIDTH, WIDTH, kernel_size=3, padding=1, bias=False)
        self.refine = nn.ModuleDict({level: ConvNormAct(WIDTH, WIDTH, bias=True) for level in LEVELS})

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        fused = self.fused(levels)
        refined = []
        for step, (guide, refine, level) in enumerate(
            zip(self.guides.values(), self.refine.values(), levels, strict=True)
        ):
            pooled = functional.avg_pool2d(fused, kernel_size=2**step)
            refined.append(refine(guide(pooled) + level))
        return refined

    def fused(self, levels: list[Tensor]) -> Tensor:
        """Everything there is, at the finest level: (B, 64, H / 4, W / 4)."""
        coarse_to_fine = [_enlarge(level, like=levels[0]) for level in reversed(levels)]
        together = torch.cat(coarse_to_fine, dim=1)
        fused: Tensor = self.fuse(together * self.attention(together))
        return fused


class TFIGR(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).

    Not symmetric: each date has an enhancement of its own, and the dates are concatenated in order.
    """

    about = About(
        title="Remote Sensing Change Detection via Temporal Feature Interaction and Guided Refinement",
        authors="Z. Li, C. Tang, L. Wang, A. Y. Zomaya",
        venue="IEEE TGRS",
        year=2022,
        doi="10.1109/TGRS.2022.3199502",
        pretrained_trunk="resnet18 (ImageNet)",
        parameters_mi=27.06,
        macs_gi=9.09,
    )
    folds = True
    size_multiple = 32
    explained_layers = (
        Stage.numbered("feature difference", "interaction.level{}.difference(0)", 2, 3, 4, 5),
        Stage.numbered("change representation", "round2.refine.level{}", 2, 3, 4, 5),
    )

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.trunk = TorchvisionResNet18(in_channels)
        self.interaction = nn.ModuleDict({level: TemporalInteraction(width) for level, width in LEVELS.items()})
        self.round1, self.round2 = GuidedRefinement(), GuidedRefinement()
        # parity: one block for all three steps of the decoder.
        self.merge = ConvNormAct(WIDTH, WIDTH, bias=True)
        self.head = nn.Conv2d(WIDTH, num_classes, kernel_size=1, bias=False)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        dates = encode_both(self.trunk, before, after, at_once=not self.training)
        pairs = zip(self.interaction.values(), *dates, strict=True)
        changes = [interact(earlier, later) for interact, earlier, later in pairs]
        *finer, x = self.round2(self.round1(changes))
        for level in reversed(finer):
            x = self.merge(level + _enlarge(x, like=level))
        return ChangeOutput(_enlarge(self.head(x), like=before))

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()


def _enlarge(x: Tensor, *, like: Tensor) -> Tensor:
    # parity: corners are aligned everywhere.
    return resize_to(x, like, align_corners=True)
