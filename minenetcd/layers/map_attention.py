"""Attention of every pixel of a map to all its pixels; the projections around it belong to the callers."""

from torch import Tensor
from torch.backends.cuda import flash_sdp_enabled
from torch.nn import functional


def map_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Every pixel mixes the values of all pixels by softmax(query . key), not scaled.

    Maps `query` and `key` (B, D, h, w) and `value` (B, C, h, w), D <= C -> (B, C, h, w).
    """
    tokens = [x.flatten(2).transpose(1, 2).unsqueeze(1).contiguous() for x in (query, key, value)]  # (B, 1, h w, D)
    if value.device.type == "cpu" and flash_sdp_enabled():
        # The CPU's only kernel that never holds (h w) x (h w) weights wants one width; the zeros change nothing.
        tokens = [functional.pad(x, (0, value.shape[1] - x.shape[-1])) for x in tokens]
    queries, keys, values = tokens
    mixed = functional.scaled_dot_product_attention(queries, keys, values, scale=1.0).squeeze(1)
    return mixed.transpose(1, 2).reshape(value.shape)
