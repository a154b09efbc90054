"""Networks as torch's own compiler, inductor, runs them: on a processor, or on CUDA as recorded graphs.

What it makes it keeps where torch does: in the folder of temporary files, unless TORCHINDUCTOR_CACHE_DIR names another.
"""

import os
import shutil
import sys
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from minenetcd.detectors.engines.engine import Compiled
from minenetcd.errors import OptionError

#: As inductor looks for it, where the environment (CXX) names none.
_CXX = {"darwin": "clang++", "win32": "cl"}.get(sys.platform, "g++")
_OTHERWISE = "or use another engine (--engine torch)"


def compiled(network: nn.Module, example: tuple[Tensor, Tensor], precision: str) -> Compiled:
    """`network` for dates of the size of `example`, where they lie. OptionError where its compiler lacks what it needs.

    Exported first, whole or not at all: what would be left out of the graph is an error. Each is then compiled by
    itself, where torch otherwise goes on without compiling after some sizes.
    """
    device = example[0].device.type
    (_check_cuda if device == "cuda" else _check_processor)()
    program = torch.export.export(_InPrecision(network, precision), example).module()
    # weights do not change any more, so they are folded and put into order; mode and options cannot both be given
    how = {"mode": "reduce-overhead"} if device == "cuda" else {"options": {"freezing": True}}
    ready = torch.compile(program, fullgraph=True, dynamic=False, **how)

    def run(before: Tensor, after: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.no_grad():
            # tensors of inference mode are others to torch, for which it would compile again; their copies are none
            logits: Tensor = ready(before.clone(), after.clone())
        return logits.clone() if device == "cuda" else logits  # the next run of the graph writes there

    run(*example)  # it compiles when it is first called
    return run


class _InPrecision(nn.Module):
    def __init__(self, network: nn.Module, precision: str) -> None:
        super().__init__()
        self.network, self.is_low = network, precision == "bfloat16"

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        with torch.autocast(before.device.type, torch.bfloat16, enabled=self.is_low):
            logits: Tensor = self.network(before, after)
        return logits


def _check_processor() -> None:
    compiler = os.environ.get("CXX", _CXX)
    if shutil.which(compiler) is None:
        raise OptionError(
            f"The engine inductor needs a C++ compiler ({compiler}), which is not on the PATH: install one, name it in "
            f"the environment (CXX), {_OTHERWISE}."
        )


def _check_cuda() -> None:
    if find_spec("triton") is None:
        raise OptionError(
            f"The engine inductor needs triton on CUDA, which is not installed: pip install triton, {_OTHERWISE}."
        )
