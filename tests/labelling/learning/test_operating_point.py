"""A detector that learned calls no more of its sites changed than before."""

from pathlib import Path

import numpy as np
import pytest
import torch
from rasterio.windows import Window

from labelling.learning.judged_results import make_result, say, small_network
from minenetcd.constants import no_progress
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.geo.sample import SceneSample
from minenetcd.labelling.learning.division import Part
from minenetcd.labelling.learning.operating_point import calling_no_more
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.reading.results import read_result


def called(detector: ChangeDetector, part: Part) -> int:
    """Pixels of a scene that `predict` would call changed."""
    with part.scene.open(detector) as opened:
        window = opened.pair.read(part.window)
        scene = detector.for_scene(SceneSample(opened.pair), "cpu")
        scores = scene.scores((window.before[None], window.after[None]), window.valid[None])[0, 0]
        return int((scores >= np.float32(detector.threshold)).sum())


@pytest.mark.parametrize("within", [None, (0.49, 0.51)])
def test_what_calls_more_is_held_back_and_what_calls_less_is_not(
    within: tuple[float, float] | None, tmp_path: Path
) -> None:
    scene, _ = read_result(say(make_result(tmp_path, 1), 1), LearnOptions())
    part = Part(scene, Window(0, 0, 160, 160))
    start = small_network()
    with part.scene.open(start) as opened:
        window = opened.pair.read(part.window)
        middle = float(np.median(start.probability(window.before, window.after)))
    start.threshold, start.scene_threshold = middle, within
    eager, shy = (start.with_model(small_network().model) for _ in range(2))
    with torch.no_grad():
        for detector, by in ((eager, 2.0), (shy, -2.0)):
            detector.model.head.bias[1] += by  # of the logit of change
    held = calling_no_more(eager, start, [part], "cpu", no_progress)
    assert called(held, part) <= called(start, part) and held.threshold > eager.threshold
    eager.scene_threshold = None
    assert called(eager, part) > called(start, part)
    assert held.scene_threshold is None  # one threshold for all scenes is what is measured
    kept = calling_no_more(shy, start, [part], "cpu", no_progress)
    assert kept.threshold == shy.threshold and kept.scene_threshold is None
