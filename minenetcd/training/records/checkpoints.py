"""Checkpoints: the whole state of a run in one file that is there completely or not at all."""

from pathlib import Path
from typing import Any, TypedDict, cast

import torch
from accelerate.utils import gather_object
from torch import Tensor

from minenetcd.errors import WeightsError, one_line
from minenetcd.files import atomic_path, make_folder, unwritable

PATTERN = "step-*.pt"


class RandomState(TypedDict):
    """The generators of one process: the CPU's, and its CUDA device's where it has one."""

    cpu: Tensor
    cuda: Tensor | None


class RunState(TypedDict):
    """Everything a run needs to go on as if it had never stopped; tensors whole and on the CPU.

    `best`: the fields of the best Validation; `waited`: validations since; `average`: the running average of the
    weights, of `average_updates`; `optimiser`, `scaler`: as torch gives them; `random`: of every process.
    """

    step: int
    best: dict[str, Any] | None
    waited: int
    model: dict[str, Tensor]
    average: dict[str, Tensor] | None
    average_updates: int
    optimiser: dict[str, Any]
    scaler: dict[str, Any] | None
    random: list[RandomState]


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the state after `step` optimiser steps lies."""
    return folder / f"step-{step:09d}.pt"


def write_checkpoint(folder: Path, step: int, state: RunState, *, keep: int) -> Path:
    """Write `state` and remove all but the newest `keep` checkpoints; OutputError where the disk refuses."""
    make_folder(folder)
    path = checkpoint_path(folder, step)
    with atomic_path(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # torch's word for a disk that takes no more
            raise unwritable(path, error) from error
    for old in sorted(folder.glob(PATTERN))[:-keep]:
        old.unlink()
    return path


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint in `folder`."""
    return max(folder.glob(PATTERN), default=None)


def read_checkpoint(path: Path) -> RunState:
    """What `write_checkpoint` wrote, on the CPU; runs no pickled code. WeightsError where it cannot be read."""
    try:
        return cast("RunState", torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        reason = one_line(error)[:200]
        raise WeightsError(
            f"The checkpoint {str(path)!r} cannot be read ({reason}): remove it, and the one before it is used."
        ) from error


def random_states(device: torch.device) -> list[RandomState]:
    """The generators of every process, in their order; all processes must ask.

    Dropout draws from torch's; augmentation and order are functions of seed, epoch and index and have no state.
    """
    on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return gather_object([{"cpu": torch.get_rng_state(), "cuda": on_device}])


def restore_random_state(state: RandomState, device: torch.device) -> None:
    """Set this process's generators to one of `random_states`."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"], device)
