"""Which polygons are worth a look first: those whose area depends most on what a person says.

The doubt of a polygon is 0 to 1, the mean of
- how near its mean probability is to the threshold: 1 at the threshold, 0 at a probability of 1;
- the share of it that the second opinion does not call changed.
Where there was no second opinion, or no probability was kept, it is the other one alone, and 1 without both. Times its
area it says how many hectares may be wrong, and by that the queue goes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """N polygons as the queue sees them, (N,) each: `confidence`, `threshold` and `agreement` are 0 to 1, NaN where
    not known."""

    ids: NDArray[np.int64]
    areas: Numbers
    confidence: Numbers
    threshold: Numbers
    agreement: Numbers


def doubt(confidence: Numbers, threshold: Numbers, agreement: Numbers) -> Numbers:
    """0 to 1, as above (N,)."""
    least = np.clip(np.nan_to_num(threshold), 0, 1)
    room = 1 - least
    sure = np.divide(confidence - least, room, out=np.where(np.isnan(confidence), np.nan, 1.0), where=room > 0)
    parts = 1 - np.clip(np.stack([sure, agreement]), 0, 1)
    known = ~np.isnan(parts)
    mean: Numbers = np.where(known, parts, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known.any(axis=0), mean, 1.0)


def most_doubtful_first(polygons: Measured) -> list[int]:
    """Their ids, largest doubt x area first; of equal ones the smaller id."""
    worth = doubt(polygons.confidence, polygons.threshold, polygons.agreement) * polygons.areas
    order = np.lexsort((polygons.ids, -worth))
    ids: list[int] = polygons.ids[order].tolist()
    return ids
