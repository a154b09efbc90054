"""ResUnet against its published implementation."""

import torch
from torch import Tensor

from minenetcd.models.contract import random_dates
from minenetcd.models.resunet import ResUNet


@torch.no_grad()
def test_in_training_both_dates_move_the_statistics_of_the_bottom() -> None:
    model = ResUNet().train()
    bottom = model.encoder[4].main[0]
    means: list[Tensor] = []
    bottom.register_forward_pre_hook(lambda _, inputs: means.append(inputs[0].mean(dim=(0, 2, 3))))
    model(*random_dates(model, 32, 32, batch=2))
    assert int(bottom.num_batches_tracked) == 2
    torch.testing.assert_close(bottom.running_mean, 0.09 * means[0] + 0.1 * means[1])


@torch.inference_mode()
def test_in_evaluation_the_unused_bottom_is_not_computed() -> None:
    model = ResUNet().eval()
    calls: list[int] = []
    model.encoder[4].register_forward_hook(lambda *_: calls.append(1))
    model(*random_dates(model, 32, 32))
    assert len(calls) == 1
