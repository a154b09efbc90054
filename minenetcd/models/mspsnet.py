"""MSPSNet: at four scales, parallel dilated convolutions integrate the dates and a channel self-attention refines them.

Source: Guo, Zhang, Zhu, Zhong, Zhang, "Deep Multiscale Siamese Network With Parallel Convolutional Structure and
Self-Attention for Change Detection", IEEE TGRS 2022.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.folding import Foldable
from minenetcd.layers.initialisation import kaiming_normal_convolutions
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

WIDTHS = (40, 80, 160, 320)
ATTENTION_WIDTH, HEAD_WIDTH = 32, 80
DILATIONS = (1, 2, 3, 4)


class EncoderBlock(Foldable):
    """A 3 x 3 convolution and, added to it, its own 1 x 1 residual: (B, in, H, W) -> (B, out, H, W)."""

    read_elsewhere = ("conv1",)

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        # parity: the identity is the convolution's output before its norm, not what came in.
        identity = self.conv1(x)
        return functional.relu(self.bn2(self.conv2(functional.relu(self.bn1(identity)))) + identity)


class ParallelConvolutions(nn.Module):
    """Both dates (B, C, H, W) through four dilations at once -> (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dilated = nn.ModuleDict(
            {
                f"rate{rate}": nn.Conv2d(
                    2 * channels, channels, kernel_size=3, padding=rate, dilation=rate, groups=channels // 2
                )
                for rate in DILATIONS
            }
        )
        self.merge = nn.Conv2d(len(DILATIONS) * channels, channels, kernel_size=1)

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        # parity: the dates are stacked, not interleaved, so each group sees one date and only `merge` mixes them.
        dates = torch.cat([before, after], dim=1)
        merged: Tensor = self.merge(torch.cat([conv(dates) for conv in self.dilated.values()], dim=1))
        return merged


class ChannelSelfAttention(nn.Module):
    """Each channel attends to those least like it: (B, C, H, W) -> the same; off until `gamma` is learnt.

    Similarities are sums over all pixels, beyond the range of half precision: they are taken in float32 at least.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            flat = (x if x.dtype == torch.float64 else x.float()).flatten(2)
            similarity = flat @ flat.transpose(1, 2)  # (B, C, C)
            attention = (similarity.amax(dim=-1, keepdim=True) - similarity).softmax(dim=-1)
            return (self.gamma * (attention @ flat) + flat).to(x.dtype).view_as(x)


class Refinement(nn.Sequential):
    """Channel self-attention among 32 condensed channels: (B, C, H, W) -> the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.condense = ConvNormAct(channels, ATTENTION_WIDTH, bias=True, activation=nn.PReLU)
        self.attend = ChannelSelfAttention()
        self.expand = ConvNormAct(ATTENTION_WIDTH, channels, bias=True, activation=nn.PReLU)


class MSPSNet(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W). Not symmetric in the dates."""

    about = About(
        title="Deep Multiscale Siamese Network With Parallel Convolutional Structure and Self-Attention for Change "
        "Detection",
        authors="Q. Guo, J. Zhang, S. Zhu, C. Zhong, Y. Zhang",
        venue="IEEE TGRS",
        year=2022,
        doi="10.1109/TGRS.2021.3131993",
        parameters_mi=2.11,
        macs_gi=13.89,
    )
    folds = True
    size_multiple = 8
    explained_layers = (
        Stage.numbered("integrated dates", "integrate.scale{}", 1, 2, 3, 4),
        Stage.numbered("change representation", "refine.scale{}", 1, 2, 3, 4),
    )

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.stem = nn.Conv2d(in_channels, WIDTHS[0], kernel_size=5, padding=2)
        self.encoder = nn.ModuleList(map(EncoderBlock, (WIDTHS[0], *WIDTHS[:-1]), WIDTHS))
        scales = {f"scale{number}": width for number, width in enumerate(WIDTHS, start=1)}  # fine to coarse
        self.integrate = nn.ModuleDict({scale: ParallelConvolutions(width) for scale, width in scales.items()})
        self.refine = nn.ModuleDict({scale: Refinement(width) for scale, width in scales.items()})
        self.reduce = nn.Conv2d(sum(WIDTHS), HEAD_WIDTH, kernel_size=1)
        self.classify = nn.Conv2d(HEAD_WIDTH, num_classes, kernel_size=3, padding=1, bias=False)
        kaiming_normal_convolutions(self, mode="fan_out")

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        pairs = zip(self.features(before), self.features(after), strict=True)
        parts = zip(self.integrate.values(), self.refine.values(), pairs, strict=True)
        *finer, x = [refine(integrate(*pair)) for integrate, refine, pair in parts]
        for change in reversed(finer):
            x = torch.cat([change, resize_to(x, like=change)], dim=1)
        return ChangeOutput(self.classify(self.reduce(x)))

    def features(self, image: Tensor) -> list[Tensor]:
        """Fine to coarse: (B, WIDTHS[i], H / 2**i, W / 2**i)."""
        first, *deeper = self.encoder
        levels = [first(self.stem(image))]
        for block in deeper:
            levels.append(block(functional.avg_pool2d(levels[-1], 2)))
        return levels
