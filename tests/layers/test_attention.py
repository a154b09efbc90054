import math

import pytest
import torch

from minenetcd.layers.attention import multi_head_attention


@pytest.mark.parametrize("scale", [None, 0.1])
def test_heads_are_the_slow_index_and_scores_are_scaled(scale: float | None) -> None:
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(2, n, 3 * 4, generator=generator, dtype=torch.float64) for n in (5, 7))
    value = torch.randn(2, 7, 3 * 2, generator=generator, dtype=torch.float64)
    expected = []
    for head in range(3):
        q, k, v = (
            query[..., 4 * head : 4 * head + 4],
            key[..., 4 * head : 4 * head + 4],
            value[..., 2 * head :][..., :2],
        )
        scores = torch.einsum("bnd,bmd->bnm", q, k) * (scale or 1 / math.sqrt(4))
        expected.append(torch.einsum("bnm,bme->bne", scores.softmax(-1), v))
    ours = multi_head_attention(query, key, value, heads=3, scale=scale)
    torch.testing.assert_close(ours, torch.cat(expected, dim=-1), rtol=0, atol=1e-12)


def test_dropout_acts_on_the_weights() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(1, 64, 8), torch.randn(1, 64, 8), torch.ones(1, 64, 8)
    kept = multi_head_attention(query, key, value, heads=2)
    dropped = multi_head_attention(query, key, value, heads=2, dropout=0.5)
    torch.testing.assert_close(kept, torch.ones_like(kept))
    assert dropped.std() > 0.01 and dropped.mean().item() == pytest.approx(1, abs=0.1)
