"""What is held out trains nothing: whole sites, or strips with a gap."""

from contextlib import AbstractContextManager

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fixtures.scene_files import utm_grid
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError
from minenetcd.geo.grid import Grid, apply
from minenetcd.labelling.learning.division import GAP, LARGEST_GAP, Division, Judged, divide, group_sites
from minenetcd.labelling.learning.reading.scenes import JudgedScene, OpenScene
from minenetcd.labelling.learning.truths import Boxes


def never(_: ChangeDetector) -> AbstractContextManager[OpenScene]:
    raise AssertionError("a division reads no image")


def scene(name: str, grid: Grid, checksums: frozenset[str] = frozenset()) -> JudgedScene:
    return JudgedScene(name, grid, 10.0, checksums, {}, None, never)


@st.composite
def judged(draw: st.DrawFn, grid: Grid, name: str, least: int = 12) -> Judged:
    count = draw(st.integers(least, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    left, top = rng.uniform(0, grid.width - 20, count), rng.uniform(0, grid.height - 20, count)
    ends = np.column_stack([left, top, left + rng.uniform(1, 20, count), top + rng.uniform(1, 20, count)])
    return Judged(scene(name, grid), grid, Boxes(ends, np.arange(count) % 2 == 0), False)


def try_to_divide(sites: list[list[Judged]], seed: int) -> Division | None:
    try:
        return divide(sites, 0.25, seed, chooses=True)
    except DataError:
        return None


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(3, 7), st.integers(0, 100))
def test_of_several_sites_whole_ones_are_held_out(data: st.DataObject, count: int, seed: int) -> None:
    grids = [utm_grid(100, 120, left=400_000 + 20_000 * number) for number in range(count)]
    sites = [[data.draw(judged(grid, str(number)))] for number, grid in enumerate(grids)]
    division = divide(sites, 0.25, seed, chooses=True)
    names = [part.scene.name for parts in division.parts.values() for part in parts]
    assert sorted(names) == sorted(map(str, range(count)))  # each once, none twice
    assert division.by_site and division.held_out_sites == len(division.parts["judge"]) >= 1
    assert all((part.window.width, part.window.height) == (120, 100) for part in division.parts["train"])
    again = divide(sites, 0.25, seed, chooses=True)
    assert {use: [part.scene.name for part in parts] for use, parts in again.parts.items()} == {
        use: [part.scene.name for part in parts] for use, parts in division.parts.items()
    }


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(2, 7), st.integers(0, 100), st.booleans())
def test_what_the_start_learned_from_does_not_judge_where_there_is_other(
    data: st.DataObject, count: int, seed: int, chooses: bool
) -> None:
    sites = []
    for number in range(count):
        grid = utm_grid(400, 300, left=400_000 + 20_000 * number)
        site = data.draw(judged(grid, str(number), least=30))
        sites.append([site._replace(trained_start=number < count - 1)])
    assert [part.scene.name for part in divide(sites, 0.1, seed, chooses=chooses).parts["judge"]] == [str(count - 1)]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_of_one_site_strips_lie_apart(data: st.DataObject) -> None:
    grid = utm_grid(400, 640)
    site = [data.draw(judged(grid, "only", least=24))]
    division = try_to_divide([site], 1)
    assume(division is not None)
    assert division is not None
    assert not division.by_site and division.sites == 1
    ((train,), (choose,), (judge,)) = (division.parts[use] for use in ("train", "choose", "judge"))
    gap = min(GAP, LARGEST_GAP * 400) - 2  # cuts lie between pixels
    for one, other in ((train, judge), (choose, judge)):
        between = (
            max(one.window.col_off, other.window.col_off)
            - min(one.window.col_off + one.window.width, other.window.col_off + other.window.width),
            max(one.window.row_off, other.window.row_off)
            - min(one.window.row_off + one.window.height, other.window.row_off + other.window.height),
        )
        assert max(between) >= gap
    boxes = site[0].boxes
    in_parts = [boxes.inside(part.window) for part in (train, choose, judge)]
    assert np.sum(in_parts, axis=0).max() <= 1  # no place is of two parts
    assert boxes.changed[in_parts[2]].any() and set(boxes.changed[in_parts[0]]) == {True, False}


@settings(max_examples=20, deadline=None)
@given(st.data(), st.sampled_from([5.0, 10.0, 12.5]))
def test_results_of_one_site_are_cut_on_the_ground(data: st.DataObject, metres: float) -> None:
    first = utm_grid(400, 600)
    other = utm_grid(round(4000 / metres), round(6000 / metres), left=401_000, metres=metres)
    site = [data.draw(judged(first, "one", least=24)), data.draw(judged(other, "other", least=24))]
    division = try_to_divide([site], 1)
    assume(division is not None)
    assert division is not None
    grids = {"one": first, "other": other}
    boxes = {}
    for use, parts in division.parts.items():
        ends = []
        for part in parts:
            corners = apply(
                grids[part.scene.name].transform,
                np.array([part.window.col_off, part.window.col_off + part.window.width], float),
                np.array([part.window.row_off, part.window.row_off + part.window.height], float),
            )
            ends.append([corners[0].min(), corners[1].min(), corners[0].max(), corners[1].max()])
        boxes[use] = np.array(ends)
    for use in ("train", "choose"):
        for one in boxes[use]:
            for held in boxes["judge"]:
                apart = max(one[0] - held[2], held[0] - one[2], one[1] - held[3], held[1] - one[3])
                assert apart >= 10 * LARGEST_GAP * 400 - 30  # [m]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_where_nothing_is_chosen_more_trains(count: int) -> None:
    sites = []
    for number in range(count):
        grid, rng = utm_grid(300, 400, left=400_000 + 20_000 * number), np.random.default_rng(number)
        corners = rng.uniform(0, 280, (30, 2))
        boxes = Boxes(np.column_stack([corners, corners + 8]), np.arange(30) % 2 == 0)
        sites.append([Judged(scene(str(number), grid), grid, boxes, False)])
    division = divide(sites, 0.25, 1, chooses=False)
    assert not division.parts["choose"] and len(division.parts["judge"]) == 1
    assert len(division.parts["train"]) == max(1, count - 1) and division.by_site == (count > 1)


def test_results_that_show_one_ground_are_one_site() -> None:
    near, far = utm_grid(50, 50), utm_grid(50, 50, left=500_000)
    overlapping = utm_grid(60, 60, left=400_300, metres=5)
    picture = Grid(50, 50, near.transform, None)
    scenes = [
        scene("a", near), scene("b", far), scene("c", overlapping), scene("d", picture, frozenset({"x", "y"})),
        scene("e", picture, frozenset({"z"})), scene("f", picture, frozenset({"y"})),
    ]  # fmt: skip
    assert [[each.name for each in site] for site in group_sites(scenes)] == [["b"], ["a", "c"], ["e"], ["d", "f"]]


def test_a_site_that_joins_two_makes_one() -> None:
    scenes = [
        scene("a", utm_grid(50, 50)),
        scene("b", utm_grid(50, 50, left=400_900)),
        scene("c", utm_grid(50, 50, left=400_450)),
    ]
    assert [[each.name for each in site] for site in group_sites(scenes)] == [["a", "b", "c"]]


def test_too_little_to_divide_is_one_line() -> None:
    grid = utm_grid(100, 100)
    few = Judged(
        scene("a", grid), grid, Boxes(np.array([[1.0, 1, 5, 5], [50, 50, 60, 60]]), np.array([True, False])), False
    )
    with pytest.raises(DataError, match=r"^Learning needs change and what is none [^\n]*: judge more polygons, or"):
        divide([[few]], 0.25, 1, chooses=True)
