"""Three small fully convolutional U-Nets: FC-EF, FC-Siam-conc and FC-Siam-diff.

Source: R. Caye Daudt, B. Le Saux, A. Boulch, "Fully convolutional siamese networks for change detection", ICIP 2018.
Departs from it: the closing log-softmax is left to the loss.
"""

from collections import OrderedDict
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

#: Channels after each unit of a level. The decoder numbers its units downwards; its unit 1 of level 1 is the head.
ENCODER = {1: (16, 16), 2: (32, 32), 3: (64, 64, 64), 4: (128, 128, 128)}
DECODER = {4: (128, 128, 64), 3: (64, 64, 32), 2: (32, 16), 1: (16,)}
HEAD_CHANNELS = DECODER[1][-1]
DECODER_LEVELS = tuple(f"decoder.level{level}" for level in sorted(DECODER))

Convolution = type[nn.Conv2d] | type[nn.ConvTranspose2d]


def _about(parameters_mi: float) -> About:
    return About(
        title="Fully convolutional siamese networks for change detection",
        authors="R. Caye Daudt, B. Le Saux, A. Boulch",
        venue="IEEE International Conference on Image Processing (ICIP)",
        year=2018,
        doi="10.1109/ICIP.2018.8451652",
        parameters_mi=parameters_mi,
    )


class Unit(nn.Sequential):
    """3x3 convolution, BatchNorm, ReLU, then dropout of whole channels: (B, in, H, W) -> (B, out, H, W).

    The encoder's are plain convolutions, the decoder's transposed ones.
    """

    def __init__(self, convolution: Convolution, in_channels: int, out_channels: int, *, dropout: float) -> None:
        super().__init__()
        self.conv = convolution(in_channels, out_channels, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(out_channels)
        self.act = nn.ReLU()
        self.drop = nn.Dropout2d(dropout)


class Encoder(nn.ModuleDict):
    """Four levels of units, with a 2x2 max-pool between them."""

    def __init__(self, in_channels: int, *, dropout: float) -> None:
        super().__init__()
        for level, widths in ENCODER.items():
            numbers = range(1, len(widths) + 1)
            self[f"level{level}"] = _units(nn.Conv2d, (in_channels, *widths), numbers, dropout=dropout)
            in_channels = widths[-1]

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features of `image`, fine to coarse: (B, 16, H, W) ... (B, 128, H // 8, W // 8)."""
        first, *deeper = self.values()
        features = [first(image)]
        for level in deeper:
            features.append(level(_pool(features[-1])))
        return features


class DecoderLevel(nn.Module):
    """Doubles the deep features and merges them with the skip of its level."""

    def __init__(self, level: int, *, dates_per_skip: int, dropout: float) -> None:
        super().__init__()
        width = ENCODER[level][-1]
        numbers = range(len(ENCODER[level]), 0, -1)
        channels = ((1 + dates_per_skip) * width, *DECODER[level])
        self.up = nn.ConvTranspose2d(width, width, kernel_size=3, stride=2, padding=1, output_padding=1)
        self.merge = _units(nn.ConvTranspose2d, channels, numbers, dropout=dropout)

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        merged: Tensor = self.merge(torch.cat([extend_to(self.up(deep), skip), skip], dim=1))
        return merged


class Decoder(nn.ModuleDict):
    """From the bottom, level by level, to (B, 16, H, W); each skip holds the features of one date, or of two."""

    def __init__(self, *, dates_per_skip: int, dropout: float) -> None:
        super().__init__()
        for level in DECODER:
            self[f"level{level}"] = DecoderLevel(level, dates_per_skip=dates_per_skip, dropout=dropout)

    def forward(self, bottom: Tensor, skips: list[Tensor]) -> Tensor:
        """`bottom` (B, 128, H // 16, W // 16); `skips` fine to coarse."""
        x = bottom
        for level, skip in zip(self.values(), reversed(skips), strict=True):
            x = level(x, skip)
        return x


class FCEF(ChangeModel):
    """Early fusion: one U-Net over the two dates stacked along the channels.

    Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).
    """

    about = _about(parameters_mi=1.29)
    folds = True
    explained_layers = (Stage("change representation", DECODER_LEVELS),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2, dropout: float = 0.2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes, dropout=dropout)
        self.encoder = Encoder(2 * in_channels, dropout=dropout)
        self.decoder = Decoder(dates_per_skip=1, dropout=dropout)
        self.head = _head(num_classes)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        features = self.encoder(torch.cat([before, after], dim=1))
        return ChangeOutput(self.head(self.decoder(_pool(features[-1]), features)))


class SiamUNetConc(ChangeModel):
    """Siamese concatenation: one encoder sees each date, the decoder receives both dates' features at every level.

    The bottom comes from the later date alone, as in the authors' release.
    Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).
    """

    about = _about(parameters_mi=1.47)
    folds = True
    explained_layers = (Stage("change representation", DECODER_LEVELS),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2, dropout: float = 0.2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes, dropout=dropout)
        self.encoder = Encoder(in_channels, dropout=dropout)
        self.decoder = Decoder(dates_per_skip=2, dropout=dropout)
        self.head = _head(num_classes)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        earlier, later = self.encoder(before), self.encoder(after)
        skips = [torch.cat(pair, dim=1) for pair in zip(earlier, later, strict=True)]
        return ChangeOutput(self.head(self.decoder(_pool(later[-1]), skips)))


class SiamUNetDiff(ChangeModel):
    """Siamese difference: one encoder sees each date, the decoder receives |before - after| at every level.

    The bottom comes from the later date alone, as in the authors' release.
    Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).
    """

    about = _about(parameters_mi=1.29)
    folds = True
    explained_layers = (
        Stage("feature difference", tuple(f"{level}(1)" for level in DECODER_LEVELS)),
        Stage("change representation", DECODER_LEVELS),
    )

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2, dropout: float = 0.2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes, dropout=dropout)
        self.encoder = Encoder(in_channels, dropout=dropout)
        self.decoder = Decoder(dates_per_skip=1, dropout=dropout)
        self.head = _head(num_classes)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        earlier, later = self.encoder(before), self.encoder(after)
        skips = [(b - a).abs() for b, a in zip(earlier, later, strict=True)]
        return ChangeOutput(self.head(self.decoder(_pool(later[-1]), skips)))


def extend_to(x: Tensor, like: Tensor) -> Tensor:
    """Repeat the last row and column of `x` until it is as large as `like`: (B, C, H, W) -> (B, C, H', W')."""
    bottom, right = like.shape[-2] - x.shape[-2], like.shape[-1] - x.shape[-1]
    return functional.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def _pool(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, kernel_size=2)


def _head(num_classes: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(HEAD_CHANNELS, num_classes, kernel_size=3, padding=1)


def _units(
    convolution: Convolution, channels: tuple[int, ...], numbers: Iterable[int], *, dropout: float
) -> nn.Sequential:
    """A chain of units leading through `channels`, named unit1, unit2, ... by `numbers`."""
    units = (Unit(convolution, fewer, more, dropout=dropout) for fewer, more in pairwise(channels))
    return nn.Sequential(OrderedDict((f"unit{number}", unit) for number, unit in zip(numbers, units, strict=False)))
