"""FC-EF, FC-Siam-conc and FC-Siam-diff against their published implementations."""

import pytest
import torch
from torch import Tensor

from minenetcd.models.base import ChangeModel
from minenetcd.models.fc_unets import FCEF, SiamUNetConc, SiamUNetDiff, extend_to
from parity.golden import load_golden
from parity.loading import published_network

MODELS: dict[str, type[ChangeModel]] = {
    "fc_ef": FCEF,
    "siamunet_conc": SiamUNetConc,
    "siamunet_diff": SiamUNetDiff,
}


def random_pair(height: int, width: int, *, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(height * width)
    before, after = torch.randn(2, batch, 3, height, width, generator=generator)
    return before, after


@torch.inference_mode()
def test_sizes_are_repaired_by_repeating_the_last_row_and_column() -> None:
    small = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    repaired = extend_to(small, torch.empty(1, 8, 3, 3))
    assert repaired[0, 0].tolist() == [[1, 2, 2], [3, 4, 4], [3, 4, 4]]
    assert extend_to(small, small) is small


@pytest.mark.parametrize("name", MODELS)
def test_dropout_is_free(name: str) -> None:
    model = MODELS[name](dropout=0.5)
    assert {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout2d)} == {0.5}


@pytest.mark.parametrize("name", ["siamunet_conc", "siamunet_diff"])
@torch.no_grad()
def test_in_training_each_date_is_normalised_by_itself_the_earlier_first(name: str) -> None:
    model, (before, after) = MODELS[name]().train(), random_pair(32, 32, batch=2)
    first = model.encoder["level1"].unit1
    expected = torch.zeros(16)
    for date in (before, after):
        expected = 0.9 * expected + 0.1 * first.conv(date).mean(dim=(0, 2, 3))
    model(before, after)
    torch.testing.assert_close(first.norm.running_mean, expected)
    assert int(first.norm.num_batches_tracked) == 2


def test_dates_that_agree_leave_the_difference_network_its_bottom_alone() -> None:
    model, (before, _) = published_network("siamunet_diff", load_golden("siamunet_diff")), random_pair(64, 64)
    seen: list[Tensor] = []
    for level in model.decoder.values():
        level.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    model(before, before)
    assert len(seen) == 4
    assert not any(skip.any() for skip in seen)
