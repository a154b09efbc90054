"""What two detectors say about the same pixels, counted together with what is true."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.constants import UNKNOWN
from minenetcd.evaluation.confusion import Confusion

Side = Literal["a", "b"]


def joint_counts(a: Tensor, b: Tensor, truth: Tensor) -> Tensor:
    """Pixels by truth, by what `a` and by what `b` says, of each sample: (B, H, W) three times -> (B, 2, 2, 2) int64.

    `a` and `b` are bool, `truth` holds 0, 1 and 255, whose pixels are left out.
    """
    known = truth != UNKNOWN
    code = 4 * (truth == 1).long() + 2 * a.long() + b.long()
    samples = torch.arange(len(truth), device=truth.device)[:, None, None]
    counts = torch.bincount((8 * samples + code)[known], minlength=8 * len(truth))
    return counts.view(-1, 2, 2, 2)


@dataclass(frozen=True)
class JointCounts:
    """`counts` (N, 2, 2, 2) int64 of N named parts: pixels by truth, by detector a and by detector b; 1 is changed.

    Without a truth, `counts` (N, 2, 2) are by the two detectors alone. `groups[i]` names what part i belongs to (its
    site): parts of different groups count as independent. `part` and `group` say what these are, for people.
    """

    names: Sequence[str]
    counts: NDArray[np.int64]
    groups: Sequence[str]
    part: str
    group: str

    @property
    def has_truth(self) -> bool:
        return self.counts.ndim == 4

    @cached_property
    def total(self) -> NDArray[np.int64]:
        """All parts together."""
        return self.counts.sum(axis=0)

    @cached_property
    def by_group(self) -> dict[str, NDArray[np.int64]]:
        """Counts added up per group, in the order of the groups' names."""
        groups = np.array(self.groups)
        return {str(group): self.counts[groups == group].sum(axis=0) for group in np.unique(groups)}

    @property
    def differing(self) -> NDArray[np.int64]:
        """Pixels of each part in which the detectors differ (N,)."""
        by_part = self.counts.reshape(len(self.names), -1, 2, 2).sum(axis=1)
        return by_part[:, 0, 1] + by_part[:, 1, 0]

    def largest_differences(self, most: int) -> list[int]:
        """The parts with the most differing pixels, the most first, equals in their order; none without any."""
        order = np.argsort(-self.differing, kind="stable")[:most]
        return [int(index) for index in order if self.differing[index]]


def confusion(counts: NDArray[np.int64], side: Side) -> Confusion:
    """The confusion counts of one detector, from joint ones (2, 2, 2)."""
    (tn, fp), (fn, tp) = counts.sum(axis=2 if side == "a" else 1).tolist()
    return Confusion(tp=tp, fp=fp, fn=fn, tn=tn)


def only_right(counts: NDArray[np.int64], side: Side) -> int:
    """Pixels in which this detector alone is right, from joint counts (2, 2, 2): what McNemar's test compares."""
    a, b = (0, 1) if side == "a" else (1, 0)  # of unchanged pixels; of changed ones the reverse
    return int(counts[0, a, b] + counts[1, b, a])
