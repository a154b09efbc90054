import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.threshold import best_threshold, confusion_at

LEVELS = 1000


def histogram(probability: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.stack([np.histogram(probability[truth == label], LEVELS, (0, 1))[0] for label in (0, 1)])


@given(st.integers(0, 2**32 - 1), st.integers(1, 99))
def test_counts_at_a_threshold_are_those_of_the_mask_it_makes(seed: int, percent: int) -> None:
    rng = np.random.default_rng(seed)
    probability, truth = (rng.integers(0, LEVELS, 500) + 0.5) / LEVELS, rng.integers(0, 2, 500)
    expected = Confusion.count((probability >= percent / 100).astype(np.uint8), truth.astype(np.uint8))
    assert confusion_at(histogram(probability, truth), percent / 100) == expected


def test_the_best_threshold_separates_what_can_be_separated() -> None:
    probability, truth = np.array([0.1, 0.2, 0.65, 0.7]), np.array([0, 0, 1, 1])
    best = best_threshold(histogram(probability, truth))
    assert 0.2 < best <= 0.65 and confusion_at(histogram(probability, truth), best).f1 == 1


@pytest.mark.parametrize("truth", [0, 1])
def test_where_nothing_can_be_chosen_it_stays_in_the_middle(truth: int) -> None:
    counts = np.zeros((2, LEVELS), np.int64)
    counts[truth, 900] = 10
    assert best_threshold(counts) == 0.5
