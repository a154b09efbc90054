"""torchvision's VGG-16 with batch normalisation as a pyramid, cut behind its last normalisation.

Source: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015.
"""

from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from minenetcd.backbones.pretrained import imagenet_weights, require_three_bands

#: The layers that levels are read from: the ReLU before a pooling.
# parity: the coarsest level is read from the normalisation before it, so it keeps its negative values.
READ = (12, 22, 32, 41)


class VGG16(nn.Sequential):
    """Image (B, in_channels, H, W) -> maps, fine to coarse, (B, channels[i], H / strides[i], W / strides[i]).

    Sides that do not divide are rounded down. Layers are numbered as in torchvision's `features`; what reads
    the whole resolution, and the classifier, is no level.
    """

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__(*make_layers(cfgs["D"], batch_norm=True)[: READ[-1] + 1])
        self.in_channels = in_channels
        self.channels = (128, 256, 512, 512)
        self.strides = (2, 4, 8, 16)
        if in_channels != 3:
            self[0] = nn.Conv2d(in_channels, 64, kernel_size=3, padding=1)
        for layer in self:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.get_parameter("bias"))

    def forward(self, image: Tensor) -> list[Tensor]:
        x, levels = image, []
        for index, layer in enumerate(self):
            x = layer(x)
            if index in READ:
                levels.append(x)
        return levels

    def load_pretrained(self) -> None:
        """Copy torchvision's ImageNet weights (a file of 528 MiB); OptionError for other than three input bands."""
        require_three_bands("ImageNet weights of VGG-16", self.in_channels)
        published = imagenet_weights("vgg16_bn")
        self.load_state_dict({name: published[f"features.{name}"] for name in self.state_dict()})
