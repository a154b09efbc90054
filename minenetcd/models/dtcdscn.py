"""DTCDSCN: decodes the signed differences of two dates; on request it segments the buildings of each date as well.

Source: Liu, Pang, Zhan, Zhang, Yang, "Building Change Detection for Remote Sensing Images Using a Dual-Task
Constrained Deep Siamese Convolutional Network Model", IEEE GRSL 2021. The encoder is a ResNet-34 with
squeeze-and-excitation (Hu, Shen, Sun, CVPR 2018), the branches follow LinkNet with an attention to channels and
places (Roy, Navab, Wachinger, MICCAI 2018).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.both_dates import encode_both
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.initialisation import kaiming_normal_convolutions
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

#: Channels and blocks of the encoder's levels, fine to coarse: strides 4, 8, 16, 32.
WIDTHS, DEPTHS = (64, 128, 256, 512), (3, 4, 6, 3)
DILATIONS = (1, 2, 4, 8)
#: What gates narrow their channels by.
REDUCTION = 16


class SqueezeExcitation(nn.Module):
    """Weigh each channel by its mean over the image, seen beside all others: (B, C, h, w) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // REDUCTION, bias=False)
        self.excite = nn.Linear(channels // REDUCTION, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.excite(functional.relu(self.squeeze(x.mean(dim=(2, 3))))))
        return x * weights[..., None, None]


class EncoderBlock(nn.Module):
    """ResNet's basic block, its residual gated: (B, in, H, W) -> (B, out, H / stride, W / stride)."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ConvNormAct(in_channels, out_channels, stride=stride),
            ConvNormAct(out_channels, out_channels, activation=None),
            SqueezeExcitation(out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = ConvNormAct(in_channels, out_channels, kernel_size=1, stride=stride, activation=None)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.residual(x) + self.shortcut(x))


class DilatedCascade(nn.ModuleList):
    """Ever wider views of (B, C, h, w), each computed from the one before; all are summed with the input itself."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, kernel_size=3, padding=rate, dilation=rate) for rate in DILATIONS
        )

    def forward(self, x: Tensor) -> Tensor:
        total = x  # parity: not rectified, unlike the views
        for conv in self:
            x = functional.relu(conv(x))
            total = total + x
        return total


class ConcurrentExcitation(nn.Module):
    """Add to (B, C, h, w) itself times a weight for each channel and a weight for each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channel = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // REDUCTION, kernel_size=1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels // REDUCTION, channels, kernel_size=1, bias=False),
        )
        self.spatial = nn.Conv2d(channels, 1, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * (1 + torch.sigmoid(self.channel(x)) + torch.sigmoid(self.spatial(x)))


class UpStep(nn.Sequential):
    """Narrow, weigh, double the size, widen: (B, in, h, w) -> (B, out, 2h, 2w)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        middle = in_channels // 4
        self.narrow = ConvNormAct(in_channels, middle, kernel_size=1, bias=True)
        self.excitation = ConcurrentExcitation(middle)
        self.enlarge = nn.ConvTranspose2d(middle, middle, kernel_size=3, stride=2, padding=1, output_padding=1)
        self.norm = nn.BatchNorm2d(middle)
        self.act = nn.ReLU()
        self.widen = ConvNormAct(middle, out_channels, kernel_size=1, bias=True)


class Branch(nn.Module):
    """Four levels of features, fine to coarse, strides 4 to 32 -> logits (B, num_classes, H, W)."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.centre = DilatedCascade(WIDTHS[-1])
        self.steps = nn.ModuleList(map(UpStep, reversed(WIDTHS), (*reversed(WIDTHS[:-1]), WIDTHS[0])))
        self.head = nn.Sequential(
            nn.ConvTranspose2d(WIDTHS[0], 32, kernel_size=4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, num_classes, kernel_size=3, padding=1),
        )

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        *skips, coarsest = levels
        x = self.centre(coarsest)
        *joined, last = self.steps
        for step, skip in zip(joined, reversed(skips), strict=True):
            x = step(x) + skip
        logits: Tensor = self.head(last(x))
        return logits


class DTCDSCN(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W) of before minus after. Not symmetric.

    `dual_task` adds the authors' second branch, for buildings; `auxiliary` then holds its logits for the before and
    the after image, of the same shape. They are to be trained on building masks of each date (weight 0.25 each
    beside 0.5 for the change), which a change data set does not have: `auxiliary_weights` are 0, and the branch is
    off by default. The change logits do not depend on it.
    """

    about = About(
        title="Building Change Detection for Remote Sensing Images Using a Dual-Task Constrained Deep Siamese "
        "Convolutional Network Model",
        authors="Y. Liu, C. Pang, Z. Zhan, X. Zhang, X. Yang",
        venue="IEEE Geoscience and Remote Sensing Letters",
        year=2021,
        doi="10.1109/LGRS.2020.2988032",
        parameters_mi=39.17,
        macs_gi=10.72,
    )
    folds = True
    size_multiple = 32
    explained_layers = (
        Stage(
            "change representation", ("change.steps.3(0)", "change.steps.2(0)", "change.steps.1(0)", "change.centre")
        ),
    )

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2, dual_task: bool = False) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes, dual_task=dual_task)
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, WIDTHS[0], kernel_size=7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        self.encoder = nn.ModuleList(map(_level, (WIDTHS[0], *WIDTHS), WIDTHS, DEPTHS))
        self.change = Branch(num_classes)
        self.buildings = Branch(num_classes) if dual_task else None
        self.auxiliary_weights = (0.0, 0.0) if dual_task else ()
        self.initialise()

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        earlier, later = encode_both(self.features, before, after, at_once=not self.training)
        # parity: the sign is kept, at the centre and in every skip.
        logits = self.change([a - b for a, b in zip(earlier, later, strict=True)])
        if self.buildings is None or not self.with_auxiliary:
            return ChangeOutput(logits)
        return ChangeOutput(logits, (self.buildings(earlier), self.buildings(later)))

    def features(self, image: Tensor) -> list[Tensor]:
        """Fine to coarse: (B, WIDTHS[i], H / 2**(i + 2), W / 2**(i + 2))."""
        x = self.stem(image)
        levels = []
        for level in self.encoder:
            x = level(x)
            levels.append(x)
        return levels

    def initialise(self) -> None:
        """Draw every convolution anew; the dilated ones start without bias, all else as PyTorch leaves it."""
        kaiming_normal_convolutions(self, mode="fan_out")
        for module in self.modules():
            if isinstance(module, DilatedCascade):
                for conv in module:
                    nn.init.zeros_(conv.get_parameter("bias"))


def _level(in_channels: int, out_channels: int, depth: int) -> nn.Sequential:
    """`depth` blocks; the first halves the size where it changes the width."""
    first = EncoderBlock(in_channels, out_channels, stride=1 if in_channels == out_channels else 2)
    return nn.Sequential(first, *(EncoderBlock(out_channels, out_channels) for _ in range(depth - 1)))
