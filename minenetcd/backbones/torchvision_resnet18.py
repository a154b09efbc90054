"""torchvision's ResNet-18 as a pyramid, cut off behind the levels a detector reads.

Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016.
"""

from torch import Tensor, nn
from torchvision import models

from minenetcd.backbones.base import Backbone
from minenetcd.backbones.pretrained import imagenet_weights, require_three_bands


class TorchvisionResNet18(Backbone):
    """Image (B, in_channels, H, W) -> maps, fine to coarse, (B, channels[i], H / strides[i], W / strides[i]).

    Sides that do not divide are rounded up. Tensors are named as in torchvision; layers behind the last of
    the `levels` (1 to 4) and the classifier are not built.
    """

    folds = True
    layer3: nn.Sequential

    def __init__(self, in_channels: int = 3, *, levels: int = 4) -> None:
        super().__init__()
        self.channels = (64, 128, 256, 512)[:levels]
        self.strides = (4, 8, 16, 32)[:levels]
        network = models.resnet18()
        self.conv1, self.bn1, self.relu, self.maxpool = network.conv1, network.bn1, network.relu, network.maxpool
        if in_channels != self.conv1.in_channels:
            self.conv1 = nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
            nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
        self._stages = tuple(f"layer{i}" for i in range(1, levels + 1))
        for stage in self._stages:
            self.add_module(stage, getattr(network, stage))

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.maxpool(self.relu(self.bn1(self.conv1(image))))
        levels = []
        for stage in self._stages:
            x = self.get_submodule(stage)(x)
            levels.append(x)
        return levels

    def load_pretrained(self) -> None:
        """Copy torchvision's ImageNet weights; OptionError for other than three input bands."""
        require_three_bands("ImageNet weights of ResNet-18", self.conv1.in_channels)
        own = self.state_dict()
        self.load_state_dict({name: x for name, x in imagenet_weights("resnet18").items() if name in own})
