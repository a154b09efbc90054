"""Estimates from counts: the worked example of the paper, and what has to hold for any sample."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from minenetcd.accuracy.estimation.estimate import estimate_from_counts
from minenetcd.accuracy.estimation.estimators import StratifiedCounts
from minenetcd.accuracy.estimation.exact import exact_interval, upper_bound
from minenetcd.accuracy.sampling.size import allocate, foreseen_error, needed_points
from minenetcd.errors import DataError, InputError, OptionError

#: Olofsson et al. 2014, table 8: deforestation, forest gain, stable forest, stable non-forest.
MATRIX = [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]
PIXELS = [200_000, 150_000, 3_200_000, 6_450_000]
NAMES = ["deforestation", "gain", "forest", "other"]

COUNTS = "\n".join(
    ["map," + ",".join(NAMES)] + [f"{n},{','.join(map(str, r))}" for n, r in zip(NAMES, MATRIX, strict=True)]
)
AREAS = "\n".join(["class,pixels", *(f"{name},{pixels}" for name, pixels in zip(NAMES, PIXELS, strict=True))])


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    counts, areas = tmp_path / "matrix.csv", tmp_path / "areas.csv"
    counts.write_text(COUNTS)
    areas.write_text(AREAS)
    return counts, areas


def of_map(matrix: Any, sizes: Any) -> StratifiedCounts:
    """Strata are the classes of the map."""
    matrix = np.array(matrix)
    return StratifiedCounts.of(np.eye(len(matrix), dtype=int)[:, :, None] * matrix[None], sizes)


def test_the_worked_example_of_the_paper(tables: tuple[Path, Path]) -> None:
    """Olofsson et al. 2014, section 5.2."""
    found = estimate_from_counts(*tables, pixel_hectares=0.09)
    area = found.classes[0].hectares
    assert (round(area.value), round(area.margin)) == (21_158, 6_158)
    assert (round(found.overall.value, 2), round(found.overall.margin, 2)) == (0.95, 0.02)
    users = [(round(each.users.value, 2), round(each.users.margin, 2)) for each in found.classes]
    assert users == [(0.88, 0.07), (0.73, 0.10), (0.93, 0.04), (0.96, 0.02)]
    producers = [(round(each.producers.value, 2), round(each.producers.margin, 2)) for each in found.classes]
    assert producers == [(0.75, 0.21), (0.85, 0.25), (0.93, 0.03), (0.96, 0.02)]
    assert [round(each.hectares.value) for each in found.classes] == [21_158, 11_686, 285_770, 581_386]
    assert [round(each.hectares.margin) for each in found.classes] == [6_158, 3_756, 15_510, 16_281]


def test_the_sample_size_of_the_paper() -> None:
    """Its section 5.1.1: 641 points; table 5: 75 in rare classes, the rest in proportion."""
    weights = np.array(PIXELS) / sum(PIXELS)
    expected = np.array([0.7, 0.6, 0.9, 0.95])
    assert needed_points(weights, expected, 0.01, sum(PIXELS)) == 641
    points = allocate(641, np.array(PIXELS), 75)
    assert points.tolist() == [75, 75, 163, 328]
    assert foreseen_error(weights, expected, points) == pytest.approx(
        0.01089, abs=1e-5
    )  # larger than with the best allocation


def test_areas_in_hectares_and_other_marks_between_cells(tables: tuple[Path, Path]) -> None:
    counts, areas = tables
    wanted = estimate_from_counts(counts, areas, pixel_hectares=0.09)
    areas.write_text(
        "class;hectares\n" + "\n".join(f"{n};{0.09 * p}" for n, p in reversed([*zip(NAMES, PIXELS, strict=True)]))
    )
    counts.write_text(COUNTS.replace(",", "\t"))
    found = estimate_from_counts(counts, areas)
    assert found.classes[0].hectares == pytest.approx(wanted.classes[0].hectares)


@pytest.mark.parametrize(
    ("counts", "areas", "pixel", "error", "message"),
    [
        (COUNTS, AREAS, None, OptionError, "The area of a pixel is needed"),
        (COUNTS, AREAS, -1, OptionError, "The area of a pixel is needed"),
        (COUNTS, AREAS.replace("pixels", "hectares"), 0.09, OptionError, "holds hectares: leave --pixel-hectares out"),
        (COUNTS, AREAS.replace("gain", "loss"), 0.09, DataError, "Areas of the classes deforestation, gain"),
        (COUNTS, AREAS.replace("150000", "0"), 0.09, DataError, "An area above 0"),
        (COUNTS, AREAS.replace("150000", "many"), 0.09, DataError, "Numbers from 0 to 1e.15 are needed, .* has 'many'"),
        (COUNTS, AREAS.replace("pixels", "km2"), 0.09, DataError, "class and pixels, or class and hectares"),
        (COUNTS.replace("66", "6.5"), AREAS, 0.09, DataError, "Whole numbers from 0 to 1e.15 are needed, .* has '6.5'"),
        (COUNTS.replace("\ngain", "\nloss"), AREAS, 0.09, DataError, "A row of the map for each class"),
        (COUNTS.replace("66,0", "66"), AREAS, 0.09, DataError, "A table with a first row of names"),
        ("", AREAS, 0.09, DataError, "A table with a first row of names"),
        (COUNTS.replace("0,55,8,12", "0,1,0,0"), AREAS, 0.09, DataError, "At least 2 judged points .* 'gain' has 1"),
    ],
)
def test_tables_that_say_nothing(
    tables: tuple[Path, Path], counts: str, areas: str, pixel: float | None, error: type[InputError], message: str
) -> None:
    tables[0].write_text(counts)
    tables[1].write_text(areas)
    with pytest.raises(error, match=message):
        estimate_from_counts(*tables, pixel_hectares=pixel)


matrices = st.integers(2, 5).flatmap(
    lambda classes: st.tuples(
        st.lists(
            st.lists(st.integers(0, 60), min_size=classes, max_size=classes).filter(lambda row: sum(row) >= 2),
            min_size=classes,
            max_size=classes,
        ),
        st.lists(st.integers(100, 10**8), min_size=classes, max_size=classes),
        st.permutations(range(classes)),
    )
)


@settings(max_examples=40)
@given(matrices)
def test_shares_add_up_and_classes_have_no_order(drawn: tuple[list[list[int]], list[int], list[int]]) -> None:
    matrix, sizes, order = np.array(drawn[0]), np.array(drawn[1]), np.array(drawn[2])
    found = of_map(matrix, sizes)
    shares = found.shares()
    assert shares.value.sum() == pytest.approx(1) and found.proportions().sum() == pytest.approx(1)
    assert found.proportions().sum(axis=1) == pytest.approx(sizes / sizes.sum())  # of the map
    assert 0 <= found.overall_accuracy().value <= 1 + 1e-12
    other = of_map(matrix[np.ix_(order, order)], sizes[order])
    assert other.shares().value == pytest.approx(shares.value[order])
    assert other.shares().standard_error == pytest.approx(shares.standard_error[order], abs=1e-9)
    assert [*other.overall_accuracy()] == pytest.approx([*map(float, found.overall_accuracy())], abs=1e-9)
    for now, before in zip(other.producers_accuracy(), found.producers_accuracy(), strict=True):
        assert now == pytest.approx(before[order], nan_ok=True, abs=1e-9)


@settings(max_examples=40)
@given(matrices)
def test_of_classes_as_strata_the_formulas_are_those_of_the_paper(
    drawn: tuple[list[list[int]], list[int], list[int]],
) -> None:
    """Olofsson et al. 2014, equations 2, 5 to 7 and 10 as they are printed."""
    matrix, sizes = np.array(drawn[0]), np.array(drawn[1])
    weights, points = sizes / sizes.sum(), matrix.sum(axis=1)
    within = matrix / points[:, None]
    found = of_map(matrix, sizes)
    users, variance = np.diag(within), np.diag(within) * (1 - np.diag(within)) / (points - 1)
    assert found.users_accuracy().value == pytest.approx(users)  # equation 2
    assert found.users_accuracy().standard_error == pytest.approx(np.sqrt(variance), abs=1e-9)  # 6
    assert found.overall_accuracy().standard_error == pytest.approx(np.sqrt((weights**2 * variance).sum()), abs=1e-9)
    cells = weights[:, None] * within
    error = np.sqrt(((weights[:, None] * cells - cells**2) / (points[:, None] - 1)).sum(axis=0))
    assert found.shares().standard_error == pytest.approx(error, abs=1e-7)  # equation 10
    for place, share in enumerate(cells.sum(axis=0)):  # equation 7
        if share:
            others = np.arange(len(sizes)) != place
            accuracy = cells[place, place] / share
            spread = (sizes**2 * within[:, place] * (1 - within[:, place]) / (points - 1))[others].sum()
            own = sizes[place] ** 2 * (1 - accuracy) ** 2 * variance[place]
            producers = np.sqrt((own + accuracy**2 * spread) / (share * sizes.sum()) ** 2)
            assert found.producers_accuracy().standard_error[place] == pytest.approx(producers, rel=1e-4, abs=1e-7)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_exact_interval_holds_the_share(seen: tuple[int, int]) -> None:
    low, high = exact_interval(*seen)
    assert 0 <= low <= seen[0] / seen[1] <= high <= 1
    assert upper_bound(*seen) <= high


def test_exact_intervals_of_a_table() -> None:
    """Of Clopper and Pearson's tables, and the rule of three."""
    assert exact_interval(0, 10) == pytest.approx((0, 0.3085), abs=1e-4)
    assert exact_interval(5, 10) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert upper_bound(0, 29) == pytest.approx(1 - 0.05 ** (1 / 29))


def sampled(strata: NDArray[np.int64], points: NDArray[np.int64], times: int, seed: int) -> NDArray[np.int64]:
    """Counts (times, H, K, K) of samples without replacement from populations (H, K, K)."""
    rng = np.random.default_rng(seed)
    flat = [
        rng.multivariate_hypergeometric(cells.ravel(), size, size=times, method="marginals")
        for cells, size in zip(strata, points, strict=True)
    ]
    return np.stack(flat, axis=1).reshape(times, *strata.shape)


def test_estimates_are_unbiased_and_intervals_hold_what_they_promise() -> None:
    """Ten thousand samples of one map, whose strata are change, what lies near it, and the rest."""
    population = np.zeros((3, 2, 2), np.int64)  # by stratum, map, reference; pixels
    population[0, 1] = 12_000, 48_000  # of mapped change a fifth is none
    population[1, 0] = 72_000, 8_000  # near change a tenth is missed
    population[2, 0] = 851_000, 9_000  # elsewhere a hundredth
    sizes = population.sum(axis=(1, 2))
    counts = sampled(population, np.array([150, 150, 500]), 10_000, seed=1)
    found, whole = StratifiedCounts.of(counts, sizes), population.sum(axis=0)
    truths = {
        "area": (found.shares(), whole.sum(axis=0) / whole.sum()),
        "users": (found.users_accuracy(), np.diag(whole) / whole.sum(axis=1)),
        "producers": (found.producers_accuracy(), np.diag(whole) / whole.sum(axis=0)),
    }
    for name, (estimated, truth) in truths.items():
        low, high = estimated.interval()
        value, error = estimated.value[:, 1], estimated.standard_error[:, 1]  # of change
        assert value.mean() == pytest.approx(truth[1], rel=0.01), name
        assert np.sqrt((error**2).mean()) == pytest.approx(value.std(), rel=0.03), name
        assert 0.93 <= ((low <= truth) & (truth <= high))[:, 1].mean() <= 0.965, name
    overall = found.overall_accuracy()
    low, high = overall.interval()
    truth = np.trace(whole) / whole.sum()
    assert 0.93 <= ((low <= truth) & (truth <= high)).mean() <= 0.965


def test_a_stratum_that_was_looked_at_whole_adds_nothing_to_the_error() -> None:
    counts = np.array([[[30, 10], [0, 0]], [[0, 0], [20, 20]]])
    found = StratifiedCounts.of(counts, np.array([40, 4000]), np.array([True, False]))
    alone = StratifiedCounts.of(counts, np.array([40, 4000]))
    weight = 4000 / 4040
    assert found.overall_accuracy().standard_error == pytest.approx(weight * np.sqrt(0.25 / 39))
    assert alone.overall_accuracy().standard_error > found.overall_accuracy().standard_error


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=6).filter(lambda pixels: sum(pixels) > 0),
    st.integers(2, 80),
    st.integers(0, 3000),
)
def test_points_are_shared_out(pixels: list[int], least: int, more: int) -> None:
    held = np.array(pixels)
    needed = int(np.minimum(least, held).sum())
    points = allocate(needed + more, held, least)
    assert points.sum() == min(needed + more, held.sum())
    assert (points <= held).all() and (points >= np.minimum(least, held)).all()
    with pytest.raises(OptionError, match=f"At least {needed} points are needed"):
        allocate(needed - 1, held, least)
