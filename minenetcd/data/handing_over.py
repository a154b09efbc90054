"""Batches from the processes that read to the one that asked for them, in shared memory that is filled again and again.

Fresh memory costs more than filling it: the system clears each page when it is first touched. So a process that reads
keeps the memory of its batches, and fills it again once nobody holds the batch any more, which the memory's first byte
says. It has no name in the file system, and is gone with the last process that holds it.
"""

import os
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from minenetcd.types import ChangeBatch

#: Tensors begin at multiples of it, as every number type allows; the first byte has it for itself. [bytes]
_STEP = 64
_FREE, _HELD = 0, 1


class _Layout(NamedTuple):
    """Number type and shape of a tensor in shared memory."""

    dtype: torch.dtype
    shape: tuple[int, ...]

    @property
    def room(self) -> int:
        """What it takes, up to the next tensor. [bytes]"""
        return -(-prod(self.shape) * self.dtype.itemsize // _STEP) * _STEP


@dataclass(frozen=True)
class HandedOver:
    """A batch in shared memory (bytes,) on its way: it arrives as a ChangeBatch, and the memory is free after that."""

    memory: Tensor
    layouts: tuple[_Layout, ...]
    names: list[str]

    def __reduce__(self) -> tuple[Callable[..., ChangeBatch], tuple[Any, ...]]:
        return _received, (self.memory, self.layouts, self.names)


class ReusedMemory:
    """The memory in which one process hands its batches over, for at most `most` of them at once.

    Further ones get memory of their own, which is theirs alone: whoever collects batches waits for none.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: list[Tensor] = []

    def stacked(self, parts: Sequence[Sequence[Tensor]], names: list[str]) -> HandedOver:
        """`parts`, before, after and mask of every sample, stacked in shared memory that nobody holds."""
        layouts = tuple(_Layout(part[0].dtype, (len(part), *part[0].shape)) for part in parts)
        memory = self._unheld(_STEP + sum(layout.room for layout in layouts))
        for part, place in zip(parts, _tensors_in(memory, layouts), strict=True):
            torch.stack(list(part), out=place)
        memory[0] = _HELD
        return HandedOver(memory, layouts, names)

    def _unheld(self, size: int) -> Tensor:
        """uint8, at least `size` of them: kept from a batch that ended, or fresh and kept in place of a smaller one."""
        free = [number for number, memory in enumerate(self._kept) if memory[0] == _FREE]
        for number in free:
            if len(self._kept[number]) >= size:
                return self._kept[number]
        fresh = torch.zeros(size, dtype=torch.uint8).share_memory_()
        if free:
            self._kept[free[0]] = fresh
        elif len(self._kept) < self.most:
            self._kept.append(fresh)
        return fresh


def _received(memory: Tensor, layouts: Sequence[_Layout], names: list[str]) -> ChangeBatch:
    """The batch in `memory`, which is free once the last tensor is gone that looks into it, views of views included."""
    pixels = memory.numpy()
    weakref.finalize(pixels, _release, memory, os.getpid()).atexit = False
    before, after, mask = _tensors_in(torch.from_numpy(pixels), layouts)
    return ChangeBatch(before, after, mask, names)


def _release(memory: Tensor, holder: int) -> None:
    if os.getpid() == holder:  # and not a fork of it, whose copies of the tensors end by themselves
        memory[0] = _FREE


def _tensors_in(memory: Tensor, layouts: Sequence[_Layout]) -> list[Tensor]:
    """The tensors that lie in `memory` (bytes,), one after the other."""
    starts = accumulate((layout.room for layout in layouts), initial=_STEP)
    return [
        memory[start : start + prod(shape) * dtype.itemsize].view(dtype).view(shape)
        for start, (dtype, shape) in zip(starts, layouts, strict=False)
    ]
