"""What an adaptation is worth by pasted change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import OVERLAP, Progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.detectors.blending import Blender
from minenetcd.detectors.learned import ChangeDetector, NetworkScene
from minenetcd.detectors.scenes.threshold import spread
from minenetcd.detectors.tiling import plan_tiles
from minenetcd.evaluation.evaluate import evaluate
from minenetcd.evaluation.probabilities.curves import average_precision
from minenetcd.evaluation.probabilities.threshold import best_threshold, confusion_at
from minenetcd.geo.align import Pair
from minenetcd.training.adaptation.sets import PastedScene

Histogram = NDArray[np.int64]  # (2, LEVELS), see minenetcd.evaluation.probabilities.curves

#: Of a scene that are mapped to tell a share, at most.
MOST_WINDOWS = 4


@dataclass(frozen=True)
class Score:
    """How a detector does on pasted pairs; of the pixels of unchanged ones, `false_share` are called changed."""

    threshold: float
    f1: float
    average_precision: float
    false_share: float

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.3f}, average precision {self.average_precision:.3f}, {self.false_share:.1%} of unchanged "
            f"ground called changed at threshold {self.threshold:.2f}"
        )


@dataclass(frozen=True)
class OnMap:
    """Of the first two images, the share that `predict` calls changed before and after adapting.

    By the threshold that a detector finds in the scene, where it looks for one, which pasted pairs are not judged at.
    """

    start: float
    adapted: float


@dataclass(frozen=True)
class Adaptation:
    """What came of an adaptation, judged by pairs pasted from parts of the images that trained nothing.

    `detector` is the adapted one, `folder` where it is saved, None where it is not. `start`: of the detector it began
    with, at that one's own threshold; `start_here`: at one chosen as that of the adapted detector was.
    `start_follows_scenes`: it looks for a threshold in every scene, which pairs do not show. `judged_apart`: these
    parts did not choose the threshold and when to stop either, else the scores look a little better than they are.
    """

    detector: ChangeDetector
    start: Score
    start_here: Score
    adapted: Score
    on_map: OnMap
    judged_apart: bool
    folder: Path | None = None
    start_follows_scenes: bool = False

    @property
    def helped(self) -> bool:
        """Whether training did more than another threshold does, and not only at one threshold."""
        best = max(self.start.f1, self.start_here.f1)
        return self.adapted.f1 > best and self.adapted.average_precision > self.start.average_precision

    @property
    def scores(self) -> dict[str, Score]:
        """Those before and after, by name."""
        return {"before": self.start, "before, its threshold chosen here": self.start_here, "after": self.adapted}

    def why_not(self, model: str) -> str:
        """In one line that it did not help, and what to do instead; `model` is where it began."""
        best = max(self.start, self.start_here, key=lambda score: score.f1)
        is_own = best is self.start or self.start_follows_scenes
        threshold = "" if is_own else f" --threshold {best.threshold:g}"
        return (
            f"Adapting did not help, and nothing is written: on change pasted into held-out parts of the images "
            f"{model} has {best}, adapted {self.adapted}: use --model {model}{threshold}, or write it all the same "
            "(--force)."
        )


@dataclass(frozen=True)
class Judged:
    """Pixels of pasted pairs and of unchanged ones, by truth and by what a detector said of them."""

    pasted: Histogram
    unchanged: Histogram

    def at(self, threshold: float) -> Score:
        """All of them with this threshold."""
        both, unchanged = self.pasted + self.unchanged, confusion_at(self.unchanged, threshold)
        false_share = unchanged.fp / max(unchanged.fp + unchanged.tn, 1)
        f1, precision = confusion_at(both, threshold).f1, average_precision(both)
        return Score(threshold, f1 or 0.0, precision or 0.0, false_share)


def judge(detector: ChangeDetector, scene: PastedScene, progress: Progress) -> Judged:
    """`detector` on the pairs that judge."""
    return Judged(*_histograms(detector, (scene.pasted, scene.unchanged), progress))


def threshold_here(detector: ChangeDetector, scene: PastedScene, progress: Progress) -> float:
    """The threshold that is best for `detector` on the pairs that choose."""
    return best_threshold(*_histograms(detector, (scene.choose,), progress))


def changed_share(detector: ChangeDetector, scene: Sequence[Pair], device: str) -> float:
    """The share of a scene's valid pixels that `detector` calls changed, in MOST_WINDOWS of its windows at most."""
    ready, changed, valid = detector.for_scene(scene, device), 0, 0
    for number in spread(len(scene), MOST_WINDOWS):
        for values in _blended(ready, scene[number], detector.tile):
            changed += int((values >= detector.threshold).sum())  # nowhere where there is no number
            valid += int(np.isfinite(values).sum())
    return changed / max(valid, 1)


def _blended(ready: NetworkScene, window: Pair, side: int) -> Iterator[NDArray[np.float32]]:
    """Scores of `window` in strips (R, W), NaN without data, from tiles as predict has them."""
    height, width = window.valid.shape
    blender = Blender(width, side, height=height)
    for tile in plan_tiles(height, width, side, OVERLAP):
        yield blender.finish(tile.row).values
        place = np.s_[tile.row : tile.row + tile.height, tile.col : tile.col + tile.width]
        before, after, valid = (tile.fill(of[place]) for of in (window.before, window.after, window.valid))
        if valid.any():
            scores = ready.scores((before[None], after[None]), valid[None])[0, 0]
            blender.feed(tile, tile.crop(scores), tile.crop(valid))
    yield blender.finish(height).values


def _histograms(detector: ChangeDetector, sets: Sequence[ChangeDataset], progress: Progress) -> list[Histogram]:
    found: list[Histogram] = []
    for done, pairs in enumerate(sets, start=1):
        found.append(evaluate(detector, pairs, workers=0).histogram)
        progress(done, len(sets))
    return found
