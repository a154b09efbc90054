"""Bootstrap, exchange test, Holm's correction and McNemar's test: laws for any counts, exact cases, tables, scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.stats import binomtest, chi2

from minenetcd.evaluation.confusion import METRICS, Confusion
from minenetcd.evaluation.significance import (
    MAIN,
    McNemar,
    bootstrap,
    bootstrap_over_sites,
    count_table,
    exchange_test,
    holm,
    measure,
    middle,
)


def two_methods(units: st.SearchStrategy[int], most: int = 60) -> st.SearchStrategy[NDArray[np.int64]]:
    return units.flatmap(lambda number: arrays(np.int64, (2, number, 4), elements=st.integers(0, most)))


def sites(count: int, seed: int = 0, *, spread: float = 0.5) -> dict[str, Confusion]:
    """Sites whose recall scatters by `spread` around 0.7."""
    rng = np.random.default_rng(seed)
    made = {}
    for number in range(count):
        found = int(1000 * np.clip(0.7 + spread * rng.uniform(-1, 1), 0, 1))
        made[f"site-{number:02}"] = Confusion(tp=found, fp=100, fn=1000 - found, tn=20_000)
    return made


# --- metrics of many counts at once ---


@given(arrays(np.int64, st.tuples(st.integers(1, 5), st.just(4)), elements=st.integers(0, 3) | st.integers(0, 10**9)))
def test_a_metric_of_many_counts_is_that_of_each(counts: NDArray[np.int64]) -> None:
    for metric in METRICS:
        each = [getattr(Confusion(*row), metric) for row in counts.tolist()]
        expected = np.array([np.nan if value is None else value for value in each])
        np.testing.assert_allclose(measure(counts, metric), expected, rtol=1e-9, atol=1e-9, err_msg=metric)


def test_counts_become_a_table() -> None:
    assert count_table([Confusion(1, 2, 3, 4)]).tolist() == [[1, 2, 3, 4]] and count_table([]).shape == (0, 4)


# --- bootstrap ---


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
    interval = bootstrap_over_sites(made, ["f1"], draws=4000, share=0.8)["f1"]
    assert interval == pytest.approx(tuple(np.quantile(plain, (0.1, 0.9))), abs=0.01)


def test_what_no_resample_defines_and_what_one_site_cannot_tell_is_none() -> None:
    assert bootstrap_over_sites(sites(1), ["f1"]) == {"f1": None} == bootstrap_over_sites({}, ["f1"])
    quiet = {"a": Confusion(tn=4), "b": Confusion(tn=5)}
    assert bootstrap_over_sites(quiet, ["f1", "oa"]) == {"f1": None, "oa": (1.0, 1.0)}
    one_busy = {**quiet, "c": Confusion(tp=1, fn=1)}
    assert bootstrap_over_sites(one_busy, ["recall"])["recall"] == (0.5, 0.5)


@settings(deadline=None, max_examples=40)
@given(two_methods(st.integers(2, 6)), st.integers(0, 9))
def test_the_interval_holds_the_estimate(counts: NDArray[np.int64], seed: int) -> None:
    drawn, point = bootstrap(counts, draws=2000, seed=seed), counts.sum(axis=1)
    for metric in ("oa", "precision", "recall", "f1", "ciou"):
        estimate, (low, high) = measure(point, metric), middle(measure(drawn, metric))
        known = ~np.isnan(estimate)
        assert ((low - 1e-12 <= estimate) & (estimate <= high + 1e-12))[known].all()


@settings(deadline=None, max_examples=20)
@given(two_methods(st.integers(2, 20)))
def test_methods_are_drawn_together(counts: NDArray[np.int64]) -> None:
    together, swapped = bootstrap(counts, draws=200), bootstrap(counts[::-1], draws=200)
    np.testing.assert_array_equal(together, swapped[::-1])
    np.testing.assert_array_equal(together[:1], bootstrap(counts[:1], draws=200))


# --- exchange test ---


@settings(deadline=None, max_examples=30)
@given(two_methods(st.integers(1, 16)))
def test_exchanging_the_methods_changes_no_p_value(counts: NDArray[np.int64]) -> None:
    there, back = exchange_test(counts, MAIN, draws=200), exchange_test(counts[::-1], MAIN, draws=200)
    for metric in MAIN:
        np.testing.assert_array_equal(there[metric], there[metric].T)
        np.testing.assert_array_equal(there[metric], back[metric][::-1, ::-1])
        p = there[metric][0, 1]
        assert np.isnan(p) or 0 < p <= 1


def plain_exchange(counts: NDArray[np.int64]) -> float:
    """The p-value of F1 by the definition, one exchange at a time."""
    units = counts.shape[1]
    gaps = []
    for code in range(2**units):
        swap = np.array([code >> unit & 1 for unit in range(units)], bool)
        a, b = (np.where(swap[:, None], counts[1 - side], counts[side]).sum(axis=0) for side in (0, 1))
        f1 = [Confusion(*row.tolist()).f1 for row in (a, b)]
        if None not in f1:
            gaps.append(abs(f1[0] - f1[1]))  # the first of them is what was observed
    return float(np.mean(np.array(gaps) >= gaps[0] - 1e-12))


@settings(deadline=None, max_examples=25)
@given(two_methods(st.integers(1, 6)).filter(lambda counts: (counts[..., 0].sum(axis=1) > 0).all()))
def test_few_units_are_counted_out(counts: NDArray[np.int64]) -> None:
    assert exchange_test(counts, ["f1"])["f1"][0, 1] == pytest.approx(plain_exchange(counts))


def test_the_p_value_keeps_its_level() -> None:
    """Where two methods are the same but for luck, p <= x at most as often as x; of few units, whichever p there is."""
    rng = np.random.default_rng(7)
    p = [exchange_test(rng.integers(1, 1000, (2, 7, 4)), ["f1"])["f1"][0, 1] for _ in range(1000)]
    for level in (1 / 64, 0.125, 0.25, 0.5, 0.75):
        share = np.mean(np.array(p) <= level)
        assert share == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / len(p)))


def test_drawn_exchanges_come_near_the_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(2).integers(1, 1000, (3, 12, 4))
    exact = exchange_test(counts, ["f1", "oa"])
    monkeypatch.setattr("minenetcd.evaluation.significance.MOST_EXACT_UNITS", 0)
    drawn = exchange_test(counts, ["f1", "oa"])
    for metric, expected in exact.items():
        np.testing.assert_allclose(drawn[metric], expected, atol=0.015)


# --- Holm ---

p_values = arrays(np.float64, st.integers(1, 8), elements=st.floats(0, 1))


@given(p_values)
def test_holm_is_monotone_and_never_makes_smaller(p: NDArray[np.float64]) -> None:
    corrected = holm(p)
    assert ((corrected >= p) & (corrected <= 1)).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()
    assert corrected.min() <= len(p) * p.min() + 1e-15, "the smallest is as by Bonferroni"


@given(p_values, st.data())
def test_holm_grows_with_a_p_value_and_minds_no_order(p: NDArray[np.float64], data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(p)))))
    np.testing.assert_array_equal(holm(p[order]), holm(p)[order])
    larger = p.copy()
    larger[order[0]] = data.draw(st.floats(p[order[0]], 1))
    assert (holm(larger) >= holm(p)).all()


def test_holm_as_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.01, np.nan, 0.03])) == pytest.approx([0.03, np.nan, 0.06], nan_ok=True)
    assert holm(np.array([])).shape == (0,)


# --- McNemar ---


def test_mcnemar_of_a_textbook_table() -> None:
    """Approval of a prime minister, asked twice (Agresti, "Categorical Data Analysis"): 150 and 86 change sides."""
    found = McNemar(150, 86)
    assert found.statistic == pytest.approx((150 - 86 - 1) ** 2 / 236)
    assert found.p_value == pytest.approx(binomtest(86, 236, 0.5).pvalue)
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 1), rel=0.15)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    found = McNemar(b, c)
    if b + c == 0:
        assert found.statistic is None and found.p_value is None
    else:
        assert found.p_value == pytest.approx(binomtest(b, b + c, 0.5).pvalue, rel=1e-9)


def test_mcnemar_of_more_than_a_float_can_hold() -> None:
    assert McNemar(3_000_000_000, 2_000_000_000).p_value == 0
