"""How a detector does on parts that were held out: maps of them as `predict` makes them, counted place by place."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import shapely
import torch
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import LEVELS, probability_histogram
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.areas.placed import PlacedPolygons
from minenetcd.geo.grid import apply
from minenetcd.geo.sample import SceneSample
from minenetcd.labelling.learning.division import Part
from minenetcd.labelling.learning.reading.scenes import OpenScene
from minenetcd.labelling.learning.truths import Known
from minenetcd.prediction.inference import probability_strips
from minenetcd.prediction.options import PredictOptions

#: Ground beside the places counts in squares of so many pixels a side, each by itself.
GROUND = 128


class Unit(NamedTuple):
    """What is counted as one: a place (its number), or a square of ground (below 0), of the part of that number."""

    part: int
    place: int


@dataclass
class Counted:
    """`histogram` (2, LEVELS) of all known pixels; the counts of each unit, at the detector's threshold."""

    histogram: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, LEVELS), np.int64))
    units: dict[Unit, Confusion] = field(default_factory=dict)

    @property
    def total(self) -> Confusion:
        return sum(self.units.values(), Confusion())


def judge(
    detector: ChangeDetector,
    reads_as: ChangeDetector,
    parts: Sequence[Part],
    device: str,
    progress: Progress = no_progress,
) -> Counted:
    """What `detector` says of what is known of `parts`, whose images are read as for `reads_as`."""
    counted = Counted()
    for number, part in enumerate(parts):
        with part.scene.open(reads_as) as opened:
            for window, probability in _maps(detector, opened, part.window, device):
                known = opened.truth.read(window, part.window, by_claim=True)
                _add(counted, number, known, probability, window, detector.threshold)
        progress(number + 1, len(parts))
    return counted


def _maps(
    detector: ChangeDetector, opened: OpenScene, part: Window, device: str
) -> Iterator[tuple[Window, NDArray[np.float32]]]:
    """Strips of the part of a scene in which something is known, to the pixel as a map of the whole scene has them."""
    region = _known_region(opened, part)
    if not region.width:
        return
    scene = detector.for_scene(SceneSample(opened.pair), device)
    near, area = _near(opened.pair, region), opened.pair.overlap
    columns = slice(region.col_off - area.col_off, region.col_off - area.col_off + region.width)
    for strip in probability_strips(detector, scene, near, PredictOptions(), no_progress):
        top = area.row_off + strip.row
        first, last = max(top, region.row_off), min(top + len(strip.values), region.row_off + region.height)
        if first < last:
            window = Window(region.col_off, first, region.width, last - first)
            yield window, strip.values[first - top : last - top, columns]


def _known_region(opened: OpenScene, part: Window) -> Window:
    """The smallest window around what is known in `part`, and what both dates share."""
    overlap, truth = opened.pair.overlap, opened.truth
    ends = truth.boxes.ends[truth.boxes.inside(part)]
    if truth.knows_ground:
        ends = np.array([[part.col_off, part.row_off, part.col_off + part.width, part.row_off + part.height]], float)
    if not len(ends):
        return Window(0, 0, 0, 0)
    left, top = (int(np.floor(ends[:, place].min())) for place in (0, 1))
    right, bottom = (int(np.ceil(ends[:, place].max())) for place in (2, 3))
    left, top = max(left, overlap.col_off), max(top, overlap.row_off)
    right, bottom = min(right, overlap.col_off + overlap.width), min(bottom, overlap.row_off + overlap.height)
    return Window(left, top, max(0, right - left), max(0, bottom - top)) if bottom > top else Window(0, 0, 0, 0)


def _near(pair: AlignedPair, region: Window) -> AlignedPair:
    """The same pair with its tiles where they are, of which only those that meet `region` are read."""
    left, top = float(region.col_off), float(region.row_off)
    right, bottom = left + region.width, top + region.height
    x, y = apply(pair.grid.transform, np.array([left, right, right, left]), np.array([top, top, bottom, bottom]))
    near = copy.copy(pair)
    around = np.array([shapely.Polygon(np.column_stack([x, y]))], dtype=object)
    near.limits = replace(pair.limits, area=PlacedPolygons(around))
    return near


def _add(
    counted: Counted, part: int, known: Known, probability: NDArray[np.float32], window: Window, threshold: float
) -> None:
    truth = np.where(np.isnan(probability), np.uint8(UNKNOWN), known.mask)
    where = truth != UNKNOWN
    if not where.any():
        return
    values = np.nan_to_num(probability)
    counted.histogram += probability_histogram(torch.from_numpy(values), torch.from_numpy(truth)).numpy()
    units = np.where(known.places > 0, known.places, _ground(window))[where]
    code = 2 * (truth[where] == 1) + (values[where] >= np.float32(threshold))
    numbers, inverse = np.unique(units, return_inverse=True)
    cells = np.bincount(4 * inverse + code, minlength=4 * len(numbers)).reshape(-1, 4)
    for number, (tn, fp, fn, tp) in zip(numbers.tolist(), cells.tolist(), strict=True):
        unit = Unit(part, number)
        counted.units[unit] = counted.units.get(unit, Confusion()) + Confusion(tp=tp, fp=fp, fn=fn, tn=tn)


def _ground(window: Window) -> NDArray[np.int32]:
    """The number of the square that each pixel lies in (H, W), below 0."""
    rows = (window.row_off + np.arange(window.height)) // GROUND
    columns = (window.col_off + np.arange(window.width)) // GROUND
    numbers: NDArray[np.int32] = (-1 - rows[:, np.newaxis] * 100_000 - columns).astype(np.int32)
    return numbers
