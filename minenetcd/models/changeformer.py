"""ChangeFormer: siamese pyramid transformer, a learned difference at four scales, convolutional decoder.

Source: Bandara, Patel, "A transformer-based siamese network for change detection", IGARSS 2022.
"""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.both_dates import encode_both
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.pyramid_transformer import PyramidTransformer, StageShape
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

STAGES = (
    StageShape(width=64, heads=1, depth=3, reduction=8, stride=4),
    StageShape(width=128, heads=2, depth=3, reduction=4),
    StageShape(width=320, heads=4, depth=4, reduction=2),
    StageShape(width=512, heads=8, depth=3, reduction=1),
)


class Scale(nn.Module):
    """One scale of the decoder: the change between two feature maps, and a prediction from it."""

    def __init__(self, in_channels: int, channels: int, num_classes: int) -> None:
        super().__init__()
        self.project = nn.Linear(in_channels, channels)
        self.difference = nn.Sequential(*_conv_relu_norm_conv(2 * channels, channels), nn.ReLU())
        self.predict = nn.Sequential(*_conv_relu_norm_conv(channels, num_classes))

    def forward(self, before: Tensor, after: Tensor, coarser: Tensor | None) -> Tensor:
        """Two features (B, in_channels, h, w), and the next coarser scale's change -> change (B, channels, h, w)."""
        dates = [self.project(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) for x in (before, after)]
        change: Tensor = self.difference(torch.cat(dates, dim=1))
        return change if coarser is None else change + resize_to(coarser, like=change)


class ScaledResidual(nn.Module):
    """x + 0.1 * conv(relu(conv(x))): (B, C, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0.1 * self.conv2(functional.relu(self.conv1(x)))
        return x


class ChangeFormer(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).

    `auxiliary`: logits of the four scales, coarse to fine, at 1/32, 1/16, 1/8 and 1/4 of the padded size. Not
    symmetric: the dates are concatenated. `dropout` acts in the encoder, on attention weights and behind linear
    layers; `drop_path` is the stochastic depth of its last block.
    """

    about = About(
        title="A Transformer-Based Siamese Network for Change Detection",
        authors="W. G. C. Bandara, V. M. Patel",
        venue="IEEE IGARSS",
        year=2022,
        doi="10.1109/IGARSS46834.2022.9883686",
        parameters_mi=39.13,
        macs_gi=129.7,
    )
    folds = True
    size_multiple = 32
    auxiliary_weights = (0.5, 0.5, 0.5, 0.8)
    explained_layers = (Stage.numbered("change representation", "scales.scale{}", 1, 2, 3, 4),)

    def __init__(
        self,
        *,
        in_channels: int = 3,
        num_classes: int = 2,
        decoder_channels: int = 256,
        dropout: float = 0.1,
        drop_path: float = 0.1,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            num_classes=num_classes,
            decoder_channels=decoder_channels,
            dropout=dropout,
            drop_path=drop_path,
        )
        channels = decoder_channels
        self.encoder = PyramidTransformer(in_channels, STAGES, dropout=dropout, drop_path=drop_path)
        self.scales = nn.ModuleDict(
            {f"scale{n}": Scale(stage.width, channels, num_classes) for n, stage in enumerate(STAGES, start=1)}
        )
        self.fuse = ConvNormAct(len(STAGES) * channels, channels, kernel_size=1, bias=True, activation=None)
        self.upsample = nn.Sequential(
            nn.ConvTranspose2d(channels, channels, kernel_size=4, stride=2, padding=1),
            ScaledResidual(channels),
            nn.ConvTranspose2d(channels, channels, kernel_size=4, stride=2, padding=1),
            ScaledResidual(channels),
        )
        self.head = nn.Conv2d(channels, num_classes, kernel_size=3, padding=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        changes, predictions = self.changes(*encode_both(self.encoder, before, after, at_once=not self.training))
        finest = changes[-1]
        x = self.fuse(torch.cat([resize_to(change, like=finest) for change in changes], dim=1))
        return ChangeOutput(self.head(self.upsample(x)), tuple(predictions))

    def changes(self, before: list[Tensor], after: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Changes and the logits seen in them, coarse to fine; every change holds the coarser ones."""
        changes: list[Tensor] = []
        predictions = []
        scales = cast("Iterable[Scale]", self.scales.values())
        levels = reversed(list(zip(scales, before, after, strict=True)))
        for scale, earlier, later in levels:
            changes.append(scale(earlier, later, changes[-1] if changes else None))
            if self.with_auxiliary:
                predictions.append(scale.predict(changes[-1]))
        return changes, predictions


def _conv_relu_norm_conv(in_channels: int, out_channels: int) -> list[nn.Module]:
    """parity: the norm follows the activation."""
    return [
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(out_channels),
        nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1),
    ]
