"""When a layer may compute in a way of its own."""

import torch
from torch import Tensor, nn


def computed_by_torch(x: Tensor, *, with_gradients: bool = False) -> bool:
    """Whether torch itself computes with x now, on a processor, in single precision or better.

    Without gradients, or, where a way has some of its own, `with_gradients`.
    """
    elsewhere = torch._C._get_tracing_state() or torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export()
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and (with_gradients or not torch.is_grad_enabled())
        and not (torch.is_autocast_enabled("cpu") or elsewhere)
    )


def is_watched() -> bool:
    """Whether somebody sees each operation, as who counts multiply-adds does, and is to see those of torch alone."""
    return torch._C._len_torch_dispatch_stack() > 0


def is_plain_convolution(layer: nn.Module, *kinds: type[nn.Conv2d]) -> bool:
    """Whether nothing but `layer`'s weights says what it computes: no padding but zeros, no hook, no other forward."""
    return (
        isinstance(layer, nn.Conv2d)
        and type(layer) in (nn.Conv2d, *kinds)
        and layer.padding_mode == "zeros"
        and _is_plain(layer)
    )


def is_plain_linear(layer: nn.Module) -> bool:
    """The same of a matrix product."""
    return type(layer) is nn.Linear and _is_plain(layer)


def _is_plain(layer: nn.Module) -> bool:
    """Whether its weights are its own, and nobody looks at what goes in and out."""
    is_own = isinstance(layer._parameters.get("weight"), nn.Parameter)
    return is_own and not (layer._forward_hooks or layer._forward_pre_hooks)
