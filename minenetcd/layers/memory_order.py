"""How the weights of a network lie in memory."""

from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


def channels_last(module: Module) -> Module:
    """`module` itself, its weights of maps (rank 4) with the channels side by side; those of volumes stay as they are.

    `module.to(memory_format=...)` refuses a network with a convolution in three dimensions.
    """
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.ndim == 4:
            tensor.data = tensor.data.to(memory_format=torch.channels_last)  # strides, too, where either order is one
    return module
