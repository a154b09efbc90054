"""Sites are dealt to splits as wholes, the same whatever their order."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minenetcd.building.splits import SplitPlan, area_strata, split_by_site, split_sizes
from minenetcd.constants import SPLITS
from minenetcd.errors import DataError, OptionError

names = st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=60, unique=True)
shares = st.tuples(*[st.integers(1, 100)] * 3)


def test_a_hundred_sites_are_split_as_in_the_paper() -> None:
    splits = split_by_site([f"site {number}" for number in range(100)])
    assert Counter(splits.values()) == {"train": 60, "val": 10, "test": 30}


def test_the_split_of_a_site_stays_what_it_was() -> None:
    splits = split_by_site("abcdefghij")
    assert {split: "".join(site for site in splits if splits[site] == split) for split in SPLITS} == {
        "train": "fcihgj",
        "val": "d",
        "test": "bae",
    }


@given(names=names, shares=shares, data=st.data())
def test_order_and_repetition_change_nothing(names: list[str], shares: tuple, data: st.DataObject) -> None:
    plan = SplitPlan(shares)
    splits = split_by_site(names, plan)
    shuffled = data.draw(st.permutations(names))
    assert split_by_site([*shuffled, *shuffled[: len(shuffled) // 2]], plan) == splits
    assert set(splits) == set(names)


@given(names=names, shares=shares)
def test_every_split_is_within_one_site_of_its_share_and_none_is_empty(names: list[str], shares: tuple) -> None:
    counts = Counter(split_by_site(names, SplitPlan(shares)).values())
    assert dict(counts) == {split: size for split, size in split_sizes(len(names), shares).items() if size}
    for split, share in zip(SPLITS, shares, strict=True):
        exact = share * len(names) / sum(shares)
        assert counts[split] >= 1 and (abs(counts[split] - exact) < 1 or min(counts.values()) == 1)


@given(
    strata=st.dictionaries(st.text(min_size=1, max_size=6), st.sampled_from("ABCDE"), min_size=3, max_size=80),
    shares=shares,
)
def test_each_stratum_has_nearly_the_shares_of_the_whole(strata: dict[str, str], shares: tuple) -> None:
    splits = split_by_site(strata, SplitPlan(shares, stratify="country"), strata=strata)
    whole = Counter(splits.values())
    assert whole == Counter(split_by_site(strata, SplitPlan(shares)).values())
    for stratum, size in Counter(strata.values()).items():
        found = Counter(split for site, split in splits.items() if strata[site] == stratum)
        for split in SPLITS:
            assert abs(found[split] - size * whole[split] / len(strata)) < 2


def test_another_seed_deals_otherwise() -> None:
    sites = [f"site {number}" for number in range(50)]
    assert split_by_site(sites, SplitPlan(seed=1)) != split_by_site(sites, SplitPlan(seed=2))


def test_a_share_of_nothing_gets_nothing() -> None:
    assert set(split_by_site(["a"], SplitPlan((100, 0, 0))).values()) == {"train"}


def test_classes_of_area_are_equally_large_and_ordered() -> None:
    classes = area_strata({f"{number:02d}": number**2 for number in range(16)})
    assert Counter(classes.values()) == dict.fromkeys("0123", 4)
    assert [classes[site] for site in sorted(classes)] == sorted(classes.values())


def test_too_few_sites_for_the_splits_are_refused() -> None:
    with pytest.raises(DataError, match=r"^3 sites are needed, one each for train, val, test, got 2: add sites, or"):
        split_by_site(["a", "b"])


@pytest.mark.parametrize("shares", [(60, 40), (0, 0, 0), (50, -10, 60), (float("nan"), 1, 1), (float("inf"), 1, 1)])
def test_shares_that_are_none_are_refused(shares: tuple) -> None:
    with pytest.raises(OptionError, match=r"Shares need three numbers from 0 up, e\.g\. 60/10/30, got"):
        SplitPlan(shares)


def test_an_unknown_stratification_is_refused() -> None:
    with pytest.raises(OptionError, match="stratified by 'country' or 'area', got 'climate'"):
        SplitPlan(stratify="climate")
