"""Sampling that shows change as often as none."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minenetcd.data.balance import BalancedSampler, pairs_with_change
from minenetcd.data.loading import make_loader
from minenetcd.data.subset import Subset
from minenetcd.datasets.catalog import load_dataset
from minenetcd.errors import OptionError
from training.squares import write_squares

TWO_KINDS = st.lists(st.booleans(), min_size=2, max_size=40).filter(lambda changed: 0 < sum(changed) < len(changed))


@given(changed=TWO_KINDS, seed=st.integers(0, 99), epoch=st.integers(0, 9))
def test_an_epoch_has_as_many_pairs_with_change_as_without(changed: list[bool], seed: int, epoch: int) -> None:
    order = BalancedSampler(changed, seed=seed).order(epoch)
    assert len(order) == len(changed)
    with_change = sum(changed[index] for index in order)
    assert abs(2 * with_change - len(changed)) <= 1
    for kind in (True, False):
        times = Counter(index for index in order if changed[index] is kind)
        counts = [times[index] for index, this in enumerate(changed) if this is kind]
        assert max(counts) - min(counts) <= 1


def test_each_epoch_shows_other_pairs_of_the_larger_kind_in_another_order() -> None:
    sampler = BalancedSampler([True] * 2 + [False] * 18, seed=0)
    first, second = sampler.order(0), sampler.order(1)
    assert {index for index in first if index > 1} != {index for index in second if index > 1}
    assert first == BalancedSampler([True] * 2 + [False] * 18, seed=0).order(0) != sampler.order(0)[::-1]
    seen = {index for epoch in range(20) for index in sampler.order(epoch)}
    assert seen == set(range(20))


def test_pairs_of_one_kind_are_refused() -> None:
    for changed, missing in (([True] * 3, "no change"), ([False] * 3, "change")):
        with pytest.raises(OptionError, match=f"of 3 none has {missing}: leave recipe.sampling at uniform"):
            BalancedSampler(changed, seed=0)


def test_batches_of_a_data_set_are_balanced_and_go_on_in_the_middle(tmp_path: Path) -> None:
    dataset = load_dataset(write_squares(tmp_path), "train")
    changed = pairs_with_change(dataset)
    assert changed.tolist() == [index % 5 != 4 for index in range(12)]
    assert pairs_with_change(Subset(dataset, [3, 4], part="two")).tolist() == [True, False]
    options = {"batch_size": 3, "workers": 0, "seed": 5, "changed": changed}
    names = [name for batch in make_loader(dataset, **options) for name in batch.names]
    assert sum(changed[dataset.names.index(name)] for name in names) == 6
    rest = [name for batch in make_loader(dataset, start=(0, 6), **options) for name in batch.names]
    assert rest == names[6:]
