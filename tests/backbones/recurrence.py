"""The selective scan as its definition reads: one step after the other."""

import torch
from torch import Tensor
from torch.nn import functional


def step_by_step(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, delta_bias: Tensor, *, reverse: bool = False
) -> Tensor:
    """y (batch, channels, L); arguments as those of `selective_scan`."""
    B, C = (_for_every_channel(x, u.shape[1]) for x in (B, C))  # (batch, channels, N, L)
    step = functional.softplus(delta + delta_bias[:, None])
    h = torch.zeros_like(B[..., 0])
    y = [torch.empty(0)] * u.shape[2]
    for t in range(len(y) - 1, -1, -1) if reverse else range(len(y)):
        d = step[..., t, None]
        h = torch.exp(d * A) * h + d * B[..., t] * u[..., t, None]
        y[t] = (C[..., t] * h).sum(-1) + D * u[..., t]
    return torch.stack(y, dim=-1)


def _for_every_channel(x: Tensor, channels: int) -> Tensor:
    x = x.unsqueeze(1) if x.ndim == 3 else x
    return x.repeat_interleave(channels // x.shape[1], dim=1)
