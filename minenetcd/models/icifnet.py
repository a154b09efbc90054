"""ICIF-Net: a convolutional and a transformer trunk interact at three scales; three decoders see what changed.

Source: Feng, Xu, Jiang, Liu, Zheng, "ICIF-Net: Intra-Scale Cross-Interaction and Inter-Scale Feature Fusion
Network for Bitemporal Remote Sensing Images Change Detection", IEEE TGRS 2022; the published weights, where
they differ from it.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.backbones.pvt import PvtV2B1
from minenetcd.backbones.torchvision_resnet18 import TorchvisionResNet18
from minenetcd.errors import OptionError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.cross_interaction import CrossInteraction
from minenetcd.layers.gated_decoder import GatedDecoder, UpsampledHead
from minenetcd.layers.initialisation import kaiming_normal_convolutions
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

Prediction = Literal["sum", "global"]


class ICIFNet(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W), and those of the three decoders.

    `prediction`: "sum" adds the three decoders' logits, as the authors predict; "global" takes the first alone,
    the only one the published weights were trained on. `auxiliary`: global, local, fused decoder. Not symmetric:
    the dates share both trunks and nothing behind them.
    """

    about = About(
        title="ICIF-Net: Intra-Scale Cross-Interaction and Inter-Scale Feature Fusion Network for Bitemporal Remote "
        "Sensing Images Change Detection",
        authors="Y. Feng, H. Xu, J. Jiang, H. Liu, J. Zheng",
        venue="IEEE TGRS",
        year=2022,
        doi="10.1109/TGRS.2022.3168331",
        pretrained_trunk="resnet18 and pvt_v2_b1 (ImageNet)",
        parameters_mi=24.64,
        macs_gi=22.97,
    )
    folds = True
    size_multiple = 4
    auxiliary_weights = (1.0, 1.0, 0.5)
    main_weight = 0.0  # the sum of three decoders that have losses of their own
    # not levels: the global, the local and the fused decoder, all at 1/4
    explained_layers = (Stage.numbered("feature difference", "heads.{}(0)", 0, 1, 2),)

    def __init__(
        self,
        *,
        in_channels: int = 3,
        num_classes: int = 2,
        prediction: Prediction = "sum",
        dropout: float = 0.1,
        drop_path: float = 0.1,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            num_classes=num_classes,
            prediction=prediction,
            dropout=dropout,
            drop_path=drop_path,
        )
        if prediction not in ("sum", "global"):
            raise OptionError(f"ICIFNet needs prediction 'sum' or 'global', got {prediction!r}: choose one.")
        if prediction == "global":
            self.main_weight, self.auxiliary_weights = 1.0, (0.0, 0.0, 0.0)
        self.prediction = prediction
        self.local_trunk = TorchvisionResNet18(in_channels, levels=3)
        self.global_trunk = PvtV2B1(in_channels, levels=3, drop_path=drop_path)
        widths = self.local_trunk.channels, self.global_trunk.channels
        self.before = DateDecoder(*widths, dropout=dropout)
        self.after = DateDecoder(*widths, dropout=dropout)
        width = self.local_trunk.channels[0]
        self.heads = nn.ModuleList(UpsampledHead(width, width, num_classes) for _ in range(3))
        kaiming_normal_convolutions(self.before, self.after, self.heads)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        earlier = self.before(self.local_trunk(before), self.global_trunk(before))
        later = self.after(self.local_trunk(after), self.global_trunk(after))
        changes = [(a - b).abs() for a, b in zip(earlier, later, strict=True)]
        if self.prediction == "global" and not self.with_auxiliary:
            changes = changes[:1]
        outputs = tuple(head(x, like=before) for head, x in zip(self.heads, changes, strict=False))
        return ChangeOutput(sum(outputs[1:], outputs[0]) if self.prediction == "sum" else outputs[0], outputs)

    def load_pretrained_backbone(self) -> None:
        self.local_trunk.load_pretrained()
        self.global_trunk.load_pretrained()


class DateDecoder(nn.Module):
    """Both pyramids of one date, fine to coarse -> its global, local and fused map, each (B, local_widths[0], h, w)."""

    def __init__(self, local_widths: Sequence[int], global_widths: Sequence[int], *, dropout: float) -> None:
        super().__init__()
        fine, middle, coarse = local_widths
        self.interact = nn.ModuleList(
            CrossInteraction(*widths, dropout=dropout) for widths in zip(local_widths, global_widths, strict=True)
        )
        self.global_decoder = GatedDecoder(global_widths)
        self.local_decoder = GatedDecoder(global_widths)
        self.up_middle = AttentionUp(coarse, middle)
        self.up_fine = AttentionUp(middle, fine)

    def forward(self, local_levels: Sequence[Tensor], global_levels: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        levels = zip(self.interact, local_levels, global_levels, strict=True)
        fused, globals_, locals_ = zip(*(interact(local, glob) for interact, local, glob in levels), strict=True)
        fine, middle, coarse = fused
        decoded = self.up_fine(self.up_middle(coarse, middle), fine)
        return self.global_decoder(*globals_)[0], self.local_decoder(*locals_)[0], decoded


class AttentionUp(nn.Module):
    """A coarse map (B, below_channels, h', w') decides where a finer one (B, channels, h, w) counts, and joins it."""

    def __init__(self, below_channels: int, channels: int) -> None:
        super().__init__()
        self.ask_below = ConvNormAct(below_channels, channels, kernel_size=1, bias=True, activation=None)
        self.ask_level = ConvNormAct(channels, channels, kernel_size=1, bias=True, activation=None)
        self.attend = ConvNormAct(channels, 1, kernel_size=1, bias=True, activation=nn.Sigmoid)
        self.conv1 = ConvNormAct(below_channels + channels, channels, bias=True)
        self.conv2 = ConvNormAct(channels, channels, bias=True, activation=None)
        self.shortcut = ConvNormAct(below_channels + channels, channels, kernel_size=1, bias=True, activation=None)

    def forward(self, below: Tensor, level: Tensor) -> Tensor:
        # parity: the only place that aligns corners
        below = functional.interpolate(below, scale_factor=2.0, mode="bilinear", align_corners=True)
        below = _centred(below, size=level.shape[-2:])
        level = level * self.attend(functional.relu(self.ask_below(below) + self.ask_level(level)))
        x = torch.cat([level, below], dim=1)
        return functional.relu(self.conv2(self.conv1(x)) + self.shortcut(x))


def _centred(x: Tensor, *, size: Sequence[int]) -> Tensor:
    """Pad with zeros, or crop, to `size`: half of the difference, rounded down, at the top and left."""
    rows, columns = size[0] - x.shape[-2], size[1] - x.shape[-1]
    return functional.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
