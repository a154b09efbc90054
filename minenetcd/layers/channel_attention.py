"""Weighing channels by what is in them across the whole image."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class ChannelAttention(nn.Module):
    """One weight in (0, 1) per sample and channel: (B, C, H, W) -> (B, C, 1, 1).

    Average and maximum over the image pass the same two layers and are summed. `max_pooling=False` takes the
    average twice instead. Source: Woo, Park, Lee, Kweon, "CBAM: Convolutional block attention module", ECCV 2018.
    """

    def __init__(self, channels: int, hidden: int, *, max_pooling: bool = True) -> None:
        super().__init__()
        self.max_pooling = max_pooling
        self.fc1 = nn.Conv2d(channels, hidden, kernel_size=1, bias=False)
        self.fc2 = nn.Conv2d(hidden, channels, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        average = self.excite(functional.adaptive_avg_pool2d(x, 1))
        # parity: SNUNet's published weights were trained with two average poolings.
        other = self.excite(functional.adaptive_max_pool2d(x, 1)) if self.max_pooling else average
        return torch.sigmoid(average + other)

    def excite(self, pooled: Tensor) -> Tensor:
        excited: Tensor = self.fc2(functional.relu(self.fc1(pooled)))
        return excited
