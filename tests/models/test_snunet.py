"""SNUNet against the published network, and its own promises."""

import pytest
import torch
from torch import Tensor

from minenetcd.errors import OptionError
from minenetcd.models.snunet import SNUNet
from parity.golden import load_golden
from parity.loading import published_network


def dates(batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.rand(2, batch, 3, 64, 64, generator=generator)
    return before, after


def test_the_deepest_block_sees_the_after_image_only() -> None:
    torch.manual_seed(0)
    model = SNUNet(width=8).train()
    model(*dates(batch=2))
    assert [int(block.bn1.num_batches_tracked) for block in model.encoder] == [2, 2, 2, 2, 1]


@torch.no_grad()
def test_the_authors_attention_pools_the_maximum_too() -> None:
    golden = load_golden("snunet")
    published, authors = (published_network("snunet", golden, attention_max_pooling=pooled) for pooled in (False, True))
    assert SNUNet().config["attention_max_pooling"]
    x = torch.rand(2, 32, 16, 16)
    within = authors.ensemble.within
    pooled = [x.mean(dim=(2, 3), keepdim=True), x.amax(dim=(2, 3), keepdim=True)]
    torch.testing.assert_close(within(x), torch.sigmoid(sum(map(within.excite, pooled))))
    difference = (authors(*dates()).logits - published(*dates()).logits).abs().max()
    assert difference > 1e-2


def test_convolutions_start_from_kaiming_normal() -> None:
    torch.manual_seed(0)
    model = SNUNet()
    for convolution in (model.encoder[2].conv1, model.nodes["1_2"].conv1, model.nodes["3_1"].conv2):
        fan_out = convolution.out_channels * 9
        assert convolution.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.02)


def test_a_width_that_attention_cannot_quarter_is_refused() -> None:
    with pytest.raises(OptionError, match="multiple of 4, got 30: take 28"):
        SNUNet(width=30)
