"""A backbone: four maps of an image, each of half the size of the one before."""

from itertools import pairwise

from torch import Tensor, nn

from minenetcd.backbones.base import Backbone
from minenetcd.layers.convolution import ConvNormAct


class ToyPyramid(Backbone):
    """Image (B, in_channels, H, W) -> four maps (B, channels[i], H / strides[i], W / strides[i])."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.channels = (8, 16, 16, 16)
        widths = (in_channels, 8, *self.channels)
        self.blocks = nn.ModuleList(ConvNormAct(*pair, stride=2) for pair in pairwise(widths))

    def forward(self, image: Tensor) -> list[Tensor]:
        maps = [image]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return maps[2:]  # of a quarter of the image's size and less
