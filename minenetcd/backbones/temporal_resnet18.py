"""ResNet-18 over two dates at once: each convolution sees one date, then the dates are mixed.

Sources: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016; Ye, Wang, Zhou, Lei, Fan,
Qin, "Adjacent-Level Feature Cross-Fusion With 3-D CNN for Remote Sensing Image Change Detection", IEEE TGRS 2023.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.backbones.pretrained import imagenet_weights, require_three_bands


class TemporalConv(nn.Module):
    """A convolution of each date, then a mix of the dates: (B, in, 2, H, W) -> (B, out, 2, H', W').

    A date becomes `present` times itself, plus `past` times the date before it, plus `future` times the one
    after it. At the start the dates pass by themselves.
    """

    def __init__(self, in_channels: int, out_channels: int, *, kernel_size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.spatial = _spatial_conv(in_channels, out_channels, kernel_size=kernel_size, stride=stride)
        square = (out_channels, out_channels, 1, 1, 1)
        self.past = nn.Parameter(torch.zeros(square))
        self.present = nn.Parameter(nn.init.dirac_(torch.empty(square)))
        self.future = nn.Parameter(torch.zeros(square))

    def forward(self, dates: Tensor) -> Tensor:
        mixed = functional.conv2d(self.spatial(dates).flatten(1, 2), self.mixing_matrix()[..., None, None])
        return mixed.unflatten(1, (-1, 2))

    def mixing_matrix(self) -> Tensor:
        """What mixes channels and dates, (out * 2, out * 2); the date is the fast index of both."""
        past, present, future = (tap.flatten(1) for tap in (self.past, self.present, self.future))
        before, after = torch.stack([present, future], dim=-1), torch.stack([past, present], dim=-1)
        return torch.stack([before, after], dim=1).flatten(2).flatten(0, 1)


class TemporalBlock(nn.Module):
    """A residual block of two temporal convolutions: (B, in, 2, H, W) -> (B, out, 2, H / stride, W / stride)."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = TemporalConv(in_channels, out_channels, stride=stride)
        self.bn1 = nn.BatchNorm3d(out_channels)
        self.conv2 = TemporalConv(out_channels, out_channels)
        self.bn2 = nn.BatchNorm3d(out_channels)
        self.downsample = nn.Sequential()
        if stride != 1:
            self.downsample.append(_spatial_conv(in_channels, out_channels, kernel_size=1, stride=stride))
            self.downsample.append(nn.BatchNorm3d(out_channels))

    def forward(self, dates: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(dates)))
        # parity: ResNet-18 has no ReLU between its second norm and the addition.
        x = functional.relu(self.bn2(self.conv2(x)))
        return functional.relu(x + self.downsample(dates))


class TemporalResNet18(nn.Module):
    """Dates (B, in_channels, 2, H, W) -> maps, fine to coarse, (B, channels[i], 2, H / strides[i], W / strides[i]).

    Sides that do not divide are rounded up. Layers are named as in torchvision.
    """

    channels = (64, 64, 128, 256, 512)
    strides = (2, 4, 8, 16, 32)

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv1 = TemporalConv(in_channels, 64, kernel_size=7, stride=2)
        self.bn1 = nn.BatchNorm3d(64)
        self.layer1 = nn.Sequential(TemporalBlock(64, 64), TemporalBlock(64, 64))
        self.layer2 = nn.Sequential(TemporalBlock(64, 128, stride=2), TemporalBlock(128, 128))
        self.layer3 = nn.Sequential(TemporalBlock(128, 256, stride=2), TemporalBlock(256, 256))
        self.layer4 = nn.Sequential(TemporalBlock(256, 512, stride=2), TemporalBlock(512, 512))

    def forward(self, dates: Tensor) -> list[Tensor]:
        levels = [functional.relu(self.bn1(self.conv1(dates)))]
        x = functional.max_pool3d(levels[0], kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            levels.append(x)
        return levels

    def load_pretrained(self) -> None:
        """Copy torchvision's ImageNet weights of ResNet-18; how dates are mixed stays as it is.

        Raises OptionError for other than three input bands, WeightsError where the weights cannot be had.
        """
        require_three_bands("ImageNet weights of ResNet-18", self.conv1.spatial.in_channels)
        published = imagenet_weights("resnet18")
        own = self.state_dict()
        for name in own:
            source = name.replace(".spatial.", ".")
            if source in published:
                own[name] = published[source].reshape(own[name].shape)
        self.load_state_dict(own)


def _spatial_conv(in_channels: int, out_channels: int, *, kernel_size: int, stride: int) -> nn.Conv3d:
    """A convolution of H and W alone, without bias, that starts as those of ResNet do."""
    half = kernel_size // 2
    conv = nn.Conv3d(
        in_channels, out_channels, (1, kernel_size, kernel_size), (1, stride, stride), (0, half, half), bias=False
    )
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv
