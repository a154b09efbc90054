"""When a layer may compute in a way of its own."""

import torch
from torch import Tensor


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
