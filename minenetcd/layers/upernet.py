"""UPerNet: pyramid pooling on the deepest level, a feature pyramid over all of them.

Source: Xiao, Liu, Zhou, Jiang, Sun, "Unified perceptual parsing for scene understanding", ECCV 2018;
sizes as in MineNetCD, section 3.3, and its released weights.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.convolution import ConvNormAct
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
        self.bottleneck = ConvNormAct(deepest + len(pool_scales) * channels, channels)
        self.laterals = nn.ModuleList(ConvNormAct(width, channels, kernel_size=1) for width in fine)
        self.smooth = nn.ModuleList(ConvNormAct(channels, channels) for _ in fine)
        self.fuse = ConvNormAct(len(in_channels) * channels, channels)
        self.classifier = nn.Conv2d(channels, num_classes, kernel_size=1)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        *fine, deepest = levels
        laterals = [lateral(level) for lateral, level in zip(self.laterals, fine, strict=True)]
        pooled = [conv(pool_to(deepest, scale)) for scale, conv in zip(self.pool_scales, self.pyramid, strict=True)]
        laterals.append(convolved_together(self.bottleneck, [deepest, *pooled]))
        for i in range(len(laterals) - 1, 0, -1):
            laterals[i - 1] = laterals[i - 1] + resize_to(laterals[i], like=laterals[i - 1])
        merged = [smooth(lateral) for smooth, lateral in zip(self.smooth, laterals[:-1], strict=True)]
        merged.append(laterals[-1])
        logits: Tensor = self.classifier(convolved_together(self.fuse, merged))
        return logits


def convolved_together(block: ConvNormAct, maps: Sequence[Tensor]) -> Tensor:
    """`block`, a 3 x 3 convolution, of all `maps` side by side, each enlarged to the size of the first."""
    first, *others = maps
    own, *weights = block.conv.weight.split([x.shape[1] for x in maps], dim=1)
    total = functional.conv2d(first, own, block.conv.bias, padding=1)
    size = (first.shape[2], first.shape[3])
    for x, weight in zip(others, weights, strict=True):
        total = total + convolve_enlarged(x, weight, size)
    activated: Tensor = block.act(block.norm(total))
    return activated


class FCNHead(nn.Sequential):
    """Auxiliary head: 3 x 3 convolution block and classifier, (B, in, H, W) -> logits (B, K, H, W)."""

    def __init__(self, in_channels: int, num_classes: int, *, channels: int = 256) -> None:
        super().__init__()
        self.block = ConvNormAct(in_channels, channels)
        self.classifier = nn.Conv2d(channels, num_classes, kernel_size=1)
