"""How much a detector may call changed, where nobody says what the ground beside the judged places is.

Polygons are places that a detector took for change, and many of them are: one that learns from them comes to call more
changed everywhere, and no verdict says whether that is right. So its threshold rises until it calls no more of parts
that did not train changed than the detector it started from: it may call other places, not more. (Where it trained it
is surer, and the threshold would be too high elsewhere.) That threshold is one for all scenes: in which range a scene's
own should be looked for with new weights, nobody has measured.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import Progress
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.scenes.threshold import spread, tile_scores
from minenetcd.geo.sample import SceneSample, side_by_side
from minenetcd.labelling.learning.division import Part

#: Of the parts so many are looked at, and of each so many windows.
MOST_PARTS, MOST_WINDOWS = 8, 2

#: Log-odds by which a threshold is raised, at most and in steps.
MOST_RAISED, STEP = 6.0, 0.1
LARGEST_THRESHOLD = 0.9999

#: Probability of change in a window (N,), where both dates hold data.
Scores = NDArray[np.float32]


def calling_no_more(
    trained: ChangeDetector, start: ChangeDetector, parts: Sequence[Part], device: str, progress: Progress
) -> ChangeDetector:
    """`trained` with one threshold for all scenes: that of `start`, raised until it calls no more of `parts` changed.

    `start` counts as it predicts, in each scene with a threshold of its own where it has such.
    """
    one_for_all = trained.with_model(trained.model, threshold=start.threshold, scene_threshold=None)
    scores: list[Scores] = []
    called = 0
    chosen = [parts[number] for number in spread(len(parts), MOST_PARTS)]
    for number, part in enumerate(chosen, start=1):
        called += sum(_called(each, start.threshold) for each in _scores(start, start, part, device))
        scores += _scores(one_for_all, start, part, device)
        progress(number, len(chosen))
    thresholds = [_raised(start.threshold, by) for by in np.arange(0, MOST_RAISED + STEP / 2, STEP).tolist()]
    enough = (each for each in thresholds if sum(_called(scene, each) for scene in scores) <= called)
    return one_for_all.with_model(trained.model, threshold=next(enough, thresholds[-1]))


def _raised(threshold: float, by: float) -> float:
    """By so many log-odds."""
    odds = math.log(threshold / (1 - threshold)) + by
    return threshold if by == 0 else min(round(1 / (1 + math.exp(-odds)), 4), LARGEST_THRESHOLD)


def _called(scores: Scores, threshold: float) -> int:
    return int((scores >= np.float32(threshold)).sum())


def _scores(detector: ChangeDetector, reads_as: ChangeDetector, part: Part, device: str) -> Iterator[Scores]:
    """Of some windows of a part, of a scene that is known as a whole."""
    with part.scene.open(reads_as) as opened:
        ready = detector.for_scene(SceneSample(opened.pair), device)
        windows = side_by_side(part.window, detector.tile)
        for number in spread(len(windows), MOST_WINDOWS):
            window = opened.pair.read(windows[number])
            if window.valid.any():
                yield tile_scores(ready, window)[window.valid]
