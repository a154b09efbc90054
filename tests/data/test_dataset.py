"""What a source of pairs of one's own has to say."""

import pytest
import torch

from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.errors import DataError
from minenetcd.types import ChangeSample


class Empty(ChangeDataset):
    """Black pairs, and nothing said of them."""

    names = ("a", "b")

    def __getitem__(self, index: int) -> ChangeSample:
        black = torch.zeros(3, 8, 8, dtype=torch.uint8)
        return ChangeSample(black, black, black[0], self.names[index])


def test_pairs_without_facts_are_refused_in_one_line_and_taken_when_they_have_them() -> None:
    pairs = Empty()
    assert len(pairs) == 2 and pairs.sites is None and pairs.mask(1).shape == (8, 8)
    with pytest.raises(DataError, match=r"^Empty needs facts, which identify its pairs: set self\.facts to Data"):
        _ = pairs.facts
    pairs.facts = DatasetFacts("mine", "train", "0f3a")
    assert pairs.facts.fingerprint == "0f3a"
