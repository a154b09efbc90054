"""SNUNet-CD: a siamese UNet++ whose full-resolution nodes are fused by an ensemble channel attention.

Source: Fang, Li, Shao, Li, "SNUNet-CD: A Densely Connected Siamese Network for Change Detection of VHR Images",
IEEE Geoscience and Remote Sensing Letters 2021.

A node (level, column) stands at 1 / 2**level of the image's resolution; column 0 is the encoder.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.errors import OptionError
from minenetcd.layers.channel_attention import ChannelAttention
from minenetcd.layers.folding import Foldable
from minenetcd.layers.initialisation import kaiming_normal_convolutions
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

LEVELS = 5


class NestedBlock(Foldable):
    """Two 3 x 3 convolutions, the second a residual of the first: (B, in, H, W) -> (B, out, H, W).

    The identity path is the first convolution's output before its normalisation.
    """

    read_elsewhere = ("conv1",)

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        identity = self.conv1(x)
        residual = self.bn2(self.conv2(functional.relu(self.bn1(identity))))
        return functional.relu(residual + identity)


class EnsembleChannelAttention(nn.Module):
    """Weigh nodes of one shape (B, C, H, W) against each other and channel by channel: -> (B, nodes * C, H, W).

    `within` looks at the sum of the nodes and is added to each of them, `across` looks at their concatenation
    and multiplies the result.
    """

    def __init__(self, channels: int, nodes: int, *, max_pooling: bool) -> None:
        super().__init__()
        hidden = channels // 4
        self.within = ChannelAttention(channels, hidden, max_pooling=max_pooling)
        self.across = ChannelAttention(channels * nodes, hidden, max_pooling=max_pooling)

    def forward(self, nodes: list[Tensor]) -> Tensor:
        together = torch.cat(nodes, dim=1)
        total = together.unflatten(1, (len(nodes), -1)).sum(dim=1)
        within = self.within(total).repeat(1, len(nodes), 1, 1)
        weighted: Tensor = self.across(together) * (together + within)
        return weighted


class SNUNet(ChangeModel):
    """Both dates' encoder features enter every node of their level; the after image alone reaches the deepest.

    Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W). `width` channels at full resolution,
    doubled at each of four further levels. `attention_max_pooling` as in `ChannelAttention`. Raises OptionError
    for a `width` that 4 does not divide.
    """

    about = About(
        title="SNUNet-CD: A Densely Connected Siamese Network for Change Detection of VHR Images",
        authors="Fang, Li, Shao, Li",
        venue="IEEE Geoscience and Remote Sensing Letters",
        year=2021,
        doi="10.1109/LGRS.2021.3056416",
        parameters_mi=11.48,
    )
    folds = True
    size_multiple = 2 ** (LEVELS - 1)
    explained_layers = (Stage("change representation", ("nodes.0_4", "nodes.1_3", "nodes.2_2", "nodes.3_1")),)

    def __init__(
        self, *, in_channels: int = 3, num_classes: int = 2, width: int = 32, attention_max_pooling: bool = True
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            num_classes=num_classes,
            width=width,
            attention_max_pooling=attention_max_pooling,
        )
        if width < 4 or width % 4:
            raise OptionError(
                f"SNUNet needs a width that is a multiple of 4, got {width}: take {max(4, width // 4 * 4)}."
            )
        widths = [width * 2**level for level in range(LEVELS)]
        self.encoder = nn.ModuleList(map(NestedBlock, (in_channels, *widths), widths))
        self.nodes, self.enlarge = nn.ModuleDict(), nn.ModuleDict()
        for level, column in _decoder_nodes():
            fine, deep = widths[level], widths[level + 1]
            self.nodes[f"{level}_{column}"] = NestedBlock((column + 1) * fine + deep, fine)
            self.enlarge[f"{level + 1}_{column - 1}"] = nn.ConvTranspose2d(deep, deep, kernel_size=2, stride=2)
        self.ensemble = EnsembleChannelAttention(width, LEVELS - 1, max_pooling=attention_max_pooling)
        self.head = nn.Conv2d((LEVELS - 1) * width, num_classes, kernel_size=1)
        kaiming_normal_convolutions(self, mode="fan_out")

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        before_features = self.encode(before, levels=LEVELS - 1)
        after_features = self.encode(after, levels=LEVELS)
        rows = [list(pair) for pair in zip(before_features, after_features, strict=False)]
        below = after_features  # the column to the left, which each node enlarges one level down
        for column in range(1, LEVELS):
            for level in range(LEVELS - column):
                up = self.enlarge[f"{level + 1}_{column - 1}"](below[level + 1])
                rows[level].append(self.nodes[f"{level}_{column}"](torch.cat([*rows[level], up], dim=1)))
            below = [row[-1] for row in rows]
        return ChangeOutput(self.head(self.ensemble(rows[0][2:])))

    def encode(self, image: Tensor, *, levels: int) -> list[Tensor]:
        """Fine to coarse: `levels` tensors (B, width * 2**i, H / 2**i, W / 2**i)."""
        features = [self.encoder[0](image)]
        for block in self.encoder[1:levels]:
            features.append(block(functional.max_pool2d(features[-1], 2)))
        return features


def _decoder_nodes() -> list[tuple[int, int]]:
    """(level, column) of every node right of the encoder, column by column."""
    return [(level, column) for column in range(1, LEVELS) for level in range(LEVELS - column)]
