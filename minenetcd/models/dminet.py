"""DMINet: two dates ask each other with a joint query; one branch decodes both, another their difference.

Source: Feng, Jiang, Xu, Zheng, "Change Detection on Remote Sensing Images using Dual-branch Multi-level
Inter-temporal Network", IEEE TGRS 2023; the published weights, where they differ from it.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from minenetcd.backbones.torchvision_resnet18 import TorchvisionResNet18
from minenetcd.errors import OptionError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.gated_decoder import GatedDecoder, UpsampledHead
from minenetcd.layers.initialisation import kaiming_normal_convolutions
from minenetcd.layers.map_attention import map_attention
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

Prediction = Literal["sum", "coarse"]


class DMINet(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W), and those of the four heads.

    `prediction`: "sum" adds both stride-4 heads, as the authors predict; "coarse" is the stride-8 head of the
    difference branch, the only one the published weights were trained on. `auxiliary`: concatenation and
    difference branch at stride 4, then both at stride 8. Not symmetric: each date has projections of its own.
    """

    about = About(
        title="Change Detection on Remote Sensing Images using Dual-branch Multi-level Inter-temporal Network",
        authors="Y. Feng, J. Jiang, H. Xu, J. Zheng",
        venue="IEEE TGRS",
        year=2023,
        doi="10.1109/TGRS.2023.3241257",
        pretrained_trunk="resnet18 (ImageNet)",
        parameters_mi=6.44,
        macs_gi=16.16,
    )
    folds = True
    size_multiple = 8
    auxiliary_weights = (1.0, 1.0, 0.5, 0.5)
    main_weight = 0.0  # the sum of two heads that have losses of their own
    explained_layers = (
        Stage(
            "feature difference",
            ("difference.fuse_fine(0)", "difference.fuse_middle(0)", "difference.reduce_coarse(0)"),
        ),
        Stage("change representation", ("difference.fuse_fine", "difference.fuse_middle", "difference.reduce_coarse")),
    )

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2, prediction: Prediction = "sum") -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes, prediction=prediction)
        if prediction not in ("sum", "coarse"):
            raise OptionError(f"DMINet needs prediction 'sum' or 'coarse', got {prediction!r}: choose one.")
        if prediction == "coarse":
            self.main_weight, self.auxiliary_weights = 1.0, (0.0, 0.0, 0.0, 0.0)
        self.prediction = prediction
        self.trunk = TorchvisionResNet18(in_channels, levels=3)
        fine, middle, _ = widths = self.trunk.channels
        self.exchange = nn.ModuleList(map(JointQueryAttention, widths))
        self.concatenation = GatedDecoder(widths)
        self.difference = GatedDecoder(widths)
        self.heads = nn.ModuleList(UpsampledHead(width, 32, num_classes) for width in (fine, fine, middle, middle))
        kaiming_normal_convolutions(self.exchange, self.concatenation, self.difference, self.heads)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        levels = zip(self.trunk(before), self.trunk(after), strict=True)
        exchanged = [exchange(*pair) for exchange, pair in zip(self.exchange, levels, strict=True)]
        merged_fine, merged_middle = self.concatenation(*(level.merged for level in exchanged))
        changed_fine, changed_middle = self.difference(*((level.before - level.after).abs() for level in exchanged))
        decoded = (merged_fine, changed_fine, merged_middle, changed_middle)
        read = (0, 1) if self.prediction == "sum" else (3,)
        outputs = {
            index: head(x, like=before)
            for index, (head, x) in enumerate(zip(self.heads, decoded, strict=True))
            if self.with_auxiliary or index in read
        }
        logits = outputs[0] + outputs[1] if self.prediction == "sum" else outputs[3]
        return ChangeOutput(logits, tuple(outputs.values()))

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()


class Exchanged(NamedTuple):
    """One level after the dates have asked each other, each (B, C, h, w)."""

    merged: Tensor
    before: Tensor
    after: Tensor


class JointQueryAttention(nn.Module):
    """Both dates (B, C, h, w) make one query, and each answers it from its own keys and values -> Exchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = DateProjection(channels)
        self.after = DateProjection(channels)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.merge = ConvNormAct(2 * channels, channels)

    def forward(self, before: Tensor, after: Tensor) -> Exchanged:
        queries, keys, values = zip(self.before(before), self.after(after), strict=True)
        query = torch.cat(queries, dim=1)
        answers = [map_attention(query, key, value) for key, value in zip(keys, values, strict=True)]
        before, after = (self.gamma * answer + x for answer, x in zip(answers, (before, after), strict=True))
        return Exchanged(self.merge(torch.cat([before, after], dim=1)), before, after)


class DateProjection(nn.Module):
    """One date (B, C, h, w) -> its half of the query (C / 8 channels), its keys (C / 4) and its values (C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, kernel_size=1)
        self.key = nn.Conv2d(channels, channels // 4, kernel_size=1)
        self.value = nn.Conv2d(channels, channels, kernel_size=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.query(x), self.key(x), self.value(x)
