"""UPerNet: pyramid pooling on the deepest level, a feature pyramid over all of them.

Source: Xiao, Liu, Zhou, Jiang, Sun, "Unified perceptual parsing for scene understanding", ECCV 2018;
sizes as in MineNetCD, section 3.3, and its released weights.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.folding import Foldable, folded
from minenetcd.layers.linear_operators import as_taps, convolve_enlarged, pool_to
from minenetcd.layers.resize import resize_to
from minenetcd.layers.winograd import WideConv, convolve_wide


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
        self.bottleneck = _joined((deepest, *(channels for _ in pool_scales)), channels)
        self.laterals = nn.ModuleList(ConvNormAct(width, channels, kernel_size=1) for width in fine)
        self.smooth = nn.ModuleList(_wide(ConvNormAct(channels, channels)) for _ in fine)
        self.fuse = _joined([channels for _ in in_channels], channels)
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


class JoinedConv(nn.Conv2d, Foldable):
    """`conv`, of 3 x 3, on maps (B, widths[i], ...) side by side, each enlarged to the size of the first.

    Takes over the weights of `conv`.
    """

    def __init__(self, conv: nn.Conv2d, widths: Sequence[int]) -> None:
        super().__init__(conv.in_channels, conv.out_channels, 3, padding=1, bias=False, device="meta")
        self.weight, self.bias, self.widths = conv.weight, conv.bias, tuple(widths)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:  # type: ignore[override]  # several maps instead of one
        first, *others = maps
        own, *shares = self.weight.split(self.widths, dim=1)
        return convolve_enlarged(others, [as_taps(share) for share in shares], convolve_wide(first, own, self.bias))

    def fused(self) -> nn.Module:
        return SplitJoinedConv(self)


class SplitJoinedConv(nn.Module):
    """A `JoinedConv` for inference: its first map has a convolution of its own, as quick as it can be."""

    def __init__(self, joined: JoinedConv) -> None:
        super().__init__()
        own, *shares = (part.detach().clone() for part in joined.weight.split(joined.widths, dim=1))
        first = nn.Conv2d(joined.widths[0], joined.out_channels, 3, padding=1, device="meta")
        first.weight, first.bias = nn.Parameter(own), joined.bias
        self.first, self.shares = folded(first), nn.ParameterList(as_taps(share) for share in shares)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        first, *others = maps
        return convolve_enlarged(others, list(self.shares), self.first(first))


def _wide(block: ConvNormAct) -> ConvNormAct:
    plain = block.conv
    block.conv = WideConv(plain.in_channels, plain.out_channels, 3, padding=1, bias=False, device="meta")
    block.conv.weight = plain.weight
    return block


def _joined(widths: Sequence[int], out_channels: int) -> ConvNormAct:
    block = ConvNormAct(sum(widths), out_channels)
    block.conv = JoinedConv(block.conv, widths)
    return block


class FCNHead(nn.Sequential):
    """Auxiliary head: 3 x 3 convolution block and classifier, (B, in, H, W) -> logits (B, K, H, W)."""

    def __init__(self, in_channels: int, num_classes: int, *, channels: int = 256) -> None:
        super().__init__()
        self.block = ConvNormAct(in_channels, channels)
        self.classifier = nn.Conv2d(channels, num_classes, kernel_size=1)
