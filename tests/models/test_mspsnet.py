"""MSPSNet against the published network, and its own promises."""

import pytest
import torch
from torch import nn

from minenetcd.models.mspsnet import ChannelSelfAttention, MSPSNet, ParallelConvolutions


@torch.no_grad()
def test_parallel_convolutions_see_one_date_each() -> None:
    torch.manual_seed(0)
    parallel = ParallelConvolutions(8)
    before, after, other = torch.randn(3, 1, 8, 16, 16)
    for conv in parallel.dilated.values():
        there, elsewhere = (conv(torch.cat([before, date], dim=1)) for date in (after, other))
        assert torch.equal(there[:, :4], elsewhere[:, :4])
        assert not torch.allclose(there[:, 4:], elsewhere[:, 4:])


@torch.no_grad()
def test_a_channel_attends_to_the_one_least_like_it() -> None:
    attend = ChannelSelfAttention()
    x = torch.tensor([3.0, 3.0, -3.0])[None, :, None, None].expand(1, 3, 4, 4).contiguous()
    assert torch.equal(attend(x), x)  # switched off at the start
    attend.gamma.fill_(1)
    torch.testing.assert_close(attend(x)[0, :, 0, 0], torch.tensor([0.0, 0.0, 0.0]))


@torch.no_grad()
def test_similarities_beyond_half_precision_are_held() -> None:
    attend = ChannelSelfAttention()
    attend.gamma.fill_(0.5)
    x = torch.randn(1, 32, 64, 64, generator=torch.Generator().manual_seed(0)) * 8
    assert float((x.flatten(2) @ x.flatten(2).mT).max()) > torch.finfo(torch.float16).max
    half = attend.half()(x.half())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = attend(x)
    assert half.dtype == torch.float16 and mixed.dtype == torch.float32
    torch.testing.assert_close(half.float(), attend(x.half().float()), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(mixed, attend(x))


def test_it_starts_as_published() -> None:
    torch.manual_seed(0)
    model = MSPSNet()
    for conv in (model.stem, model.encoder[3].conv1, model.integrate["scale4"].dilated["rate3"], model.reduce):
        fan_out = conv.out_channels * conv.kernel_size[0] * conv.kernel_size[1]
        assert conv.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
    assert {part.weight.item() for part in model.modules() if isinstance(part, nn.PReLU)} == {0.25}
    assert not any(refine.attend.gamma.any() for refine in model.refine.values())
