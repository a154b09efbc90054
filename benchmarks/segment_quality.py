"""How well segments keep to the edges of change, beside other ways to cut images, and how many clicks a label takes.

    OMP_NUM_THREADS=1 python benchmarks/segment_quality.py drawn
    OMP_NUM_THREADS=1 python benchmarks/segment_quality.py real DATA

`drawn` chooses: the share of shape and of compactness of `minenetcd label`, and what SLIC, Felzenszwalb's method and
the watershed of scikit-image are asked for, on drawn scenes, by the F1 that the best choice of segments reaches
(those with a majority of changed pixels), in the mean of three sizes of segments. `real` measures with these, and
chooses nothing: DATA holds the folders that real_pairs.csv lists. At equal numbers of segments (to 3 %, or between the
numbers below and above that a method can be asked for), pooled over the pixels of a set: boundary recall (the share of
pixels on the edge of change, on either side of it, that have an edge of segments within TOLERANCE pixels, down, across
or diagonally), the undersegmentation error of Neubert and Protzel (2012: of each segment that lies on both sides of the
edge, the smaller part, as share of all pixels; each side counts it), and the F1 of the best choice. Then, on one real
mine, the clicks of somebody who knows the truth and each time clicks where it gains most.
"""

import argparse
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markdown_table import markdown
from numpy.typing import NDArray
from real_pairs import SETS, Images, pairs_of, read_label, read_pair
from scipy import ndimage
from skimage import filters, segmentation

from minenetcd.constants import UNKNOWN
from minenetcd.geo.align import shared_bands
from minenetcd.labelling.segments.hierarchy import Hierarchy
from minenetcd.labelling.segments.options import SegmentOptions
from minenetcd.labelling.segments.segmentation import segment, stacked
from minenetcd.synthetic import make_scene

#: Between an edge of change and one of segments. [pixels]
TOLERANCE = 2

#: Mean areas of segments at which all are compared. [pixels]
AREAS = (50, 200, 800)

#: Of drawn scenes.
SEEDS, SIDE = range(100, 110), 320

#: As many tries to get a number of segments; how near is near enough, and how near to each other one below and one
#: above are to be, between which it is interpolated.
MOST_TRIES, NEAR, NEAR_EACH_OTHER = 6, 0.03, 1.35

WANTED_F1 = 0.95
MINE = "minenetcd_figure"
OURS = "minenetcd label"

Labels = NDArray[np.int32]
#: Levels of both dates (H, W, C) of 0 to 255, and a number that rises with the number of segments -> labels.
Cut = Callable[[NDArray[np.float32], float], Labels]


class Counted(NamedTuple):
    """Of labelled pixels: those on the edge of change and how many of them are met, what segments leak over it, and the
    true positives, false positives and false negatives of the best choice of segments."""

    edge: int = 0
    met: int = 0
    leaked: int = 0
    pixels: int = 0
    true: int = 0
    false: int = 0
    missed: int = 0
    segments: int = 0

    @classmethod
    def of(cls, labels: Labels, truth: NDArray[np.uint8]) -> "Counted":
        known = (truth != UNKNOWN) & (labels >= 0)
        on_edge = edges(truth) & known
        near = ndimage.maximum_filter(edges(labels), 2 * TOLERANCE + 1)
        numbers, changed = labels[known], truth[known] == 1
        size = np.bincount(numbers, minlength=labels.max() + 1)
        inside = np.bincount(numbers[changed], minlength=labels.max() + 1)
        taken = 2 * inside > size
        true, false = int(inside[taken].sum()), int((size - inside)[taken].sum())
        return cls(
            int(on_edge.sum()), int((on_edge & near).sum()), 2 * int(np.minimum(inside, size - inside).sum()),
            int(known.sum()), true, false, int(changed.sum()) - true, len(np.unique(labels[labels >= 0])),
        )  # fmt: skip

    def plus(self, other: "Counted") -> "Counted":
        return Counted(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def recall(self) -> float:
        return self.met / self.edge if self.edge else float("nan")

    @property
    def error(self) -> float:
        return self.leaked / self.pixels

    @property
    def f1(self) -> float:
        positive = 2 * self.true + self.false + self.missed
        return 2 * self.true / positive if positive else float("nan")


def edges(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels beside one of another number, of four, on both sides."""
    found = np.zeros(labels.shape, bool)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= down
    found[:-1] |= down
    return found


def slic(compactness: float) -> Cut:
    def cut(levels: NDArray[np.float32], many: float) -> Labels:
        found = segmentation.slic(
            levels / 255, round(many), compactness, channel_axis=-1, convert2lab=False, start_label=0
        )
        return found.astype(np.int32)

    return cut


def felzenszwalb(sigma: float) -> Cut:
    """Segments below a tenth of the mean area are given to their neighbours."""

    def cut(levels: NDArray[np.float32], many: float) -> Labels:
        smallest = max(2, round(levels[..., 0].size / many / 10))
        scale = 3e6 / many**1.5
        found = segmentation.felzenszwalb(levels / 255, scale, sigma, smallest, channel_axis=-1)
        return found.astype(np.int32)

    return cut


def watershed(compactness: float) -> Cut:
    """Of the largest gradient of any band, from markers on a grid."""

    def cut(levels: NDArray[np.float32], many: float) -> Labels:
        smooth = ndimage.gaussian_filter(levels, (1, 1, 0))
        gradient = np.max([filters.sobel(band) for band in np.moveaxis(smooth, -1, 0)], axis=0)
        found = segmentation.watershed(gradient, round(many), compactness=compactness)
        return (found - 1).astype(np.int32)

    return cut


#: What is chosen among on drawn scenes.
TRIED: Mapping[str, Mapping[str, Cut]] = {
    "SLIC": {f"compactness {each:g}": slic(each) for each in (0.03, 0.1, 0.3, 1.0, 3.0)},
    "Felzenszwalb": {f"sigma {each:g}": felzenszwalb(each) for each in (0, 0.5, 0.8)},
    "watershed": {f"compactness {each:g}": watershed(each) for each in (0, 1.0, 10.0, 100.0)},
}
SHAPES = [*itertools.product((0.0, 0.1, 0.3, 0.5), (0.1, 0.5, 0.9))]

#: What `drawn` chose (2026-11-30).
CHOSEN: Mapping[str, Cut] = {"SLIC": slic(0.3), "Felzenszwalb": felzenszwalb(0), "watershed": watershed(1.0)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("drawn", "real"))
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--set", action="append", default=[], help="Of `real`: only this set; may be repeated.")
    arguments = parser.parse_args()
    if arguments.what == "drawn":
        print(markdown(choose()))
        return
    sets = pd.read_csv(SETS, dtype=str, keep_default_na=False).to_dict("records")
    sets = [each for each in sets if not arguments.set or each["set"] in arguments.set]
    found = {each["set"]: [read(images, label) for images, label in pairs_of(arguments.data, each)] for each in sets}
    if MINE in found:
        levels, valid, truth = found[MINE][0]
        hierarchy = segment(levels, valid)
        print(f"Clicks to F1 {WANTED_F1} on {MINE}\n" + markdown(clicks(hierarchy, truth)) + "\n", flush=True)
    for name, pairs in found.items():
        print(markdown(compare(name, pairs)), flush=True)


def read(images: Images, label: Path) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.uint8]]:
    """Levels of all bands that both dates share, where they are valid, and the truth."""
    pair = read_pair(images.before, images.after, shared_bands(images.before, images.after)[0])
    return *stacked([pair.before, pair.after], pair.valid), read_label(label)


def choose() -> pd.DataFrame:
    """The F1 of the best choice of segments on drawn scenes, in hundredths, by size of segments."""
    counted: dict[tuple[str, str], list[Counted]] = {}
    for seed in SEEDS:
        scene = make_scene(seed, size=SIDE)
        levels, valid = stacked([scene.before, scene.after], np.ones(scene.mask.shape, bool))
        for shape, compactness in SHAPES:
            name = OURS, f"shape {shape:g}, compactness {compactness:g}"
            hierarchy = segment(levels, valid, SegmentOptions(shape=shape, compactness=compactness))
            add(counted, name, [in_between(hierarchy, scene.mask, levels[..., 0].size / area) for area in AREAS])
        for method, tried in TRIED.items():
            for name, cut in tried.items():
                cuts = [in_number(cut, levels, valid, scene.mask, levels[..., 0].size / area) for area in AREAS]
                add(counted, (method, name), cuts)
    rows = []
    for (method, name), sizes in counted.items():
        mean = np.mean([each.f1 for each in sizes])
        columns = {f"{area} px": f"{100 * each.f1:.1f}" for area, each in zip(AREAS, sizes, strict=True)}
        rows.append({"": method, "asked for": name, **columns, "mean": f"{100 * mean:.2f}"})
    return pd.DataFrame(rows)


def add(counted: dict[Any, list[Counted]], name: Any, found: list[Counted]) -> None:
    before = counted.setdefault(name, [Counted()] * len(found))
    counted[name] = [one.plus(other) for one, other in zip(before, found, strict=True)]


def in_between(hierarchy: Hierarchy, truth: NDArray[np.uint8], wanted: float) -> Counted:
    """What is counted at a number of segments that lies between those of two scales."""
    counts = [hierarchy.count(level) for level in range(len(hierarchy.scales))]
    coarse = next((level for level, count in enumerate(counts) if count <= wanted), len(counts) - 1)
    fine = max(0, coarse - 1)
    one, other = (Counted.of(hierarchy.labels(level), truth) for level in (fine, coarse))
    return between(one, other, wanted)


def in_number(cut: Cut, levels: NDArray[np.float32], valid: NDArray[np.bool_], truth: Any, wanted: float) -> Counted:
    """What is counted at `wanted` segments, or between the nearest numbers below and above that it can be asked for."""
    asked = wanted
    found: dict[float, tuple[int, Counted]] = {}
    for _ in range(MOST_TRIES):
        counted = Counted.of(np.where(valid, cut(levels, asked), -1).astype(np.int32), truth)
        found[asked] = counted.segments, counted
        if abs(counted.segments / wanted - 1) < NEAR:
            return counted
        below = max((ask for ask, (count, _) in found.items() if count <= wanted), default=None)
        above = min((ask for ask, (count, _) in found.items() if count > wanted), default=None)
        if below is None or above is None:
            asked *= wanted / counted.segments
        else:
            if found[above][0] / max(1, found[below][0]) < NEAR_EACH_OTHER:
                break
            asked = float(np.sqrt(below * above))
    near = sorted(found.values(), key=lambda each: abs(np.log(each[0] / wanted)))
    less = next((each for count, each in near if count <= wanted), near[0][1])
    more = next((each for count, each in near if count > wanted), near[0][1])
    return between(more, less, wanted)


def between(more: Counted, less: Counted, wanted: float) -> Counted:
    """What is counted at a number of segments between those of two cuts, on a logarithmic scale."""
    if more.segments <= less.segments:
        return less
    share = np.log(more.segments / wanted) / np.log(more.segments / less.segments)
    share = float(np.clip(share, 0, 1))
    return Counted(*(round((1 - share) * a + share * b) for a, b in zip(more, less, strict=True)))


def compare(name: str, pairs: list[Any]) -> pd.DataFrame:
    """Boundary recall, undersegmentation error and best F1 of a set, by method, at equal numbers of segments."""
    counted: dict[tuple[str, int], list[Counted]] = {}
    for levels, valid, truth in pairs:
        hierarchy = segment(levels, valid)
        for area in AREAS:
            level = nearest_level(hierarchy, valid.sum() / area)
            add(counted, (OURS, area), [Counted.of(hierarchy.labels(level), truth)])
            for method, cut in CHOSEN.items():
                add(counted, (method, area), [in_number(cut, levels, valid, truth, hierarchy.count(level))])
    rows = []
    for area in AREAS:
        row: dict[str, Any] = {"set": name, "mean area [px]": area}
        for method in (OURS, *CHOSEN):
            each = counted[method, area][0]
            row[method] = f"{100 * each.recall:.1f} / {100 * each.error:.2f} / {100 * each.f1:.1f} ({each.segments})"
        rows.append(row)
    return pd.DataFrame(rows)


def nearest_level(hierarchy: Hierarchy, wanted: float) -> int:
    return min(range(len(hierarchy.scales)), key=lambda level: abs(np.log(max(1, hierarchy.count(level)) / wanted)))


def clicks(hierarchy: Hierarchy, truth: NDArray[np.uint8]) -> pd.DataFrame:
    """The clicks that F1 of WANTED_F1 takes at each scale alone, and with the slider: at any scale, each time."""
    levels = range(len(hierarchy.scales))
    rows = []
    for name, among in [*((f"{hierarchy.scales[level]:g}", [level]) for level in levels), ("any", [*levels])]:
        reached = [*greedy(hierarchy, truth, among)]
        needed = next((number + 1 for number, f1 in enumerate(reached) if f1 >= WANTED_F1), None)
        rows.append(
            {
                "scale": name,
                "segments": hierarchy.count(among[0]) if len(among) == 1 else "",
                f"clicks to F1 {WANTED_F1}": needed or "not reached",
                "best F1": f"{max(reached, default=0):.3f}",
                "at clicks": int(np.argmax(reached)) + 1 if reached else 0,
                **{f"F1 after {many}": f"{reached[min(many, len(reached)) - 1]:.3f}" for many in (5, 20, 50)},
            }
        )
    return pd.DataFrame(rows)


def greedy(hierarchy: Hierarchy, truth: NDArray[np.uint8], among: list[int]) -> Iterator[float]:
    """F1 after each click on the segment, at one of the scales `among`, that raises it most; until none does.

    A click marks the whole segment as changed, or, where all of it is marked, as unchanged.
    """
    known = truth != UNKNOWN
    finest = hierarchy.finest[known]
    size = np.bincount(finest, minlength=hierarchy.count(0)).astype(np.int64)
    inside = np.bincount(finest[truth[known] == 1], minlength=hierarchy.count(0)).astype(np.int64)
    marked = np.zeros(hierarchy.count(0), bool)
    total, true, positive = int(inside.sum()), 0, 0
    while True:
        best: tuple[float, int, int, bool] = (2 * true / max(1, total + positive), -1, -1, True)
        for level in among:
            table = hierarchy.tables[level]
            for marking in (True, False):
                moved = ~marked if marking else marked
                gained = np.bincount(table, np.where(moved, inside, 0), hierarchy.count(level))
                added = np.bincount(table, np.where(moved, size, 0), hierarchy.count(level))
                if not marking:
                    whole = np.bincount(table, np.where(marked, size, 0), hierarchy.count(level))
                    full = whole == np.bincount(table, size, hierarchy.count(level))
                    gained, added = np.where(full, -gained, 0), np.where(full, -added, 0)
                f1 = 2 * (true + gained) / np.maximum(1, total + positive + added)
                place = int(np.argmax(f1))
                if f1[place] > best[0] + 1e-12:
                    best = float(f1[place]), level, place, marking
        f1, level, place, marking = best
        if level < 0:
            return
        members = hierarchy.tables[level] == place
        marked[members] = marking
        true, positive = int(inside[marked].sum()), int(size[marked].sum())
        yield f1


if __name__ == "__main__":
    main()
