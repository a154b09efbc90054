"""Layers made ready for inference: the same function with fewer operations, exact but for rounding."""

import copy
from itertools import pairwise

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.utils.fusion import fuse_conv_bn_eval

from minenetcd.layers.winograd import WinogradConv


class Foldable(nn.Module):
    """A layer that knows a cheaper form of itself."""

    #: Of its parts: convolutions whose result is read by others than the normalisation that follows.
    read_elsewhere: tuple[str, ...] = ()

    def fused(self) -> nn.Module:
        """An equal layer for inference."""
        return folded(self)


def folded(module: nn.Module) -> nn.Module:
    """A twin of `module`, in evaluation mode, that gives the same; what does not change is shared with it.

    Each BatchNorm that stands right behind a convolution among the parts of a module becomes part of the convolution.
    """
    parts = {name: part for name, part in module._modules.items() if part is not None}
    made = {name: part.fused() if isinstance(part, Foldable) else folded(part) for name, part in parts.items()}
    apart = module.read_elsewhere if isinstance(module, Foldable) else ()
    for name, following in pairwise(parts):
        if name not in apart and _folds(parts[name], parts[following]):
            made[name] = quickest(fuse_conv_bn_eval(parts[name], parts[following], _is_transposed(parts[name])))
            made[following] = nn.Identity()
    made = {name: quickest(part) for name, part in made.items()}
    if all(made[name] is part for name, part in parts.items()):
        return module
    twin = copy.copy(module)
    twin._modules = {**module._modules, **made}
    return twin


def _folds(conv: nn.Module, norm: nn.Module) -> bool:
    return (
        isinstance(conv, _ConvNd)
        and isinstance(norm, _BatchNorm)
        and norm.track_running_stats
        and conv.out_channels == norm.num_features
    )


def _is_transposed(conv: nn.Module) -> bool:
    return isinstance(conv, _ConvTransposeNd)


def quickest(part: nn.Module) -> nn.Module:
    """`part` itself, or a form of it with fewer multiplications."""
    return WinogradConv.of(part) if isinstance(part, nn.Conv2d) and WinogradConv.suits(part) else part
