"""Which pairs may have their dates exchanged, judged by tone alone.

Where most before images differ from their after images in the same way (another sensor, season or processing), the few
pairs that differ the other way round stand out. Where no such difference runs through a data set, nothing is reported.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_PAIRS = 40
#: Share of pairs that must agree before the others are doubted.
LEAST_AGREEMENT = 0.95
#: How far from the others a doubted pair lies, in their standard deviations (robust).
LEAST_DISTANCE = 5.0
_RIDGE = 1e-3


@dataclass(frozen=True)
class DateOrder:
    """`agreement`: share of pairs whose dates the tone of the others puts in the right order; None: too few pairs."""

    agreement: float | None
    doubted: NDArray[np.intp]  # indices of pairs


def judge_date_order(tones: NDArray[np.float64]) -> DateOrder:
    """Judge pairs by `tones` (N, 2, F): features of the before and of the after image, in any units.

    A linear rule is fitted to after - before (it has no constant: exchanging the dates turns its sign), and each
    pair is judged by the rule of all others (leave one out, in closed form).
    """
    change = tones[:, 1] - tones[:, 0]
    scale = np.sqrt((change**2).mean(axis=0)) if len(change) else np.zeros(0)
    change = change[:, scale > 0] / scale[scale > 0]
    if len(change) < LEAST_PAIRS:
        return DateOrder(None, np.empty(0, dtype=np.intp))
    scores = _scores_without_self(change)
    agreement = float((scores > 0).mean())
    if agreement < LEAST_AGREEMENT:
        return DateOrder(agreement, np.empty(0, dtype=np.intp))
    typical = float(np.median(scores))
    spread = 1.4826 * float(np.median(np.abs(scores - typical)))
    return DateOrder(agreement, np.flatnonzero(scores < min(-typical / 2, typical - LEAST_DISTANCE * spread)))


def _scores_without_self(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,): 1 for a pair in the usual order, -1 for one exchanged; by ridge regression on (N, F)."""
    covariance = change.T @ change + _RIDGE * len(change) * np.eye(change.shape[1])
    projected = np.linalg.solve(covariance, change.T)  # (F, N)
    fitted, leverage = change @ projected.sum(axis=1), np.einsum("nf,fn->n", change, projected)
    return (fitted - leverage) / (1 - leverage)
