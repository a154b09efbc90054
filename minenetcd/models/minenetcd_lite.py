"""MineNetCD-Lite: two dates compared on the maps of a frozen ImageNet trunk and pixel by pixel, a light decoder.

It is this package's own. That a frozen trunk suffices was measured: docs/experiments.md. The pixels' branch has no
weights over neighbours, only means over 3 x 3, so that it does not learn the seams of what was pasted.
"""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.backbones.efficientnet_lite import EfficientNetLite0
from minenetcd.errors import OptionError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.joint_deviation import joint_deviation
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

#: Deviations below this are those of ground without texture. [of the network's numbers, which go from -1 to 1]
_FLAT = 0.02


class Decoder(nn.Module):
    """Maps of both dates, fine to coarse, and the dates themselves -> logits (B, num_classes, H, W)."""

    def __init__(self, channels: Sequence[int], pixel_channels: int, num_classes: int, width: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(ConvNormAct(3 * each, width, kernel_size=1) for each in channels)
        self.deepest = nn.Sequential(ConvNormAct(width, width), ConvNormAct(width, width))
        self.refine = nn.ModuleList(ConvNormAct(width, width) for _ in channels[:-1])
        self.pixels = ConvNormAct(pixel_channels, width // 3, kernel_size=1)
        self.join = ConvNormAct(width + width // 3, 2 * width // 3, kernel_size=1)
        self.classify = nn.Conv2d(2 * width // 3, num_classes, kernel_size=1)

    def forward(self, maps: Sequence[Tensor], pixels: Tensor) -> Tensor:
        """`maps` and `pixels` are those of both dates, compared."""
        *finer, x = (level(each) for level, each in zip(self.levels, maps, strict=True))
        x = self.deepest(x)
        for refine, level in zip(self.refine, reversed(finer), strict=True):
            x = refine(resize_to(x, like=level) + level)
        joined = torch.cat([resize_to(x, like=pixels), self.pixels(pixels)], dim=1)
        logits: Tensor = self.classify(self.join(joined))
        return logits


class MineNetCDLite(ChangeModel):
    """Two dates (B, in_channels, H, W) in -1..1 -> logits (B, num_classes, H, W), the same in either order of dates.

    Of the trunk, EfficientNet-Lite0, so many `levels` are read; three go down to a sixteenth of the size. It is
    `frozen`, in evaluation mode and without gradients, unless that is turned off. Of several `heads`, decoders of that
    `width` which start from other random weights and learn side by side, the mean counts; each has its loss as an
    auxiliary output. With `joint_deviation` they also see how far each pixel departs from how the dates go together
    elsewhere (`layers.joint_deviation`).
    """

    about = About(pretrained_trunk="EfficientNet-Lite0 (ImageNet)")
    folds = True
    main_weight = 0.0
    size_multiple = 32  # else coarse maps, enlarged to a size that their cells do not divide, lie off by some pixels

    def __init__(
        self,
        *,
        in_channels: int = 3,
        num_classes: int = 1,
        width: int = 48,
        heads: int = 1,
        levels: int = 3,
        frozen: bool = True,
        joint_deviation: bool = False,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            num_classes=num_classes,
            width=width,
            heads=heads,
            levels=levels,
            frozen=frozen,
            joint_deviation=joint_deviation,
        )
        if heads < 1 or not 1 <= levels <= 4 or width < 3:
            raise OptionError(
                f"MineNetCD-Lite needs one head or more, 1 to 4 levels and a width of 3 or more, got {heads} heads, "
                f"{levels} levels, width {width}: correct these."
            )
        self.trunk = EfficientNetLite0(in_channels, levels=levels)
        self.frozen = frozen
        self.trunk.requires_grad_(not frozen)
        self.joint_deviation = joint_deviation
        pixel_channels = 3 * in_channels + int(joint_deviation)
        self.heads = nn.ModuleList(
            Decoder(self.trunk.channels, pixel_channels, num_classes, width) for _ in range(heads)
        )
        self.auxiliary_weights = (1 / heads,) * heads
        # what the first head makes of the maps, for all: the maps themselves say much less of where change is
        self.explained_layers = (Stage.numbered("dates compared", "heads.0.levels.{}", *range(levels)),)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        maps = [_compared(*each.chunk(2)) for each in self._features(torch.cat([before, after]))]
        pixels = _pixels_compared(before, after)
        if self.joint_deviation:
            pixels = torch.cat([pixels, joint_deviation(before, after)], dim=1)
        logits = tuple(head(maps, pixels) for head in self.heads)
        return ChangeOutput(torch.stack(logits).mean(dim=0), logits)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.frozen:
            self.trunk.eval()
        return self

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()

    def _features(self, dates: Tensor) -> list[Tensor]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps: list[Tensor] = self.trunk(dates)
            return maps


def _compared(before: Tensor, after: Tensor) -> Tensor:
    """Maps (B, C, H, W) of both dates -> (B, 3 C, H, W), the same in either order."""
    return torch.cat([(before - after).abs(), before + after, torch.minimum(before, after)], dim=1)


def _pixels_compared(before: Tensor, after: Tensor) -> Tensor:
    """Local means of: difference, difference of standardised dates, mean of both, (B, 3 C, H, W)."""
    difference = (before - after).abs()
    standardised = (_standardised(before) - _standardised(after)).abs()
    both = torch.cat([difference, standardised, (before + after) / 2], dim=1)
    return functional.avg_pool2d(both, 3, stride=1, padding=1, count_include_pad=False)


def _standardised(date: Tensor) -> Tensor:
    """Mean 0 and deviation 1 of each band of each image."""
    deviation, mean = torch.std_mean(date, dim=(2, 3), keepdim=True)
    return (date - mean) / deviation.clamp(min=_FLAT)
