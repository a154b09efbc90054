"""Attention of every pixel of a map to all its pixels; the projections around it belong to the callers."""

from torch import Tensor
from torch.nn import functional

#: A map of more pixels than this makes attention weights too large to hold: 64 MiB for each sample.
LARGE = 64 * 64


def map_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Every pixel mixes the values of all pixels by softmax(query . key), not scaled.

    Maps `query` and `key` (B, D, h, w) and `value` (B, C, h, w), D <= C -> (B, C, h, w).
    """
    tokens = [x.flatten(2).mT.unsqueeze(1).contiguous() for x in (query, key, value)]  # (B, 1, h w, D or C)
    if value.device.type == "cpu" and tokens[2].shape[2] > LARGE:
        # On a CPU only the kernel for one width does without the (h w) x (h w) weights; the zeros change nothing.
        tokens = [functional.pad(x, (0, value.shape[1] - x.shape[-1])) for x in tokens]
    return functional.scaled_dot_product_attention(*tokens, scale=1.0).squeeze(1).mT.reshape(value.shape)
