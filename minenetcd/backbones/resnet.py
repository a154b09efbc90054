"""ResNet as a pyramid, its tensors named as in the released MineNetCD.

Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016; layout and names of the
transformers library. Not taken from there: a small detector is to start at once, and importing any library that has
it takes longer than torch and rasterio together (docs/performance.md).
"""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from minenetcd.backbones.base import Backbone
from minenetcd.backbones.pretrained import from_hub, require_published


class ResNet(Backbone):
    """Image (B, in_channels, H, W) -> four maps (B, channels[i], H / strides[i], W / strides[i]).

    Sizes that do not divide are rounded up at every stage. With `bottleneck`, a block is 1 x 1, 3 x 3, 1 x 1, and the
    stride sits in the 3 x 3. `pretrained_id`: the hub repository with its ImageNet weights.
    """

    folds = True

    def __init__(
        self,
        in_channels: int = 3,
        *,
        depths: Sequence[int],
        channels: Sequence[int],
        bottleneck: bool = False,
        stem: int = 64,
        pretrained_id: str | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.channels = tuple(channels)
        self.pretrained_id = pretrained_id
        embedder = _conv_norm(in_channels, stem, kernel_size=7, stride=2)
        pooler = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        stages = nn.ModuleList()
        for i, (width, wider, depth) in enumerate(zip((stem, *channels), channels, depths, strict=False)):
            blocks = [ResidualBlock(width, wider, stride=1 if i == 0 else 2, bottleneck=bottleneck)]
            blocks += [ResidualBlock(wider, wider, bottleneck=bottleneck) for _ in range(depth - 1)]
            stages.append(nn.Sequential(OrderedDict(layers=nn.Sequential(*blocks))))
        self.network = nn.ModuleDict(
            {
                "embedder": nn.Sequential(OrderedDict(embedder=embedder, pooler=pooler)),
                "encoder": nn.ModuleDict({"stages": stages}),
            }
        )
        self.apply(_initialise)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        x, maps = self.network["embedder"](image), []
        for stage in self.network.get_submodule("encoder.stages").children():
            x = stage(x)
            maps.append(x)
        return tuple(maps)

    def load_pretrained(self) -> None:
        """Copy the trunk published as `pretrained_id`.

        OptionError for other than three input bands, WeightsError where the weights cannot be had.
        """
        pretrained_id = require_published("ImageNet weights of ResNet", self.pretrained_id, self.in_channels)
        from transformers import ResNetBackbone  # here, because whoever fetches nothing shall not wait for it

        published = from_hub(ResNetBackbone.from_pretrained, pretrained_id)
        self.network.load_state_dict(published.state_dict())


class ResidualBlock(nn.Module):
    """(B, in, H, W) -> (B, out, H / stride, W / stride), added to the input or a projection of it."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1, bottleneck: bool) -> None:
        super().__init__()
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels or stride != 1:
            self.shortcut = _conv_norm(in_channels, out_channels, kernel_size=1, stride=stride, relu=False)
        if bottleneck:
            narrow = out_channels // 4
            self.layer = nn.Sequential(
                _conv_norm(in_channels, narrow, kernel_size=1),
                _conv_norm(narrow, narrow, stride=stride),
                _conv_norm(narrow, out_channels, kernel_size=1, relu=False),
            )
        else:
            self.layer = nn.Sequential(
                _conv_norm(in_channels, out_channels, stride=stride),
                _conv_norm(out_channels, out_channels, relu=False),
            )
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.layer(x) + self.shortcut(x))


def _conv_norm(
    in_channels: int, out_channels: int, *, kernel_size: int = 3, stride: int = 1, relu: bool = True
) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False)
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        convolution=convolution, normalization=nn.BatchNorm2d(out_channels)
    )
    if relu:
        layers["activation"] = nn.ReLU()
    return nn.Sequential(layers)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight)  # parity: the library draws twice, so a seed gives the weights it always gave
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
