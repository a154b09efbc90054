"""Which device computes."""

import torch

from minenetcd.errors import OptionError


def choose_device(device: str = "auto") -> torch.device:
    """`device` as torch knows it; "auto" takes CUDA, then MPS, then the CPU. OptionError where it is not here."""
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return torch.device(next(name for name, present in here.items() if present))
    kind = device.split(":")[0]
    if not here.get(kind, False):
        present = ", ".join(name for name, yes in here.items() if yes)
        raise OptionError(f"The device {device!r} is not on this machine: choose auto or one of {present}.")
    return torch.device(device)
