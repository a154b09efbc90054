"""Probabilities that mean what they say: one temperature, fitted on validation data, divides the logits.

Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.2. Pixels keep
their order, so that maps, F1 and average precision at the best threshold stay as they are.
"""

import copy
import math
from dataclasses import dataclass, replace

from minenetcd.constants import Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError, OptionError
from minenetcd.evaluation.evaluate import evaluate
from minenetcd.evaluation.probabilities.curves import calibration_error
from minenetcd.evaluation.probabilities.temperature import WIDEST, fit_temperature, histogram_at, scaled

#: Under this name a detector's provenance says what its temperature was fitted on.
CALIBRATION = "calibration"


@dataclass(frozen=True)
class Calibrated:
    """A detector whose probabilities are calibrated, and the expected calibration error before and after."""

    detector: ChangeDetector
    temperature: float  # of the fit: the detector's own is its product with the one it had
    error_before: float
    error_after: float

    @property
    def is_at_its_limit(self) -> bool:
        """Whether a temperature farther from 1 might have fitted better."""
        return abs(math.log(self.temperature)) > 0.99 * WIDEST


def calibrate(
    detector: Detector,
    dataset: ChangeDataset,
    *,
    batch_size: int = 8,
    workers: int = 2,
    progress: Progress = no_progress,
) -> Calibrated:
    """`detector` with the temperature that makes the pairs of `dataset` likeliest; its threshold moves with it.

    It then marks the same pixels as before. `dataset` should be neither what it was trained on nor what it is tested
    on: its validation split. OptionError for a detector without training, whose scores are no probabilities; DataError
    where `dataset` holds no changed or no unchanged pixels.
    """
    if not isinstance(detector, ChangeDetector):
        raise OptionError(
            f"A trained network is needed to calibrate, {detector.name} gives scores and no probabilities: name a "
            "detector that was trained."
        )
    ready = detector.for_inference()
    found = evaluate(ready, dataset, batch_size=batch_size, workers=workers, progress=progress).histogram
    if not found.sum(axis=1).all():
        raise DataError(
            f"Changed and unchanged pixels are needed to calibrate, {dataset.facts.source} has one kind: name another "
            "split (--split) or data set."
        )
    temperature = fit_temperature(found)
    made = copy.deepcopy(detector)
    made.temperature = detector.temperature * temperature
    made.threshold = scaled(detector.threshold, temperature)
    if detector.scene_threshold is not None:
        low, high = detector.scene_threshold
        made.scene_threshold = scaled(low, temperature), scaled(high, temperature)
    words = f"temperature {made.temperature:.3g}, fitted on {dataset.facts.source}, {dataset.facts.split}"
    made.provenance = replace(made.provenance, extra={**made.provenance.extra, CALIBRATION: words})
    before, after = (calibration_error(each) or 0.0 for each in (found, histogram_at(found, temperature)))
    return Calibrated(made, temperature, before, after)
