"""How much a detector may call changed, where nobody says what the ground beside the judged places is.

Polygons are places that a detector took for change, and many of them are: one that learns from them comes to call more
changed everywhere, and no verdict says whether that is right. So its threshold rises until it calls no more of the
sites it learned from changed than the detector it started from: it may call other places, not more.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import Progress
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.scenes.threshold import ProbabilityRange, log_odds_shift, shifted, spread
from minenetcd.geo.sample import SceneSample, side_by_side
from minenetcd.labelling.learning.division import Part

#: Of the parts that trained so many are looked at, and of each so many windows.
MOST_PARTS, MOST_WINDOWS = 8, 2

#: Log-odds by which a threshold is raised, at most and in steps.
MOST_RAISED, STEP = 6.0, 0.1

#: Probability of change in a window (N,), where both dates hold data.
Scores = NDArray[np.float32]


def calling_no_more(
    trained: ChangeDetector, start: ChangeDetector, parts: Sequence[Part], device: str, progress: Progress
) -> ChangeDetector:
    """`trained`, which decides as `start` does, with thresholds raised until it calls no more of `parts` changed."""
    plain = trained.with_model(trained.model, scene_threshold=None)
    windows: list[list[Scores]] = []
    called = 0
    chosen = [parts[number] for number in spread(len(parts), MOST_PARTS)]
    for number, part in enumerate(chosen, start=1):
        own = list(_scores(start, start, part, device))
        called += sum(int((each >= np.float32(start.threshold)).sum()) for each in own)
        windows.append(list(_scores(plain, start, part, device)))
        progress(number, len(chosen))
    raised = _least_raise(lambda by: _called(windows, trained, by) <= called)
    return _raised(trained, raised)


def _least_raise(is_enough: Callable[[float], bool]) -> float:
    steps = np.arange(0, MOST_RAISED + STEP / 2, STEP).round(6).tolist()
    return next((by for by in steps if is_enough(by)), MOST_RAISED)


def _raised(detector: ChangeDetector, by: float) -> ChangeDetector:
    """The same with its threshold, or the range in which it looks for one in a scene, moved by so many log-odds."""
    if not by:
        return detector
    within = detector.scene_threshold
    return detector.with_model(
        detector.model,
        threshold=_moved(detector.threshold, by),
        scene_threshold=None if within is None else (_moved(within[0], by), _moved(within[1], by)),
    )


def _moved(probability: float, by: float) -> float:
    odds = math.log(probability / (1 - probability)) + by
    return round(1 / (1 + math.exp(-odds)), 4)


def _called(scenes: Sequence[Sequence[Scores]], detector: ChangeDetector, by: float) -> int:
    """Pixels called changed with thresholds raised `by` log-odds."""
    raised = _raised(detector, by)
    return sum(_called_in(scene, raised.threshold, raised.scene_threshold) for scene in scenes)


def _called_in(windows: Sequence[Scores], threshold: float, within: ProbabilityRange | None) -> int:
    shift = 0.0 if within is None else log_odds_shift(windows, threshold, within)
    return sum(int((shifted(each, shift) >= np.float32(threshold)).sum()) for each in windows)


def _scores(detector: ChangeDetector, reads_as: ChangeDetector, part: Part, device: str) -> Iterator[Scores]:
    """Of some windows of a part, of a scene that is known as a whole."""
    with part.scene.open(reads_as) as opened:
        ready = detector.for_scene(SceneSample(opened.pair), device)
        windows = side_by_side(part.window, detector.tile)
        for number in spread(len(windows), MOST_WINDOWS):
            window = opened.pair.read(windows[number])
            if window.valid.any():
                yield ready.scores((window.before[None], window.after[None]), window.valid[None])[0, 0][window.valid]
