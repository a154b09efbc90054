"""FCN-PP: an early-fusion U-Net of dilated convolutions with a pyramid of receptive fields at its bottom.

Source: T. Lei, Y. Zhang, Z. Lv, S. Li, S. Liu, A. K. Nandi, "Landslide inventory mapping from bitemporal images using
deep convolutional neural networks", IEEE GRSL 16(6), 2019, as re-created by the earlier framework: an atrous pyramid
of separable convolutions in place of pyramid pooling. No code of the authors is known.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.errors import SizeError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

ENCODER_WIDTHS = (64, 128, 256, 512)
DECODER_WIDTHS = (256, 128, 64, 64)
PYRAMID_RATES = (6, 12, 18)


class DilatedTriple(nn.Sequential):
    """Three 3x3 convolutions of dilation 1, 2, 3, each with BatchNorm and ReLU: (B, in, H, W) -> (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        for dilation in (1, 2, 3):
            self.append(nn.Conv2d(in_channels, out_channels, kernel_size=3, dilation=dilation, padding=dilation))
            self.append(nn.BatchNorm2d(out_channels))
            self.append(nn.ReLU())
            in_channels = out_channels


class SeparableConv(nn.Sequential):
    """3x3 convolution of each channel at `rate`, then 1x1 across them, each with BatchNorm and ReLU."""

    def __init__(self, channels: int, *, rate: int) -> None:
        super().__init__()
        self.depthwise = ConvNormAct(channels, channels, dilation=rate, groups=channels)
        self.pointwise = ConvNormAct(channels, channels, kernel_size=1)


class AtrousPyramid(nn.Module):
    """Looks at (B, C, H, W) globally, at every pixel, and at three dilation rates; merges them to (B, C, H, W)."""

    def __init__(self, channels: int, *, dropout: float) -> None:
        super().__init__()
        self.pooled = ConvNormAct(channels, channels, kernel_size=1)
        self.local = ConvNormAct(channels, channels, kernel_size=1)
        self.dilated = nn.ModuleDict(
            {f"rate{number}": SeparableConv(channels, rate=rate) for number, rate in enumerate(PYRAMID_RATES, start=1)}
        )
        self.merge = ConvNormAct((2 + len(PYRAMID_RATES)) * channels, channels, kernel_size=1)
        self.drop = nn.Dropout2d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Raises SizeError for a single sample in training, whose pooled 1 x 1 map BatchNorm cannot normalise."""
        if self.pooled.norm.training and x.shape[0] == 1:
            raise SizeError(
                "FCNPP needs at least 2 samples a batch in training, got 1: raise the batch size, and leave out a last "
                "batch of one."
            )
        pooled = self.pooled(functional.adaptive_avg_pool2d(x, 1)).expand_as(x)
        branches = [pooled, self.local(x), *(branch(x) for branch in self.dilated.values())]
        merged: Tensor = self.drop(self.merge(torch.cat(branches, dim=1)))
        return merged


class FCNPP(ChangeModel):
    """One U-Net over the two dates stacked along the channels, an atrous pyramid at its bottom.

    `magnify_pyramid` keeps what the published weights were trained with: the pyramid's output, which is as
    large as its skip already, is enlarged twofold and cut back to its centre, so that it lies askew to the
    skip. Both forms have the same tensors. Training needs two samples a batch or more.
    Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).
    """

    about = About(
        title="Landslide inventory mapping from bitemporal images using deep convolutional neural networks",
        authors="T. Lei, Y. Zhang, Z. Lv, S. Li, S. Liu, A. K. Nandi",
        venue="IEEE Geoscience and Remote Sensing Letters 16(6)",
        year=2019,
        parameters_mi=14.56,
    )
    folds = True
    explained_layers = (Stage.numbered("change representation", "decoder.step{}", 4, 3, 2, 1),)

    def __init__(
        self,
        *,
        in_channels: int = 3,
        num_classes: int = 1,
        dropout: float = 0.1,
        magnify_pyramid: bool = False,
    ) -> None:
        super().__init__(
            in_channels=in_channels, num_classes=num_classes, dropout=dropout, magnify_pyramid=magnify_pyramid
        )
        self.magnify_pyramid = magnify_pyramid
        self.encoder = nn.ModuleList(map(DilatedTriple, (2 * in_channels, *ENCODER_WIDTHS[:-1]), ENCODER_WIDTHS))
        self.pyramid = AtrousPyramid(ENCODER_WIDTHS[-1], dropout=dropout)
        self.decoder = nn.ModuleDict()
        below = ENCODER_WIDTHS[-1]
        for step, (skip, width) in enumerate(zip(reversed(ENCODER_WIDTHS), DECODER_WIDTHS, strict=True), start=1):
            self.decoder[f"step{step}"] = DilatedTriple(skip + below, width)
            below = width
        self.head = nn.Conv2d(DECODER_WIDTHS[-1], num_classes, kernel_size=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        skips = self.features(torch.cat([before, after], dim=1))
        x = self.pyramid(skips[-1])
        if self.magnify_pyramid:
            x = centre_on(double(x), like=skips[-1])  # parity
        first, *others = self.decoder.values()
        x = first(torch.cat([skips.pop(), x], dim=1))
        for step in others:
            skip = skips.pop()
            x = step(torch.cat([skip, centre_on(double(x), like=skip)], dim=1))
        return ChangeOutput(self.head(x))

    def features(self, stacked: Tensor) -> list[Tensor]:
        """Features of the stacked dates, fine to coarse: (B, ENCODER_WIDTHS[i], H // 2**i, W // 2**i)."""
        first, *deeper = self.encoder
        features = [first(stacked)]
        for stage in deeper:
            features.append(stage(functional.max_pool2d(features[-1], kernel_size=2)))
        return features


def double(x: Tensor) -> Tensor:
    """Bilinear (B, C, H, W) -> (B, C, 2H, 2W), corners on corners."""
    return resize_to(x, (2 * x.shape[-2], 2 * x.shape[-1]), align_corners=True)


def centre_on(x: Tensor, like: Tensor) -> Tensor:
    """Pad `x` with zeros around, or cut its rim, to the height and width of `like`.

    Of an odd number of rows to add, the bottom takes one more; of an odd number to cut, the top loses one more.
    """
    rows, columns = like.shape[-2] - x.shape[-2], like.shape[-1] - x.shape[-1]
    top, left = rows // 2, columns // 2
    return functional.pad(x, (left, columns - left, top, rows - top))
