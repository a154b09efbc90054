"""Starting weights that several architectures agree on."""

from typing import Literal

from torch import nn


def kaiming_normal_convolutions(*parts: nn.Module, mode: Literal["fan_in", "fan_out"] = "fan_in") -> None:
    """Draw the weight of every Conv2d inside `parts` for a ReLU behind it; biases keep PyTorch's uniform start."""
    for part in parts:
        for module in part.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
