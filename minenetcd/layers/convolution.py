"""Convolution, normalisation, activation: the block nearly every architecture is made of."""

from collections.abc import Callable

from torch import nn


class ConvNormAct(nn.Sequential):
    """Conv2d without bias -> BatchNorm2d -> ReLU, keeping H and W at stride 1: (B, in, H, W) -> (B, out, H', W').

    `activation=None` leaves the last step out. Parts are named `conv`, `norm`, `act`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 3,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = False,
        activation: Callable[[], nn.Module] | None = nn.ReLU,
    ) -> None:
        super().__init__()
        padding = dilation * (kernel_size // 2)
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding, dilation=dilation, groups=groups, bias=bias
        )
        self.norm = nn.BatchNorm2d(out_channels)
        if activation is not None:
            self.act = activation()
