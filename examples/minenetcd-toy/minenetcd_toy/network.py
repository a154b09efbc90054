"""A network: one encoder sees both dates, and a convolution reads how their features differ."""

from torch import Tensor, nn

from minenetcd import ChangeModel, ChangeOutput
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.models.base import Stage


class Toy(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W)."""

    explained_layers = (Stage("difference", ("head(0)",)),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2, width: int = 8) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes, width=width)
        self.encoder = nn.Sequential(ConvNormAct(in_channels, width), ConvNormAct(width, width, dilation=2))
        self.head = nn.Conv2d(width, num_classes, kernel_size=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        difference = (self.encoder(after) - self.encoder(before)).abs()  # (B, width, H, W)
        return ChangeOutput(self.head(difference))
