"""UPerNet: pyramid pooling on the deepest level, a feature pyramid over all of them.

Source: Xiao, Liu, Zhou, Jiang, Sun, "Unified perceptual parsing for scene understanding", ECCV 2018;
sizes as in MineNetCD, section 3.3, and its released weights.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.folding import Foldable, quickest
from minenetcd.layers.linear_operators import convolve_enlarged, pool_to
from minenetcd.layers.resize import resize_to


class UPerNetDecoder(nn.Module):
    """Four levels, fine to coarse, (B, in_channels[i], H / 4 / 2**i, W / 4 / 2**i) -> logits (B, K, H / 4, W / 4)."""

    def __init__(
        self,
        in_channels: Sequence[int],
        num_classes: int,
        *,
        channels: int = 512,
        pool_scales: Sequence[int] = (1, 2, 3, 6),
    ) -> None:
        super().__init__()
        *fine, deepest = in_channels
        self.pool_scales = tuple(pool_scales)
        self.pyramid = nn.ModuleList(ConvNormAct(deepest, channels, kernel_size=1) for _ in pool_scales)
        self.bottleneck = JoinedConv((deepest, *(channels for _ in pool_scales)), channels)
        self.laterals = nn.ModuleList(ConvNormAct(width, channels, kernel_size=1) for width in fine)
        self.smooth = nn.ModuleList(ConvNormAct(channels, channels) for _ in fine)
        self.fuse = JoinedConv([channels for _ in in_channels], channels)
        self.classifier = nn.Conv2d(channels, num_classes, kernel_size=1)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        *fine, deepest = levels
        laterals = [lateral(level) for lateral, level in zip(self.laterals, fine, strict=True)]
        pooled = [conv(pool_to(deepest, scale)) for scale, conv in zip(self.pool_scales, self.pyramid, strict=True)]
        laterals.append(self.bottleneck([deepest, *pooled]))
        for i in range(len(laterals) - 1, 0, -1):
            laterals[i - 1] = laterals[i - 1] + resize_to(laterals[i], like=laterals[i - 1])
        merged = [smooth(lateral) for smooth, lateral in zip(self.smooth, laterals[:-1], strict=True)]
        merged.append(laterals[-1])
        logits: Tensor = self.classifier(self.fuse(merged))
        return logits


class JoinedConv(ConvNormAct, Foldable):
    """`ConvNormAct` of several maps (B, widths[i], ...) side by side, each enlarged to the size of the first."""

    def __init__(self, widths: Sequence[int], out_channels: int) -> None:
        super().__init__(sum(widths), out_channels)
        self.widths = tuple(widths)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        own, *shares = self.conv.weight.split(self.widths, dim=1)
        first, *others = maps
        total = functional.conv2d(first, own, self.conv.bias, padding=1)
        activated: Tensor = self.act(self.norm(total + _enlarged(others, shares, like=first)))
        return activated

    def fused(self) -> nn.Module:
        """The same with BatchNorm folded, and the convolution of the first map as quick as it can be."""
        return FoldedJoinedConv(fuse_conv_bn_eval(self.conv, self.norm), self.widths, self.act)


class FoldedJoinedConv(nn.Module):
    """`JoinedConv` for inference."""

    def __init__(self, conv: nn.Conv2d, widths: Sequence[int], act: nn.Module) -> None:
        super().__init__()
        own, *shares = (part.detach().clone() for part in conv.weight.split(tuple(widths), dim=1))
        first = nn.Conv2d(widths[0], conv.out_channels, 3, padding=1, device="meta")
        first.weight, first.bias = nn.Parameter(own), conv.bias
        self.first, self.act = quickest(first), act
        self.shares = nn.ParameterList(shares)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        first, *others = maps
        activated: Tensor = self.act(self.first(first) + _enlarged(others, list(self.shares), like=first))
        return activated


def _enlarged(maps: Sequence[Tensor], weights: Sequence[Tensor], *, like: Tensor) -> Tensor:
    """The sum of what 3 x 3 convolutions make of `maps`, enlarged to the size of `like`."""
    size = (like.shape[2], like.shape[3])
    return sum((convolve_enlarged(x, each, size) for x, each in zip(maps, weights, strict=True)), like.new_zeros(()))


class FCNHead(nn.Sequential):
    """Auxiliary head: 3 x 3 convolution block and classifier, (B, in, H, W) -> logits (B, K, H, W)."""

    def __init__(self, in_channels: int, num_classes: int, *, channels: int = 256) -> None:
        super().__init__()
        self.block = ConvNormAct(in_channels, channels)
        self.classifier = nn.Conv2d(channels, num_classes, kernel_size=1)
