"""Multi-head attention on sequences; the projections around it belong to the callers."""

from torch import Tensor
from torch.nn import functional


def multi_head_attention(
    query: Tensor, key: Tensor, value: Tensor, *, heads: int, scale: float | None = None, dropout: float = 0.0
) -> Tensor:
    """Every query mixes the values by softmax(query . key * scale), head by head.

    `query` (B, N, heads * d), `key` (B, M, heads * d), `value` (B, M, heads * e) -> (B, N, heads * e). The head is
    the slow index: a feature is head * d + place. `scale` defaults to d ** -0.5. `dropout` acts on the softmax
    whenever it is not 0, so pass 0 outside training.
    """
    query, key, value = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
    mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout, scale=scale)
    return mixed.transpose(1, 2).flatten(2)
