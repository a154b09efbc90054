"""The one place that knows how many logits a network gives."""

import pytest
import torch

from minenetcd.types import change_log_odds, change_probability


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_log_odds_are_those_of_the_probability(classes: int) -> None:
    logits = torch.randn(2, classes, 5, 7, generator=torch.Generator().manual_seed(classes), dtype=torch.float64)
    probability = change_probability(logits)
    torch.testing.assert_close(change_log_odds(logits), torch.log(probability / (1 - probability)))
    if classes > 1:
        torch.testing.assert_close(probability, torch.softmax(logits, dim=1)[:, 1:].sum(dim=1))


def test_log_odds_stay_exact_where_the_probability_is_rounded_to_one() -> None:
    assert change_log_odds(torch.tensor([-40.0, 60.0]).view(1, 2, 1, 1)).item() == 100.0
