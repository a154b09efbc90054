"""The recurrence h[t] = a[t] h[t - 1] + x[t] on whole tensors, in place, without walking through all of time.

Time is cut into chunks, and all chunks advance together. A first sweep learns what each chunk makes of a zero start;
the true starts then pass from chunk to chunk; a second sweep, from those, turns x into h. Only products of decays
occur, no quotients and no logarithms, so that nothing over- or underflows for decays in [0, 1], however long the
sequence. Sweeping twice costs no more than keeping running products for a correction, and takes no memory.

Tensors are (batch, outer, inner, channels): time runs along `inner` first, then along `outer`. A chunk is a part of a
row of `inner`. With `reverse`, time runs from the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

#: Steps in a chunk: a sweep takes as many vectorised operations.
CHUNK = 32


@dataclass(frozen=True)
class Tile:
    """A stretch of time of some sequences; `chunk` divides its part of `inner`."""

    batch: slice
    outer: slice
    inner: slice
    chunk: int

    def cut(self, x: Tensor) -> Tensor:
        """This part of `x` (batch, outer, inner, ...), a view."""
        return x[self.batch, self.outer, self.inner]

    def cut_starts(self, starts: Tensor) -> Tensor:
        """This part of `starts` (..., batch, outer, chunk_count(inner), channels), a view."""
        first = self.inner.start // CHUNK
        chunks = slice(first, first + (self.inner.stop - self.inner.start) // self.chunk)
        return starts[..., self.batch, self.outer, chunks, :]


def chunk_count(inner: int) -> int:
    """Room for the chunks of a row of `inner` steps, whatever their length."""
    return (inner + CHUNK - 1) // CHUNK


def tile_sequences(shape: Sequence[int], limit: int, *, reverse: bool) -> list[list[Tile]]:
    """Cut (batch, outer, inner, channels) into tiles of about `limit` elements.

    Each list covers some of the batch, its tiles in the order of time.
    """
    batch, outer, inner, channels = shape
    positions = max(1, limit // channels)
    several = max(1, positions // (outer * inner))
    spans = _rows(outer, inner, positions) if outer > 1 else _stretches(inner, positions)
    spans = spans[::-1] if reverse else spans
    parts = [slice(start, min(start + several, batch)) for start in range(0, batch, several)]
    return [[Tile(part, *span) for span in spans] for part in parts]


def _rows(outer: int, inner: int, positions: int) -> list[tuple[slice, slice, int]]:
    """Whole rows, cut into chunks where that comes out even."""
    step = max(1, positions // inner)
    chunk = CHUNK if inner % CHUNK == 0 else inner
    return [(slice(i, min(i + step, outer)), slice(0, inner), chunk) for i in range(0, outer, step)]


def _stretches(inner: int, positions: int) -> list[tuple[slice, slice, int]]:
    """The one long row in stretches of whole chunks, and what is left over as a chunk of its own."""
    step, whole = max(CHUNK, positions // CHUNK * CHUNK), inner - inner % CHUNK
    spans = [(slice(0, 1), slice(i, min(i + step, whole)), CHUNK) for i in range(0, whole, step)]
    return spans + [(slice(0, 1), slice(whole, inner), inner - whole)] * (whole < inner)


def solve(
    decay: Tensor, x: Tensor, chunk_decay: Tensor, carry: Tensor, *, chunk: int, reverse: bool, adjoint: bool = False
) -> Tensor:
    """Turn `x` into h in place; returns what enters every chunk, (batch, outer, chunks, channels).

    `decay` is a, `chunk_decay` its product over each chunk. `carry` (batch, channels) enters the first chunk and is
    replaced by what leaves the last. With `adjoint`, h[t] = a[t - 1] h[t - 1] + x[t], which gradients obey when time
    runs the other way; a h is what then passes from chunk to chunk.
    """
    decays, steps = _steps(decay, chunk, reverse), _steps(x, chunk, reverse)
    leaving = steps[0].clone(memory_format=torch.contiguous_format)
    for factor, step in zip(decays if adjoint else decays[1:], steps[1:], strict=False):
        torch.addcmul(step, factor, leaving, out=leaving)
    if adjoint:
        leaving.mul_(decays[-1])
    starts = _pass_on(leaving, chunk_decay, carry, reverse=reverse)
    if adjoint:
        steps[0].add_(starts)
        _sweep(steps, decays)
    else:
        steps[0].addcmul_(decays[0], starts)
        _sweep(steps, decays[1:])
    return starts


def solve_again(decay: Tensor, x: Tensor, starts: Tensor, *, chunk: int, reverse: bool) -> None:
    """Turn `x` into h in place, given what `solve` returned the first time."""
    decays, steps = _steps(decay, chunk, reverse), _steps(x, chunk, reverse)
    steps[0].addcmul_(decays[0], starts)
    _sweep(steps, decays[1:])


def multiply_by_previous(decay: Tensor, h: Tensor, starts: Tensor, *, chunk: int, reverse: bool) -> None:
    """Turn `decay` into a[t] h[t - 1] in place; `starts` is what `solve` returned."""
    a, h = decay.unflatten(2, (-1, chunk)), h.unflatten(2, (-1, chunk))
    if reverse:
        a[:, :, :, :-1].mul_(h[:, :, :, 1:])
    else:
        a[:, :, :, 1:].mul_(h[:, :, :, :-1])
    a[:, :, :, -1 if reverse else 0].mul_(starts)


def _steps(x: Tensor, chunk: int, reverse: bool) -> Sequence[Tensor]:
    """The steps of all chunks at once, in the order of time, each (batch, outer, chunks, channels)."""
    steps = x.unflatten(2, (-1, chunk)).unbind(3)
    return steps[::-1] if reverse else steps


def _sweep(steps: Sequence[Tensor], decays: Sequence[Tensor]) -> None:
    """steps[i] += decays[i - 1] steps[i - 1], in place."""
    previous = steps[0]
    for factor, step in zip(decays, steps[1:], strict=False):
        previous = step.addcmul_(factor, previous)


def _pass_on(leaving: Tensor, chunk_decay: Tensor, carry: Tensor, *, reverse: bool) -> Tensor:
    """What enters each chunk, from what leaves each after a zero start."""
    starts = torch.empty_like(leaving)
    by_chunk = [x.flatten(1, 2).unbind(1) for x in (starts, leaving, chunk_decay)]
    entering, leaves, factors = [x[::-1] for x in by_chunk] if reverse else by_chunk
    entering[0].copy_(carry)
    for i in range(1, len(entering)):
        torch.addcmul(leaves[i - 1], factors[i - 1], entering[i - 1], out=entering[i])
    torch.addcmul(leaves[-1], factors[-1], entering[-1], out=carry)
    return starts
