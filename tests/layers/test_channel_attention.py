"""The attention to channels against its formula."""

import pytest
import torch

from minenetcd.layers.channel_attention import ChannelAttention


@pytest.mark.parametrize("max_pooling", [True, False])
@torch.inference_mode()
def test_equals_its_formula(max_pooling: bool) -> None:
    torch.manual_seed(0)
    attention = ChannelAttention(8, 3, max_pooling=max_pooling).double()
    x = torch.randn(2, 8, 5, 4, dtype=torch.float64)
    narrow, widen = attention.fc1.weight[..., 0, 0], attention.fc2.weight[..., 0, 0]
    pooled = x.mean(dim=(2, 3)), x.amax(dim=(2, 3)) if max_pooling else x.mean(dim=(2, 3))
    expected = sum((one @ narrow.T).clamp(min=0) @ widen.T for one in pooled).sigmoid()
    torch.testing.assert_close(attention(x), expected[..., None, None])


@torch.inference_mode()
def test_a_single_bright_pixel_is_seen_by_the_maximum_alone() -> None:
    torch.manual_seed(0)
    both, averages = ChannelAttention(8, 8), ChannelAttention(8, 8, max_pooling=False)
    averages.load_state_dict(both.state_dict())
    dark = torch.zeros(1, 8, 64, 64)
    bright = dark.clone()
    bright[..., 3, 7] = 10
    moved = [(attention(bright) - attention(dark)).abs().max() for attention in (both, averages)]
    assert moved[0] > 0.1 and moved[1] < 0.01
