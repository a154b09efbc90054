"""What computes a network in place of torch in single precision."""

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor, nn

from minenetcd.errors import MineNetCDError, OptionError, one_line
from minenetcd.layers.winograd import written_out
from minenetcd.models.base import ChangeModel
from minenetcd.registry import resolve
from minenetcd.runtime.execution import Execution
from minenetcd.types import change_probability

#: A network for dates of one size: two, normalised, (B, C, H, W) -> logits (B, K, H, W).
Compiled = Callable[[Tensor, Tensor], Tensor]
#: Makes a `Compiled` from a network that gives logits alone, two dates of the size, and a precision.
Compiler = Callable[[nn.Module, tuple[Tensor, Tensor], str], Compiled]

_COMPILERS = {
    "inductor": "minenetcd.detectors.engines.inductor:compiled",
    "openvino": "minenetcd.detectors.engines.openvino:compiled",
    "onnxruntime": "minenetcd.detectors.engines.onnxruntime:compiled",
}
#: So many sizes of images are kept compiled.
MOST_SIZES = 4
#: Probabilities of one network that are farther apart were not computed by one network.
SAME_NETWORK = 0.01


class UnknownOperation(Exception):
    """Raised by a `Compiler`: the engine does not know an operation of the network, which it is named after."""


class Engine(Protocol):
    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        """Logits (B, K, H, W) of two normalised dates (B, C, H, W)."""


def make_engine(network: ChangeModel, execution: Execution, device: torch.device) -> Engine | None:
    """What computes `network`, which is on `device`; None where it does so itself.

    OptionError for an engine or a precision that is not for the device. An engine meets the network at the
    first pair, and says then if it cannot run it.
    """
    if not execution.is_torch:
        execution.check_here(device.type)
        return ForEachSize(network, execution)
    if execution.is_exact:
        return None
    if device.type not in ("cpu", "cuda"):
        raise OptionError(
            f"{execution.precision} is for processors and CUDA, the device is {device.type}: leave --precision out."
        )
    return Autocast(network)


class Autocast:
    """torch in bfloat16, where it takes that to be safe."""

    def __init__(self, network: ChangeModel) -> None:
        self._network = network

    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        with torch.autocast(before.device.type, torch.bfloat16):
            logits: Tensor = self._network(before, after).logits
        return logits


class ForEachSize:
    """A network compiled for each size of images that comes; on a processor one pair after the other.

    With sizes that are fixed an engine is quicker; several pairs at once are no quicker there (docs/performance.md).
    """

    def __init__(self, network: ChangeModel, execution: Execution) -> None:
        self._network, self._execution = network, execution
        self._for = lru_cache(MOST_SIZES)(self._compile)

    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        at_once = 1 if before.device.type == "cpu" else len(before)
        pairs = zip(*(date.contiguous().split(at_once) for date in (before, after)), strict=True)
        run = self._for(before[:at_once].shape, before.device)
        return torch.cat([run(*pair) for pair in pairs])

    def _compile(self, size: torch.Size, device: torch.device) -> Compiled:
        """For dates of `size` (B, C, H, W); OptionError where it does not give what torch gives."""
        execution, network = self._execution, _Logits(self._network).eval()
        compiler: Compiler = resolve(_COMPILERS[execution.engine])
        with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tracing, about sizes, which are fixed here
            before, after = torch.randn(2, *size, generator=torch.Generator().manual_seed(0)).to(device)
            try:
                with written_out(network) if execution.is_exact and device.type == "cpu" else nullcontext():
                    run = compiler(network, (before, after), execution.precision)
            except MineNetCDError:
                raise
            except UnknownOperation as error:
                raise cannot_run(execution.engine, self._network, f"it knows no {error}") from error
            except Exception as error:  # of whatever kind, by what the network does
                reason = f"{one_line(error, with_kind=True):.300}"
                raise cannot_run(execution.engine, self._network, reason) from error
            found, expected = run(before, after), network(before, after)
        apart = (change_probability(found) - change_probability(expected)).abs().max().item()
        if execution.is_exact and not apart <= SAME_NETWORK:
            reason = f"its probabilities are up to {apart:.2g} from those of torch"
            raise cannot_run(execution.engine, self._network, reason)
        return run


class _Logits(nn.Module):
    """A network without its other outputs."""

    def __init__(self, network: ChangeModel) -> None:
        super().__init__()
        self.network = network

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        logits: Tensor = self.network(before, after).logits
        return logits


def cannot_run(engine: str, network: nn.Module, reason: str) -> OptionError:
    name = type(network).__name__
    return OptionError(f"{engine} cannot run {name} ({reason}): use another engine (--engine torch).")
