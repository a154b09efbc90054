"""Which parts of which scenes train, choose and judge: whole sites, or strips of one with a gap between them.

Nothing of a part that judges, and nothing of the gap beside it, trains or chooses. Whole sites are held out where there
are enough; with two, one judges, and of the other a strip chooses; one alone is divided into three strips. Where there
is too little for that, nothing chooses, and more trains.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import LEAST_SIDE
from minenetcd.display.words import counted
from minenetcd.errors import DataError
from minenetcd.geo.footprints.overlap import shared_area
from minenetcd.geo.grid import Grid, apply, transformer
from minenetcd.labelling.learning.reading.scenes import JudgedScene
from minenetcd.labelling.learning.truths import Boxes

Use = Literal["train", "choose", "judge"]

#: Of the sites that are not held out, or of the places of one, this share chooses checkpoint and threshold.
CHOOSING = 0.2

#: Between strips lie so many pixels, or this share of the scene where that is less: neighbouring pixels are alike.
GAP, LARGEST_GAP = 64, 1 / 16

#: Orders of the sites, and places of a cut, that are tried.
_DRAWS, _CUTS = 200, 60


class Judged(NamedTuple):
    """A scene, with the grid on which it is read, its places, and whether ground beside them is known.

    `trained_start`: whether the detector to start from trained on it; then it judges only where there are no others.
    """

    scene: JudgedScene
    grid: Grid
    boxes: Boxes
    knows_ground: bool
    trained_start: bool = False


class Part(NamedTuple):
    """What of a scene serves a purpose: a window of the grid on which it is read, with its places of either kind."""

    scene: JudgedScene
    window: Window
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Division:
    """Parts by what they serve for. `by_site`: those that judge are whole sites; `sites`: how many there are."""

    parts: dict[Use, list[Part]]
    by_site: bool
    sites: int
    held_out_sites: int


class _Count(NamedTuple):
    """Places of change, and of what is none, ground included."""

    changed: int
    unchanged: int

    @property
    def has_both(self) -> bool:
        return self.changed > 0 and self.unchanged > 0


def group_sites(scenes: Sequence[JudgedScene]) -> list[list[JudgedScene]]:
    """`scenes` by site, in their order. Pictures without a place are of one site only where a file is the same."""
    sites: list[list[JudgedScene]] = []
    for scene in scenes:
        same = [site for site in sites if any(_is_same_ground(scene, other) for other in site)]
        joined = [other for site in same for other in site] + [scene]
        sites = [site for site in sites if not any(site is each for each in same)] + [joined]
    return sites


def _is_same_ground(one: JudgedScene, other: JudgedScene) -> bool:
    if one.checksums & other.checksums:
        return True
    if not (one.grid.is_georeferenced and other.grid.is_georeferenced):
        return False
    return bool(shared_area(one.grid, other.grid).area)


def divide(sites: Sequence[Sequence[Judged]], held_out: float, seed: int, *, chooses: bool) -> Division:
    """Divide `sites`, each of whose scenes has places; without `chooses` nothing is to be chosen, and more trains.

    DataError where there are too few to train and to judge.
    """
    held_out_sites = 0
    if len(sites) > (2 if chooses else 1):
        train, choose, judge = _drawn(sites, held_out, seed, chooses)
        parts, held_out_sites = (_whole(train), _whole(choose), _whole(judge)), len(judge)
    elif len(sites) == 2:
        trains, judges = _one_held_out(sites, seed)
        parts, held_out_sites = (*_cut(trains, CHOOSING, _whole_windows(trains)), _whole([judges])), 1
    else:
        rest, held = _cut(sites[0], held_out, _whole_windows(sites[0]))
        within = [part.window for part in rest]
        parts = (*_cut(sites[0], CHOOSING, within), held) if chooses else (rest, [], held)
    uses: tuple[Use, ...] = get_args(Use)
    kept = {use: [part for part in found if part.window.width] for use, found in zip(uses, parts, strict=True)}
    return Division(kept, len(sites) > 1, len(sites), held_out_sites)


def _drawn(
    sites: Sequence[Sequence[Judged]], held_out: float, seed: int, chooses: bool
) -> tuple[list[Sequence[Judged]], list[Sequence[Judged]], list[Sequence[Judged]]]:
    """Sites that train, choose and judge: the first order drawn in which all have what they need."""
    judging = min(max(1, round(held_out * len(sites))), len(sites) - (2 if chooses else 1))
    choosing = min(max(1, round(CHOOSING * (len(sites) - judging))), len(sites) - judging - 1) if chooses else 0
    rng = np.random.default_rng(seed)
    for _ in range(_DRAWS):
        order = sorted((sites[number] for number in rng.permutation(len(sites)).tolist()), key=_trained_start)
        judge, choose, train = order[:judging], order[judging : judging + choosing], order[judging + choosing :]
        if _of_all(train).has_both and _of_all(judge).changed and (not chooses or _of_all(choose).has_both):
            return train, choose, judge
    raise DataError(_too_few(_of_all(sites), counted(len(sites), "site")))


def _one_held_out(sites: Sequence[Sequence[Judged]], seed: int) -> tuple[Sequence[Judged], Sequence[Judged]]:
    """Of two sites the one that trains, and the one that judges."""
    first = int(np.random.default_rng(seed).integers(2))
    for number in sorted((first, 1 - first), key=lambda number: _trained_start(sites[number])):
        train, judge = sites[1 - number], sites[number]
        if _of_site(judge).changed and _of_site(train).changed > 1 and _of_site(train).has_both:
            return train, judge
    raise DataError(_too_few(_of_all(sites), "2 sites"))


def _trained_start(site: Sequence[Judged]) -> bool:
    return any(each.trained_start for each in site)


def _cut(site: Sequence[Judged], share: float, within: Sequence[Window]) -> tuple[list[Part], list[Part]]:
    """Strips of a site: what stays, and about `share` of its places, at one of its ends, with a gap between them.

    Of all cuts, that which loses fewest places in the gap, and comes nearest to the share. DataError: there is none.
    """
    best: tuple[float, tuple[list[Part], list[Part]]] | None = None
    for rest, held in _cuts(site, within):
        kept, cut_off = _inside(site, rest), _inside(site, held)
        if not (kept.has_both and cut_off.changed):
            continue
        total = _inside(site, within)
        lost = sum(total) - sum(kept) - sum(cut_off)
        cost = lost / sum(total) + abs(sum(cut_off) / max(1, sum(kept) + sum(cut_off)) - share)
        if best is None or cost < best[0]:
            best = cost, (_parts(site, rest), _parts(site, held))
    if best is None:
        raise DataError(_too_few(_of_site(site), "one site"))
    return best[1]


def _cuts(site: Sequence[Judged], within: Sequence[Window]) -> Iterator[tuple[list[Window], list[Window]]]:
    """Windows of every scene on both sides of a gap, for cuts across the first scene of `site` in both directions."""
    first, area = site[0].grid, within[0]
    for axis, (start, length) in enumerate(((area.col_off, area.width), (area.row_off, area.height))):
        gap = min(GAP, LARGEST_GAP * length)
        for place in np.linspace(start, start + length, _CUTS + 2)[1:-1]:
            low = [
                _limited(each.grid, first, axis, (-np.inf, place - gap / 2), of)
                for each, of in zip(site, within, strict=True)
            ]
            high = [
                _limited(each.grid, first, axis, (place + gap / 2, np.inf), of)
                for each, of in zip(site, within, strict=True)
            ]
            yield low, high
            yield high, low


def _limited(grid: Grid, first: Grid, axis: int, limits: tuple[float, float], within: Window) -> Window:
    """The largest window of `within` whose pixels lie between `limits` along an axis of the grid `first`."""
    found = _run(grid, first, axis, limits, within, across=True), _run(grid, first, axis, limits, within, across=False)
    window = max(found, key=lambda each: each.width * each.height)
    return window if min(window.width, window.height) >= LEAST_SIDE else Window(0, 0, 0, 0)


def _run(grid: Grid, first: Grid, axis: int, limits: tuple[float, float], within: Window, *, across: bool) -> Window:
    """Of the columns (rows, where not `across`) of `within` those that lie between `limits` as a whole."""
    if not within.width:
        return within
    columns = np.arange(within.col_off, within.col_off + within.width + 1.0)
    rows = np.arange(within.row_off, within.row_off + within.height + 1.0)
    along, ends = (columns, rows[[0, -1]]) if across else (rows, columns[[0, -1]])
    places = [
        _place_in(first, grid, *((along, np.full_like(along, end)) if across else (np.full_like(along, end), along)))[
            axis
        ]
        for end in ends
    ]
    inside = np.all([(place >= limits[0] - 1e-6) & (place <= limits[1] + 1e-6) for place in places], axis=0)
    edges = np.flatnonzero(inside)
    if len(edges) < 2:
        return Window(0, 0, 0, 0)
    start, length = int(along[edges[0]]), int(edges[-1] - edges[0])
    if across:
        return Window(start, within.row_off, length, within.height)
    return Window(within.col_off, start, within.width, length)


def _place_in(
    first: Grid, grid: Grid, columns: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns and rows of `first` where those of `grid` lie."""
    x, y = apply(grid.transform, columns, rows)
    if first.is_georeferenced and grid.is_georeferenced and first.crs != grid.crs:
        x, y = transformer(grid.wkt(), first.wkt())(x, y)
    return apply(~first.transform, x, y)


def _whole(sites: Sequence[Sequence[Judged]]) -> list[Part]:
    return [part for site in sites for part in _parts(site, _whole_windows(site))]


def _whole_windows(site: Sequence[Judged]) -> list[Window]:
    return [Window(0, 0, each.grid.width, each.grid.height) for each in site]


def _parts(site: Sequence[Judged], windows: Sequence[Window]) -> list[Part]:
    return [_part(each, window) for each, window in zip(site, windows, strict=True)]


def _part(judged: Judged, window: Window) -> Part:
    changed = judged.boxes.changed[judged.boxes.inside(window)]
    return Part(judged.scene, window, int(changed.sum()), int((~changed).sum()))


def _of_all(sites: Sequence[Sequence[Judged]]) -> _Count:
    counts = [_of_site(site) for site in sites]
    return _Count(sum(each.changed for each in counts), sum(each.unchanged for each in counts))


def _of_site(site: Sequence[Judged]) -> _Count:
    return _inside(site, _whole_windows(site))


def _inside(site: Sequence[Judged], windows: Sequence[Window]) -> _Count:
    """Places that lie in the windows as a whole; known ground counts as one more that is no change."""
    changed = unchanged = 0
    for each, window in zip(site, windows, strict=True):
        if window.width:
            found = each.boxes.changed[each.boxes.inside(window)]
            changed += int(found.sum())
            unchanged += int((~found).sum()) + each.knows_ground
    return _Count(changed, unchanged)


def _too_few(found: _Count, where: str) -> str:
    return (
        f"Learning needs change and what is none both to learn from and to be judged by, in parts that lie apart; "
        f"{where} with {counted(found.changed, 'accepted place')} and {found.unchanged:,} that are no change cannot be "
        "divided so: judge more polygons, or results of further sites."
    )
