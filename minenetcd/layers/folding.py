"""Layers made ready for inference: the same function with fewer operations, exact but for rounding."""

import copy
from itertools import pairwise

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.utils.fusion import fuse_conv_bn_weights

from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.packed import PackedLinear
from minenetcd.layers.pointwise import PointwiseConv
from minenetcd.layers.winograd import WinogradConv


class Foldable(nn.Module):
    """A layer that knows a cheaper form of itself."""

    #: Of its parts: convolutions whose result is read by others than the normalisation that follows.
    read_elsewhere: tuple[str, ...] = ()

    def fused(self) -> nn.Module:
        """An equal layer for inference."""
        return _with_folded_parts(self)


def folded(module: nn.Module) -> nn.Module:
    """A twin of `module`, in evaluation mode, that gives the same; what does not change is shared with it.

    Each BatchNorm that stands right behind a convolution among the parts of a module becomes part of the convolution,
    and each part takes the cheapest form that is known. A module that says `folds = False` stays as it is.
    """
    if not getattr(module, "folds", True):
        return module
    if isinstance(module, Foldable):
        return module.fused()
    for way in (WinogradConv, PointwiseConv):
        if way.suits(module):
            return way.of(module)
    if PackedLinear.suits(module):
        return PackedLinear.of(module)
    return _with_folded_parts(module)


def _with_folded_parts(module: nn.Module) -> nn.Module:
    parts = {name: part for name, part in module._modules.items() if part is not None}
    made = {name: folded(part) for name, part in (parts | _without_norms(module, parts)).items()}
    made |= _in_place(module, parts)
    if all(made[name] is part for name, part in parts.items()):
        return module
    twin = copy.copy(module)
    twin._modules = {**module._modules, **made}
    return twin


def _without_norms(module: nn.Module, parts: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """Of `parts` those that change where a normalisation becomes part of the convolution before it."""
    apart = module.read_elsewhere if isinstance(module, Foldable) else ()
    changed: dict[str, nn.Module] = {}
    for (name, conv), (following, norm) in pairwise(parts.items()):
        if name in apart or not (isinstance(conv, _ConvNd) and isinstance(norm, _BatchNorm)):
            continue
        if norm.track_running_stats and conv.out_channels == norm.num_features:
            changed[name] = _with_norm(conv, norm)
            changed[following] = nn.Identity()
    return changed


def _with_norm(conv: _ConvNd, norm: _BatchNorm) -> _ConvNd:
    """A convolution that does the work of the normalisation behind it, too."""
    assert not norm.training and norm.running_mean is not None and norm.running_var is not None
    twin = copy.copy(conv)
    weight, bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias,
        transpose=isinstance(conv, _ConvTransposeNd),
    )  # fmt: skip
    twin._parameters = {**conv._parameters, "weight": weight, "bias": bias}
    return twin


def _in_place(module: nn.Module, parts: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """Of `parts` the activations that may overwrite what they read: the result of a convolution before them.

    In blocks of this package alone; the steps of other sequences may be read by others, one by one.
    """
    changed: dict[str, nn.Module] = {}
    if not isinstance(module, ConvNormAct):
        return changed
    for before, (name, part) in pairwise(parts.items()):
        if isinstance(before[1], (_ConvNd, _BatchNorm)) and isinstance(part, (nn.ReLU, nn.ReLU6, nn.SiLU)):
            changed[name] = overwriting = copy.copy(part)
            overwriting.inplace = True
    return changed
