"""Networks as OpenVINO runs them on a processor."""

import re
from functools import cache

import openvino
import torch
from openvino.frontend import FrontEndManager, OpConversionFailure
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from torch import Tensor, nn

from minenetcd.detectors.engines.engine import Compiled, UnknownOperation
from minenetcd.errors import OptionError

#: As OpenVINO calls them. It takes bfloat16 by itself on some processors unless told otherwise.
_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
_DEVICE = "CPU"


@cache
def core() -> openvino.Core:
    """The only one of this process.

    Each gives the thread a stack of its own for signals, and takes it away when it ends: of two whose lives overlap one
    leaves a stack that is no more behind, and the next signal ends the process.
    """
    return openvino.Core()


def compiled(network: nn.Module, example: tuple[Tensor, Tensor], precision: str) -> Compiled:
    """`network` for pairs of the size of `example`, in as many threads as torch has. OptionError where it cannot be."""
    if precision == "bfloat16" and "BF16" not in core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES"):
        raise OptionError("OpenVINO needs a processor that computes in bfloat16, this is none: leave --precision out.")
    options = {
        "INFERENCE_PRECISION_HINT": _PRECISIONS[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": "LATENCY",
    }
    ready = core().compile_model(_converted(network, example), _DEVICE, options)

    def run(before: Tensor, after: Tensor) -> Tensor:
        return torch.from_numpy(ready((before.numpy(), after.numpy()))[0])

    return run


def _converted(network: nn.Module, example: tuple[Tensor, Tensor]) -> openvino.Model:
    """Without `openvino.convert_model`, which reports each use to its makers unless somebody has forbidden it."""
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(torch.jit.trace(network, example, check_trace=False))
    try:
        model = frontend.convert(frontend.load(decoder))
    except OpConversionFailure as error:
        unknown = re.search(r"operations: (.+)", str(error))
        if unknown is None:
            raise
        raise UnknownOperation(unknown[1]) from error
    model.reshape({place: list(date.shape) for place, date in enumerate(example)})
    return model
