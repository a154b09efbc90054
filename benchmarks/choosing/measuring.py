"""Candidates on validation pairs: one row of counts for each pair and candidate."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rasterio.windows import Window
from scipy import ndimage

from choosing.validation import Case
from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.classical.detector import GUARDED, THRESHOLD_RULES
from minenetcd.classical.guard import guard
from minenetcd.classical.guided_filter import GuidedFilter
from minenetcd.classical.scene import ClassicalScene, score
from minenetcd.constants import UNKNOWN
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.scenes.threshold import log_odds_shift
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import average_precision, probability_histogram
from minenetcd.geo.align import Pair, open_pair
from minenetcd.geo.no_change.pixels import ScenePixels
from minenetcd.geo.radiometry import find_tone
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.shift import find_shift
from minenetcd.geo.source import quiet_gdal

RADII = (0, 2, 4, 8, 16)
#: One threshold for all scenes, or the range in which each has its own.
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
SCENE_THRESHOLDS = tuple((low, high) for low in (0.05, 0.1, 0.2) for high in (0.3, 0.5, 0.7))
#: Of scores, of which many may lie near 0 or 1.
_LEVELS = 2**16

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Candidate:
    """A detector as it is measured; rule and radius are those of a detector without training."""

    detector: str
    rule: str = ""
    smooth: int = 0
    tone: bool = False
    coregister: bool = False

    @property
    def is_classical(self) -> bool:
        return self.detector in CLASSICAL

    def made(self) -> Detector:
        if self.is_classical:
            return create_classical(self.detector, threshold_rule=self.rule, smooth=self.smooth)
        return network(self.detector)

    @property
    def words(self) -> str:
        return f"{self.detector} ({self.rule}, smooth {self.smooth})" if self.is_classical else self.detector


@lru_cache(maxsize=4)
def network(name: str) -> ChangeDetector:
    return ChangeDetector.from_pretrained(name)


def every_rule(case: Case, detectors: Sequence[str], *, tone: bool, coregister: bool) -> list[dict[str, Any]]:
    """Detectors without training, with each rule and radius; what they learn of the scene is learned once for all."""
    pair, truth, rows = prepared(case, tone, coregister), case.truth(), list[dict[str, Any]]()
    pixels = ScenePixels.of([pair])
    dates, guarding = (pair.before, pair.after, pair.valid), guard(pixels, [pair])
    statistics = {name: create_classical(name).learn(pixels, [pair]) for name in detectors}
    for smooth in RADII:
        smoothing = GuidedFilter.of(pixels, smooth) if smooth else None
        visible = score(ClassicalScene(guarding.statistic, smoothing).measure(*dates), guarding.cut)
        for name, statistic in statistics.items():
            scene = ClassicalScene(statistic, smoothing)
            values = scene.measure(*dates)
            for rule in THRESHOLD_RULES:
                detector = create_classical(name, threshold_rule=rule, smooth=smooth)
                cut = np.inf if pixels.are_nearly_equal else detector.cut(scene, values[pair.valid])
                scores = np.minimum(score(values, cut), visible if rule.endswith(GUARDED) else 1)
                candidate = Candidate(name, rule, smooth, tone, coregister)
                rows.append(row(case, candidate, scores >= detector.threshold, pair.valid, truth, scores))
    return rows


def every_threshold(case: Case, name: str) -> list[dict[str, Any]]:
    """The network `name` with one threshold for all scenes, and with one of each scene."""
    pair, truth = prepared(case, tone=False, coregister=True), case.truth()
    detector = network(name)
    raw = detector.probability(pair.before, pair.after, valid=pair.valid)
    cuts = {f"{cut:g}": cut for cut in THRESHOLDS}
    for low, high in SCENE_THRESHOLDS:
        shift = log_odds_shift([raw[pair.valid]], 0.5, (low, high))
        cuts[f"of the scene, {low:g} to {high:g}"] = 1 / (1 + np.exp(shift))
    return [
        row(case, Candidate(name, rule, coregister=True), raw >= cut, pair.valid, truth, raw)
        for rule, cut in cuts.items()
    ]


def measured(case: Case, candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Candidates as a prediction runs them, the images as one tile, and how long they take."""
    truth, rows = case.truth(), list[dict[str, Any]]()
    for candidate in candidates:
        pair = prepared(case, candidate.tone, candidate.coregister)
        started = time.perf_counter()
        scores = scores_of(candidate, pair)
        seconds = (time.perf_counter() - started) / truth.size * 1e6
        changed = scores >= candidate.made().threshold
        rows.append({**row(case, candidate, changed, pair.valid, truth, scores), "seconds": seconds})
    return rows


def agreements(case: Case, first: Candidate, second: Candidate) -> list[dict[str, Any]]:
    """The areas of either map, and what share of each also changed in the other map, and in truth."""
    truth = case.truth()
    pairs = [prepared(case, each.tone, each.coregister) for each in (first, second)]
    maps = [
        (scores_of(each, pair) >= each.made().threshold) & pair.valid & (truth != UNKNOWN)
        for each, pair in zip((first, second), pairs, strict=True)
    ]
    rows = []
    for of, (own, other) in zip((first, second), (maps, maps[::-1]), strict=True):
        areas, count = ndimage.label(own, np.ones((3, 3)))
        index = np.arange(1, count + 1)
        shares = [np.atleast_1d(ndimage.mean(what, areas, index)) if count else [] for what in (other, truth == 1)]
        pixels = np.bincount(areas.ravel(), minlength=count + 1)[1:]
        for size, agreement, true in zip(pixels, *shares, strict=True):
            known = {"of": of.detector, "pixels": int(size), "agreement": float(agreement), "true": float(true)}
            rows.append({"kind": case.kind, "scale": case.scale, "pair": case.name, **known})
    return rows


def prepared(case: Case, tone: bool, coregister: bool) -> Pair:
    """The pair as a detector gets it: the after image moved back, and then brought to the tone of the before image."""
    with quiet_gdal(), open_pair(case.before, case.after, bands=(1, 2, 3)) as pair:
        if coregister:
            pair = pair.adjusted(shift=find_shift(pair))
        if tone:
            pair = pair.adjusted(tone=find_tone(SceneSample(pair)))
        return pair.read(Window(0, 0, pair.grid.width, pair.grid.height))


def scores_of(candidate: Candidate, pair: Pair) -> NDArray[np.float32]:
    """(H, W)"""
    scene = candidate.made().for_scene([pair], "cpu")
    found: NDArray[np.float32] = scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0]
    return found


def row(
    case: Case,
    candidate: Candidate,
    changed: Mask,
    valid: Mask,
    truth: NDArray[np.uint8],
    scores: NDArray[np.floating],
) -> dict[str, Any]:
    """Counts and average precision of one candidate on one pair."""
    mask = np.where(valid, changed.astype(np.uint8), np.uint8(UNKNOWN))
    counts = asdict(Confusion.count(mask, truth))
    pair = {"kind": case.kind, "scale": case.scale, "set": case.set, "pair": case.name}
    return {**pair, **asdict(candidate), **counts, "ap": precision_of(scores, valid, truth)}


def precision_of(scores: NDArray[np.floating], valid: Mask, truth: NDArray[np.uint8]) -> float | None:
    """Average precision of a map (H, W) of scores; None without change."""
    known = np.where(valid, truth, np.uint8(UNKNOWN))
    if not (known == 1).any():
        return None
    histogram = probability_histogram(torch.from_numpy(scores), torch.from_numpy(known), levels=_LEVELS)
    return average_precision(histogram.numpy())
