"""Which device computes."""

import os
import re
from typing import TYPE_CHECKING

from minenetcd.errors import OptionError

if TYPE_CHECKING:
    import torch


def check_device(device: str) -> None:
    """OptionError for what is no device's name; whether it is on this machine only torch knows (`choose_device`)."""
    if not re.fullmatch(r"auto|(cpu|cuda|mps)(:(0|[1-9][0-9]?))?", device):
        raise OptionError(f"There is no device {device!r}: choose auto or one of cpu, cuda, mps; of several, cuda:1.")


def choose_device(device: str = "auto") -> "torch.device":
    """`device` as torch knows it; "auto" takes CUDA, then MPS, then the CPU. OptionError where it is not here."""
    check_device(device)
    import torch  # seconds: not before it is needed

    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return torch.device(next(name for name, present in here.items() if present))
    if here[device.partition(":")[0]]:
        return torch.device(device)
    present = ", ".join(name for name, yes in here.items() if yes)
    raise OptionError(f"The device {device!r} is not on this machine: choose auto or one of {present}.")


def visible_cuda_devices() -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls each CUDA device that this process may use."""
    import torch  # seconds: not before it is needed

    numbers = [str(number) for number in range(torch.cuda.device_count())]
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return named.split(",") if numbers and named else numbers
