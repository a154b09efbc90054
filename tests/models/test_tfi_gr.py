"""TFI-GR against its published implementation, and its own promises."""

import torch
from torch import Tensor

from minenetcd.models.tfi_gr import TFIGR
from parity.golden import load_golden
from parity.loading import published_network


def dates() -> tuple[Tensor, Tensor]:
    before, after = torch.randn(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return before, after


@torch.inference_mode()
def test_the_dates_are_told_apart_by_their_enhancement_and_order_alone() -> None:
    model = published_network("tfi_gr", load_golden("tfi_gr")).double()
    before, after = (date.double() for date in dates())
    expected = model(before, after).logits
    assert (model(after, before).logits - expected).abs().max() > 0.1
    for interaction in model.interaction.values():
        enhance = interaction.enhance_before, interaction.enhance_after
        interaction.enhance_after, interaction.enhance_before = enhance
        merge = interaction.merge.conv.weight
        merge.copy_(torch.cat(merge.chunk(2, dim=1)[::-1], dim=1))
    torch.testing.assert_close(model(after, before).logits, expected, rtol=0, atol=1e-12)


@torch.no_grad()
def test_statistics_move_three_times_in_the_decoder() -> None:
    model = TFIGR().train()
    model(*dates())
    assert int(model.merge.norm.num_batches_tracked) == 3
    assert int(model.interaction["level2"].difference.norm.num_batches_tracked) == 1
