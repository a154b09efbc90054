"""The selective scan in plain PyTorch, forward and backward, as operators that a traced graph can hold.

Sequences are worked on in tiles that stay in the cache. Of all intermediate values only what enters each chunk is kept;
the backward pass computes the rest again. Arguments are those of `selective_scan.scan_time_major`.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional

from minenetcd.backbones.linear_recurrence import (
    Tile,
    chunk_count,
    multiply_by_previous,
    solve,
    solve_again,
    tile_sequences,
)

#: Elements worked on at a time: on a CPU about what its second-level cache holds, elsewhere what keeps a device busy.
CPU_TILE, DEVICE_TILE = 2**18, 2**22


@torch.library.custom_op("minenetcd::selective_scan", mutates_args=())
def portable_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, reverse: bool
) -> tuple[Tensor, Tensor]:
    """The result, like `u`, and the states that enter every chunk: (N, batch, outer, chunks, channels), flat."""
    y, flat_starts = _outputs(u, A)
    starts = _unflatten(flat_starts, u, A)
    for channels, inputs in _Scan(u, delta, A, B, C, D, bias).working(starts.dtype).groups():
        for tiles in _tiles(inputs.u, reverse=reverse):
            carry = _zero_state(inputs, tiles[0])
            for tile in tiles:
                own = tile.cut_starts(starts[..., channels])
                part = _forward_tile(inputs.cut(tile).loaded(), own, carry, chunk=tile.chunk, reverse=reverse)
                _store(part, tile.cut(y[..., channels]))
    return y, flat_starts


@torch.library.custom_op("minenetcd::selective_scan_backward", mutates_args=())
def portable_scan_backward(
    dy: Tensor, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor,
    starts: Tensor, reverse: bool,
) -> list[Tensor]:  # fmt: skip
    """Gradients of u, delta, A, B, C, D and bias, given `dy`, that of the result."""
    gradients = _Scan(*_gradients(u, delta, A, B, C, D, bias, starts.dtype))
    scan = _Scan(u, delta, A, B, C, D, bias).working(starts.dtype)
    starts = _unflatten(starts, u, A)
    for (channels, inputs), (_, own) in zip(scan.groups(), gradients.groups(), strict=True):
        for tiles in _tiles(inputs.u, reverse=reverse):
            carry = _zero_state(inputs, tiles[0])
            for tile in reversed(tiles):
                dy_tile = _load(tile.cut(dy[..., channels]), starts.dtype)
                entering = tile.cut_starts(starts[..., channels])
                _backward_tile(
                    dy_tile,
                    inputs.cut(tile).loaded(),
                    own.cut(tile),
                    entering,
                    carry,
                    chunk=tile.chunk,
                    reverse=reverse,
                )
    return [gradient.to(x.dtype) for gradient, x in zip(gradients, (u, delta, A, B, C, D, bias), strict=True)]


@portable_scan.register_fake
def _(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, reverse: bool) -> Any:
    return _outputs(u, A)


@portable_scan_backward.register_fake
def _(
    dy: Tensor, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor,
    starts: Tensor, reverse: bool,
) -> list[Tensor]:  # fmt: skip
    inputs = (u, delta, A, B, C, D, bias)
    return [x.to(like.dtype) for x, like in zip(_gradients(*inputs, starts.dtype), inputs, strict=True)]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, ctx.reverse = inputs
    ctx.save_for_backward(*tensors, output[1])
    ctx.mark_non_differentiable(output[1])
    ctx.set_materialize_grads(False)


def _differentiate(ctx: Any, dy: Tensor | None, _: None) -> tuple[Tensor | None, ...]:
    if dy is None:
        return (None,) * 8
    return *portable_scan_backward(dy, *ctx.saved_tensors, ctx.reverse), None


portable_scan.register_autograd(_differentiate, setup_context=_keep)


class _Scan(NamedTuple):
    """The tensors of a scan, or their gradients; `B` and `C` without the axis of groups once a group is chosen."""

    u: Tensor
    delta: Tensor
    A: Tensor
    B: Tensor
    C: Tensor
    D: Tensor
    bias: Tensor

    def working(self, dtype: torch.dtype) -> Self:
        """The small tensors in the precision of the arithmetic."""
        return self._replace(**{name: getattr(self, name).to(dtype) for name in ("A", "B", "C", "D", "bias")})

    def groups(self) -> Iterator[tuple[slice, Self]]:
        """The channels that share B and C, and views of what belongs to them."""
        width = self.u.shape[-1] // self.B.shape[3]
        for group in range(self.B.shape[3]):
            own = slice(group * width, (group + 1) * width)
            u, delta, D, bias = (x[..., own] for x in (self.u, self.delta, self.D, self.bias))
            yield own, type(self)(u, delta, self.A[own], self.B[..., group, :], self.C[..., group, :], D, bias)

    def cut(self, tile: Tile) -> Self:
        """Views of what belongs to one tile."""
        return self._replace(**{name: tile.cut(getattr(self, name)) for name in ("u", "delta", "B", "C")})

    def loaded(self) -> Self:
        """The long tensors of a tile in the layout and precision of the arithmetic."""
        return self._replace(u=_load(self.u, self.A.dtype), delta=_load(self.delta, self.A.dtype))


def _forward_tile(x: _Scan, starts: Tensor, carry: Tensor, *, chunk: int, reverse: bool) -> Tensor:
    """y of one tile; `carry` (N, batch, channels) enters it and is replaced by what leaves it."""
    step = _step(x)
    y = None
    for n in range(x.A.shape[1]):
        decay, chunk_decay = _decays(step, x.A[:, n], chunk)
        h = (step * x.u).mul_(x.B[..., n, None])
        starts[n] = solve(decay, h, chunk_decay, carry[n], chunk=chunk, reverse=reverse)
        y = _add(y, h.mul_(x.C[..., n, None]))
    assert y is not None, "a scan without states"
    return y.addcmul_(x.u, x.D)


def _backward_tile(
    dy: Tensor, x: _Scan, gradient: _Scan, starts: Tensor, carry: Tensor, *, chunk: int, reverse: bool
) -> None:
    """Write or add to `gradient`; `carry` (N, batch, channels) comes from later in time and goes on to earlier."""
    step = _step(x)
    du, dstep = None, None
    for n in range(x.A.shape[1]):
        A, B, C = x.A[:, n], x.B[..., n, None], x.C[..., n, None]
        decay, chunk_decay = _decays(step, A, chunk)
        h = (step * x.u).mul_(B)
        solve_again(decay, h, starts[n], chunk=chunk, reverse=reverse)
        dh = dy * h
        gradient.C[..., n] = dh.sum(-1)
        torch.mul(dy, C, out=dh)
        solve(decay, dh, chunk_decay, carry[n], chunk=chunk, reverse=not reverse, adjoint=True)
        multiply_by_previous(decay, h, starts[n], chunk=chunk, reverse=reverse)
        by_exponent = decay.mul_(dh)  # dL / d(step A)
        gradient.A[:, n].add_(torch.mul(by_exponent, step, out=h).sum((0, 1, 2)))
        torch.mul(dh, step, out=h)
        gradient.B[..., n] = (h * x.u).sum(-1)
        du = _add(du, h.mul_(B))
        dstep = _add(dstep, by_exponent.mul_(A).addcmul_(dh.mul_(B), x.u))
    assert du is not None and dstep is not None, "a scan without states"
    ddelta = dstep.mul_((x.delta + x.bias).sigmoid_())
    gradient.bias.add_(ddelta.sum((0, 1, 2)))
    gradient.D.add_((dy * x.u).sum((0, 1, 2)))
    _store(ddelta, gradient.delta)
    _store(du.addcmul_(dy, x.D), gradient.u)


def _step(x: _Scan) -> Tensor:
    shifted = x.delta + x.bias
    return functional.softplus(shifted, out=shifted)  # type: ignore[call-arg]  # torch's types leave `out` out


def _decays(step: Tensor, A: Tensor, chunk: int) -> tuple[Tensor, Tensor]:
    """exp(step A) for every step and for every chunk as a whole."""
    exponent = step * A
    chunk_decay = exponent.unflatten(2, (-1, chunk)).sum(3).exp_()
    return exponent.exp_(), chunk_decay


def _add(total: Tensor | None, x: Tensor) -> Tensor:
    return x if total is None else total.add_(x)


def _outputs(u: Tensor, A: Tensor) -> tuple[Tensor, Tensor]:
    batch, outer, inner, channels = u.shape
    dtype = torch.promote_types(u.dtype, torch.float32)
    # flat: a length of 1 on some axis would be taken for constant by a graph traced with free sizes
    starts = u.new_empty(A.shape[1] * batch * outer * chunk_count(inner) * channels, dtype=dtype)
    return torch.empty_like(u, dtype=dtype), starts


def _unflatten(starts: Tensor, u: Tensor, A: Tensor) -> Tensor:
    batch, outer, inner, channels = u.shape
    return starts.view(A.shape[1], batch, outer, chunk_count(inner), channels)


def _gradients(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, dtype: torch.dtype
) -> tuple[Tensor, ...]:
    """Room for them: to be written in u and delta, to be added to in the rest."""
    return torch.empty_like(u), torch.empty_like(delta), *(torch.zeros_like(x, dtype=dtype) for x in (A, B, C, D, bias))


def _tiles(u: Tensor, *, reverse: bool) -> list[list[Tile]]:
    """At most a quarter of `u` each, so that the scratch of one stays small beside `u`."""
    limit = CPU_TILE if u.device.type == "cpu" else DEVICE_TILE
    return tile_sequences(u.shape, min(limit, max(CPU_TILE // 4, u.numel() // 4)), reverse=reverse)


def _zero_state(inputs: _Scan, tile: Tile) -> Tensor:
    channels, states = inputs.A.shape
    return inputs.A.new_zeros(states, tile.cut(inputs.u).shape[0], channels)


def _turns(x: Tensor) -> bool:
    """Whether the tile `x` lies in memory as (batch, channels, time), which a CPU only copies fast as a matrix."""
    return x.stride(-1) != 1 and x.shape[1] == 1 and x.device.type == "cpu"


def _load(x: Tensor, dtype: torch.dtype) -> Tensor:
    if not _turns(x):
        return x.to(dtype)
    turned = torch.empty(x.shape, dtype=dtype)
    for own, time_major in zip(x[:, 0], turned[:, 0], strict=True):
        time_major.copy_(own.mT.to(dtype).contiguous().mT)
    return turned


def _store(values: Tensor, x: Tensor) -> None:
    if not _turns(x):
        x.copy_(values)
        return
    for own, time_major in zip(x[:, 0], values[:, 0], strict=True):
        own.mT.copy_(time_major.mT.contiguous())
