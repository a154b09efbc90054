"""When a layer may compute in a way of its own."""

import torch
from torch import Tensor


def computed_by_torch(x: Tensor) -> bool:
    """Whether torch itself computes with x now, without gradients, on a processor, in single precision or better."""
    elsewhere = torch._C._get_tracing_state() or torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export()
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and not (torch.is_grad_enabled() or torch.is_autocast_enabled("cpu") or elsewhere)
    )
