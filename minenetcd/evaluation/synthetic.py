"""How a detector does on held-out synthetic scenes."""

from collections.abc import Iterable

import numpy as np

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.evaluation.confusion import Confusion
from minenetcd.synthetic import make_scene


def score_on_synthetic(detector: ChangeDetector, seeds: Iterable[int], *, size: int = 512) -> Confusion:
    """Counts pooled over the scenes of `seeds`, `size` x `size` pixels each, at the detector's own threshold."""
    ready, total = detector.for_inference(str(detector.device)), Confusion()
    for seed in seeds:
        scene = make_scene(seed, size=size)
        changed = ready.probability(scene.before, scene.after) >= detector.threshold
        total += Confusion.count(changed.astype(np.uint8), scene.mask)
    return total
