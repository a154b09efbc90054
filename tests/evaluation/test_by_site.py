import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minenetcd.evaluation.by_site import bootstrap_over_sites, pool, site_table
from minenetcd.evaluation.confusion import METRICS, Confusion


def sites(count: int, seed: int = 0, *, spread: float = 0.5) -> dict[str, Confusion]:
    """Sites whose recall scatters by `spread` around 0.7."""
    rng = np.random.default_rng(seed)
    made = {}
    for number in range(count):
        found = int(1000 * np.clip(0.7 + spread * rng.uniform(-1, 1), 0, 1))
        made[f"site-{number:02}"] = Confusion(tp=found, fp=100, fn=1000 - found, tn=20_000)
    return made


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_pooling_adds_up_and_loses_nothing(rows: list[tuple[str, int, int]]) -> None:
    counts = [Confusion(tp=tp, fn=fn) for _, tp, fn in rows]
    pooled = pool((row[0] for row in rows), counts)
    assert sum(pooled.values(), Confusion()) == sum(counts, Confusion())
    assert list(pooled) == sorted({row[0] for row in rows})


def test_a_site_without_change_has_empty_cells() -> None:
    table = site_table({"quiet": Confusion(tn=9), "busy": Confusion(tp=1, fp=1, fn=0, tn=2)})
    assert list(table.columns) == ["site", "tp", "fp", "fn", "tn", *METRICS]
    assert table["f1"].tolist() == [None, 2 / 3] and table["tn"].tolist() == [9, 2]
    text = table.to_csv(index=False)
    assert "nan" not in text.lower() and text.splitlines()[1].startswith("quiet,0,0,0,9,1.0,,,")
    assert pd.read_csv(io.StringIO(text))["oa"].tolist() == [1.0, 0.75]


def test_the_interval_is_the_same_for_a_seed_whatever_the_order() -> None:
    made = sites(12)
    first = bootstrap_over_sites(made)
    assert first == bootstrap_over_sites(dict(reversed(made.items())))
    assert first != bootstrap_over_sites(made, seed=1)
    assert set(first) == set(METRICS)


def test_the_interval_holds_the_pooled_metric_and_widens_with_the_spread() -> None:
    for spread in (0.05, 0.3):
        made = sites(30, spread=spread)
        low, high = bootstrap_over_sites(made, ["recall"])["recall"]
        assert low < sum(made.values(), Confusion()).recall < high
        # half width of a mean of 30 values spread evenly over +- spread
        assert (high - low) / 2 == pytest.approx(1.96 * spread / np.sqrt(3) / np.sqrt(30), rel=0.3)
    assert bootstrap_over_sites(sites(5, spread=0), ["f1"])["f1"] == pytest.approx((1400 / 1800, 1400 / 1800))


def test_percentiles_are_those_of_plain_resampling() -> None:
    made = sites(6)
    rng = np.random.default_rng(1)
    names = sorted(made)
    plain = [sum((made[n] for n in rng.choice(names, 6)), Confusion()).f1 for _ in range(4000)]
    interval = bootstrap_over_sites(made, ["f1"], resamples=4000, share=0.8)["f1"]
    assert interval == pytest.approx(tuple(np.quantile(plain, (0.1, 0.9))), abs=0.01)


def test_what_no_resample_defines_and_what_one_site_cannot_tell_is_none() -> None:
    assert bootstrap_over_sites(sites(1), ["f1"]) == {"f1": None} == bootstrap_over_sites({}, ["f1"])
    quiet = {"a": Confusion(tn=4), "b": Confusion(tn=5)}
    assert bootstrap_over_sites(quiet, ["f1", "oa"]) == {"f1": None, "oa": (1.0, 1.0)}
    one_busy = {**quiet, "c": Confusion(tp=1, fn=1)}
    assert bootstrap_over_sites(one_busy, ["recall"])["recall"] == (0.5, 0.5)
