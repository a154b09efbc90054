"""Bootstrap and exchange test: what must hold for any counts, and cases whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from minenetcd.benchmark.results.comparison import compare
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.significance import bootstrap_over_sites, count_table
from minenetcd.explain.comparison.differences import differences
from minenetcd.explain.comparison.joint_counts import confusion

COUNTS = st.integers(2, 4).flatmap(
    lambda methods: st.integers(2, 6).flatmap(
        lambda units: arrays(np.int64, (methods, units, 4), elements=st.integers(0, 1000))
    )
)


def run(counts: NDArray[np.int64], draws: int = 400):
    return compare(tuple("abcd"[: len(counts)]), counts, unit="site", draws=draws)


@given(counts=COUNTS)
@settings(max_examples=60, deadline=None)
def test_what_holds_for_any_counts(counts: NDArray[np.int64]) -> None:
    found = run(counts)
    pooled = {"abcd"[index]: Confusion(*row.sum(axis=0).tolist()).f1 for index, row in enumerate(counts)}
    for label, f1 in zip(found.labels, found.f1, strict=True):
        assert (np.isnan(f1) and pooled[label] is None) or f1 == pytest.approx(pooled[label])
    known = found.f1[~np.isnan(found.f1)]
    assert (np.diff(known) <= 0).all()  # best first
    np.testing.assert_allclose(found.difference, -found.difference.T)
    np.testing.assert_allclose(found.difference_low, -found.difference_high.T)
    np.testing.assert_array_equal(found.p, found.p.T)
    defined = found.p[~np.isnan(found.p)]
    assert ((defined > 0) & (defined <= 1)).all()


@given(counts=COUNTS, data=st.data())
@settings(max_examples=30, deadline=None)
def test_the_order_of_methods_changes_nothing(counts: NDArray[np.int64], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(counts))))
    first = run(counts)
    other = compare(tuple("abcd"[index] for index in order), counts[order], unit="site", draws=400)
    np.testing.assert_allclose(first.f1, other.f1)
    np.testing.assert_allclose(first.low, other.low)


def test_equal_methods_cannot_be_told_apart() -> None:
    counts = np.random.default_rng(0).integers(1, 100, (1, 10, 4)).repeat(3, axis=0)
    found = run(counts)
    assert (found.p == 1).all() and not found.difference.any()


def test_a_method_that_is_better_everywhere_is_better_for_certain() -> None:
    weak = np.random.default_rng(0).integers(50, 100, (12, 4))
    strong = weak + np.array([40, -20, -20, 0])
    found = run(np.array([weak, strong]), draws=20_000)
    assert found.labels == ("b", "a") and found.p[0, 1] == pytest.approx(2 / 2**12)  # all one way, or the other
    assert found.difference_low[0, 1] > 0 and found.is_certain(0, 1)


def test_a_method_that_is_better_on_one_site_alone_is_not() -> None:
    counts = np.tile(np.array([60, 40, 40, 500]), (2, 12, 1))
    counts[1, 0] = [100, 0, 0, 500]
    found = run(counts, draws=4000)
    assert found.difference[0, 1] > 0 and not found.is_certain(0, 1)


def test_two_units_are_drawn_as_they_must_be() -> None:
    """Of two sites both, the one and the other are drawn with probabilities 1/2, 1/4, 1/4."""
    counts = np.array([[[10, 0, 0, 0], [0, 10, 0, 0]], [[5, 5, 0, 0], [5, 5, 0, 0]]])
    found = run(counts, draws=20_000)  # of a: F1 1, 0, or 20 / 30; of b always 2 / 3
    assert found.f1 == pytest.approx([2 / 3, 2 / 3])
    assert {float(found.low[0]), float(found.high[0])} == {0.0, 1.0}
    assert found.p[0, 1] == 1


@pytest.mark.parametrize("units", [2, 3, 4])
def test_few_sites_never_make_certain(units: int) -> None:
    """Better on each of N sites happens by luck once in 2 ** (N - 1) times."""
    counts = np.array([[[60, 40, 40, 500]] * units, [[90, 10, 10, 500]] * units])
    found = run(counts, draws=20_000)
    assert found.p[0, 1] == pytest.approx(2 / 2**units) and not found.is_certain(0, 1)


@pytest.mark.parametrize("units", [7, 12, 13, 40])
def test_benchmark_and_compare_say_the_same_of_two_methods(units: int) -> None:
    rng = np.random.default_rng(units)
    joint = {f"site {number:02}": rng.integers(0, 50, (2, 2, 2)) for number in range(units)}
    sides = [count_table(confusion(table, side) for table in joint.values()) for side in ("a", "b")]
    benchmark, compared = compare(("a", "b"), np.stack(sides), unit="site"), differences(joint)["f1"]
    a, b = benchmark.labels.index("a"), benchmark.labels.index("b")
    assert benchmark.p[a, b] == compared.p_value == benchmark.p_holm[a, b]  # one comparison: nothing to correct
    assert (benchmark.difference_low[a, b], benchmark.difference_high[a, b]) == compared.interval
    of_a = bootstrap_over_sites({name: confusion(table, "a") for name, table in joint.items()}, ["f1"])["f1"]
    assert (benchmark.low[a], benchmark.high[a]) == of_a, "nor does minenetcd test say otherwise"


def test_equal_methods_are_rarely_told_apart() -> None:
    rng, certain = np.random.default_rng(4), 0
    for _ in range(200):
        counts = rng.integers(1, 100, (2, 14, 4))
        certain += run(counts, draws=400).is_certain(0, 1)
    assert certain <= 20  # 10 are expected at the level 0.05; more than 20 once in a thousand times


def test_the_block_size_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(1).integers(0, 100, (2, 7, 4))
    whole = run(counts, draws=1000)
    monkeypatch.setattr("minenetcd.evaluation.significance.BLOCK", 7 * 50)
    np.testing.assert_allclose(run(counts, draws=1000).low, whole.low)
