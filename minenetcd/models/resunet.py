"""ResUnet: a siamese residual U-Net that decodes the differences of two dates.

Source: L. Yuan et al., "Multi-objects change detection based on Res-UNet", IGARSS 2021, as re-created by the
earlier framework. Its block is that of Z. Zhang, Q. Liu, Y. Wang, "Road extraction by deep residual U-Net", GRSL 2018.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

WIDTHS = (32, 64, 128, 256, 512)


class Stem(nn.Module):
    """Image -> first features, the sum of two paths, neither normalised at its end: (B, C, H, W) -> (B, 32, H, W)."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, width, kernel_size=3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, kernel_size=3, padding=1),
        )
        self.shortcut = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        total: Tensor = self.main(image) + self.shortcut(image)
        return total


class Residual(nn.Module):
    """Pre-activated pair of convolutions plus a convolved shortcut: (B, in, H, W) -> (B, out, H / stride, W / stride).

    Nothing follows the sum. The shortcut is a normalised 3x3 convolution even where the shapes agree.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(),
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.main(x) + self.shortcut(x)
        return total


class UpStep(nn.Module):
    """Doubles the deep features and merges them with a difference: (B, deep, h, w) -> (B, fine, 2h, 2w)."""

    def __init__(self, deep: int, fine: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(deep, deep, kernel_size=2, stride=2)
        self.merge = Residual(deep + fine, fine)

    def forward(self, x: Tensor, difference: Tensor) -> Tensor:
        merged: Tensor = self.merge(torch.cat([self.up(x), difference], dim=1))
        return merged


class ResUNet(ChangeModel):
    """One residual encoder sees both dates; the decoder receives |before - after| at four scales.

    The bottom comes from the earlier date alone. The head is a residual block too, so logits carry
    BatchNorm statistics. Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).
    """

    about = About(
        title="Multi-objects change detection based on Res-UNet",
        authors="L. Yuan, Y. Li, Y. Si, J. Ren, Y. Yang, Y. Gong, Y. Xia, Z. Tong, L. Tong",
        venue="IEEE International Geoscience and Remote Sensing Symposium (IGARSS)",
        year=2021,
        doi="10.1109/IGARSS47720.2021.9553995",
        parameters_mi=12.59,
    )
    folds = True
    size_multiple = 16
    explained_layers = (
        Stage.numbered("feature difference", "decoder.step{}(1)", 4, 3, 2, 1),
        Stage.numbered("change representation", "decoder.step{}", 4, 3, 2, 1),
    )

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        scales = list(pairwise(WIDTHS))
        self.encoder = nn.ModuleList(
            [Stem(in_channels, WIDTHS[0]), *(Residual(fine, deep, stride=2) for fine, deep in scales)]
        )
        self.decoder = nn.ModuleDict(
            {f"step{step}": UpStep(deep, fine) for step, (fine, deep) in enumerate(reversed(scales), start=1)}
        )
        self.refine = Residual(WIDTHS[0], WIDTHS[0])
        self.head = Residual(WIDTHS[0], num_classes)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        *earlier, x = self.features(before)
        # parity: the bottom of the later date goes unused, yet in training it moves BatchNorm's running statistics.
        later = self.features(after, levels=len(WIDTHS) if self.training else len(earlier))
        differences = [(b - a).abs() for b, a in zip(earlier, later, strict=False)]
        for step, difference in zip(self.decoder.values(), reversed(differences), strict=True):
            x = step(x, difference)
        return ChangeOutput(self.head(self.refine(x)))

    def features(self, image: Tensor, *, levels: int = len(WIDTHS)) -> list[Tensor]:
        """The first `levels` features of `image`, fine to coarse: (B, WIDTHS[i], H / 2**i, W / 2**i)."""
        features: list[Tensor] = []
        for block in self.encoder[:levels]:
            features.append(block(features[-1] if features else image))
        return features
