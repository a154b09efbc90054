"""Counts first: the metrics of section 5.4 (equations 7 to 11) and others, from one pooled confusion count."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from minenetcd.evaluation.counts import Counts, labelled_pixels

#: What `Confusion.metrics` gives, in the order of a table.
METRICS = (
    *("oa", "precision", "recall", "f1", "ciou"),
    *("kappa", "specificity", "unchanged_precision", "unchanged_f1", "unchanged_iou"),
    *("macro_precision", "macro_recall", "macro_f1", "mean_iou"),
)


@dataclass(frozen=True)
class Confusion(Counts):
    """Pixels by truth and prediction. Counts add up over tiles, scenes and processes; ratios do not.

    Metrics without another word in their name are of the changed class. A ratio whose denominator is zero is
    undefined and given as None, and so is what is made from it.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    @classmethod
    def count(cls, prediction: NDArray[np.integer], truth: NDArray[np.integer]) -> Self:
        """Compare two masks of one shape holding 0 unchanged, 1 changed, 255 ignored (in either of them)."""
        known = labelled_pixels(prediction, truth)
        code = 2 * (truth[known] == 1).astype(np.int64) + (prediction[known] == 1)
        tn, fp, fn, tp = np.bincount(code, minlength=4).tolist()
        return cls(tp=tp, fp=fp, fn=fn, tn=tn)

    def metrics(self) -> dict[str, float | None]:
        """Everything in METRICS by its name."""
        return {name: getattr(self, name) for name in METRICS}

    @property
    def pixels(self) -> int:
        """All that was counted."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def unchanged(self) -> Self:
        """The same counts with the unchanged class as the one looked for."""
        return type(self)(tp=self.tn, fp=self.fn, fn=self.fp, tn=self.tp)

    @property
    def oa(self) -> float | None:
        """Overall accuracy (equation 7)."""
        return _ratio(self.tp + self.tn, self.pixels)

    @property
    def precision(self) -> float | None:
        """Equation 8."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Equation 9."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """F1 of the changed class (equation 10)."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def ciou(self) -> float | None:
        """Intersection over union of the changed class (equation 11)."""
        return _ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: agreement beyond that of chance."""
        chance = (self.tp + self.fp) * (self.tp + self.fn) + (self.tn + self.fp) * (self.tn + self.fn)
        return _ratio(self.pixels * (self.tp + self.tn) - chance, self.pixels**2 - chance)

    @property
    def specificity(self) -> float | None:
        """Share of the unchanged pixels that are found unchanged: the recall of the unchanged class."""
        return self.unchanged.recall

    @property
    def unchanged_precision(self) -> float | None:
        return self.unchanged.precision

    @property
    def unchanged_f1(self) -> float | None:
        return self.unchanged.f1

    @property
    def unchanged_iou(self) -> float | None:
        return self.unchanged.ciou

    @property
    def macro_precision(self) -> float | None:
        return _mean(self.precision, self.unchanged_precision)

    @property
    def macro_recall(self) -> float | None:
        """Also called balanced accuracy."""
        return _mean(self.recall, self.specificity)

    @property
    def macro_f1(self) -> float | None:
        return _mean(self.f1, self.unchanged_f1)

    @property
    def mean_iou(self) -> float | None:
        return _mean(self.ciou, self.unchanged_iou)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(changed: float | None, unchanged: float | None) -> float | None:
    return None if changed is None or unchanged is None else (changed + unchanged) / 2
