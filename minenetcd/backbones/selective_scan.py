"""Selective scan: the input-dependent linear recurrence of state-space models.

Source: Gu, Dao, "Mamba: Linear-time sequence modeling with selective state spaces", 2023, arXiv 2312.00752, section 3;
with the Euler rule for B, as in VMamba, arXiv 2401.10166.
"""

import functools
import importlib
from collections.abc import Callable

import torch
from torch import Tensor

from minenetcd.backbones.portable_scan import portable_scan
from minenetcd.errors import SizeError


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    delta_bias: Tensor | None = None,
    *,
    reverse: bool = False,
) -> Tensor:
    """y[t] = C[t] h[t] + D u[t] with h[t] = exp(d[t] A) h[t - 1] + d[t] B[t] u[t] and d = softplus(delta + delta_bias).

    `u`, `delta`: (batch, channels, L). `A`: (channels, N), not positive. `B`, `C`: (batch, N, L), or
    (batch, groups, N, L), each for its share of the channels. `D`, `delta_bias`: (channels,), None for 0. h, of N
    values a channel, is 0 before the first step; with `reverse` the first step is t = L - 1. d is a step [time] and
    A a rate [1 / time]; the others have no unit. Returns y (batch, channels, L) in the dtype of `u`.

    The recurrence runs in float32, for float64 inputs in float64. All tensors get gradients (no second ones). Time and
    memory grow linearly in L and in N; no states are kept for the backward pass. On CUDA the kernel of mamba_ssm is
    used where that package is installed. Raises SizeError for shapes that do not fit together.
    """
    _check(u, delta, A, B, C)
    D, delta_bias = (A.new_zeros(A.shape[0]) if x is None else x for x in (D, delta_bias))
    B, C = ((x.unsqueeze(1) if x.ndim == 3 else x).permute(0, 3, 1, 2).unsqueeze(1) for x in (B, C))
    y = scan_time_major(u.mT.unsqueeze(1), delta.mT.unsqueeze(1), A, B, C, D, delta_bias, reverse=reverse)
    return y.squeeze(1).mT.to(u.dtype)


def scan_time_major(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, delta_bias: Tensor, *, reverse: bool = False
) -> Tensor:
    """`selective_scan` of sequences whose time has two axes, in any order of memory, without copying them.

    `u`, `delta`: (batch, outer, inner, channels), time running along `inner` first; `B`, `C`: (batch, outer, inner,
    groups, N); the others as there. Returns y like `u`, in float32 or float64.
    """
    kernel = _cuda_kernel() if u.is_cuda and u.dtype != torch.float64 and not torch.compiler.is_compiling() else None
    if kernel is None:
        return portable_scan(u, delta, A, B, C, D, delta_bias, reverse)[0]
    return _scan_by_kernel(kernel, u, delta, A, B, C, D, delta_bias, reverse=reverse)


@functools.cache
def _cuda_kernel() -> Callable[..., Tensor] | None:
    """mamba_ssm's fused scan; None where the package is missing or does not load."""
    try:
        return importlib.import_module("mamba_ssm.ops.selective_scan_interface").selective_scan_fn
    except ImportError:
        return None


def _scan_by_kernel(
    kernel: Callable[..., Tensor], u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor,
    *, reverse: bool,
) -> Tensor:  # fmt: skip
    """The kernel reads (batch, channels, L) and (batch, groups, N, L), of one dtype, forwards only.

    It computes in float32 from whatever it reads: half-precision steps would only lose digits.
    """

    def sequence(x: Tensor) -> Tensor:
        x = x.float().flatten(1, 2).movedim(1, -1)
        return (x.flip(-1) if reverse else x).contiguous()

    time = u.shape[1:3]
    u, delta, B, C = map(sequence, (u, delta, B, C))
    y = kernel(u, delta, A.float(), B, C, D=D.float(), delta_bias=bias.float(), delta_softplus=True)
    return (y.flip(-1) if reverse else y).mT.unflatten(1, time)


def _check(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> None:
    if u.ndim != 3 or u.shape != delta.shape:
        raise SizeError(
            f"selective_scan needs u and delta of one shape (batch, channels, L), got {tuple(u.shape)} and "
            f"{tuple(delta.shape)}: bring them to one shape."
        )
    batch, channels, length = u.shape
    same = B.shape == C.shape and B.ndim in (3, 4) and (B.shape[0], B.shape[-1]) == (batch, length)
    if not (same and A.shape == (channels, B.shape[-2]) and channels % (B.shape[1] if B.ndim == 4 else 1) == 0):
        raise SizeError(
            f"selective_scan needs A (channels, N) and B, C (batch, N, L) or (batch, groups, N, L) beside u of "
            f"{tuple(u.shape)}, got {tuple(A.shape)}, {tuple(B.shape)} and {tuple(C.shape)}: reshape them."
        )
