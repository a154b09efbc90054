"""A network is not built larger than its weights are: a configuration may ask for more memory than any machine has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from minenetcd.errors import WeightsError

#: Parameters that a network may have beside, e.g. a head that is built and put aside.
SPARE = 50_000_000


@contextmanager
def no_larger_than(weights: Path) -> Iterator[None]:
    """Within the block networks are built that the file `weights` can fill, a byte a parameter at the least.

    WeightsError as soon as one has more parameters: before they are filled, and so before they take memory.
    """
    most, count = weights.stat().st_size + SPARE, 0

    def counted(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal count
        count += 0 if parameter is None else parameter.numel()
        if count > most:
            raise WeightsError(
                f"The network that the configuration asks for is larger than its weights ({weights}, "
                f"{weights.stat().st_size:,} bytes): correct the options of the model, or fetch it again."
            )

    hook = register_module_parameter_registration_hook(counted)
    try:
        yield
    finally:
        hook.remove()
