"""Counts of a detector on a split: pair by pair as they come, then summed over all processes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.constants import UNKNOWN
from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.evaluation.by_site import pool
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import LEVELS, probability_histogram
from minenetcd.types import ChangeBatch

#: Called with each batch where it is computed: samples, and their probability of change (B, H, W).
BatchHandler = Callable[[ChangeBatch, Tensor], None]


@dataclass(frozen=True)
class Evaluation:
    """Counts of one detector on one split.

    `counts` (N, 4) int64 holds tp, fp, fn, tn of each pair at `threshold`; `histogram` (2, LEVELS) int64 counts
    unchanged and changed pixels by probability. `refused` names the pairs on which a detector without training could
    not work, which count as unchanged everywhere. `seconds` that it computed, those of all processes added up; None
    where they were not measured.
    """

    facts: DatasetFacts
    names: Sequence[str]
    sites: Sequence[str] | None
    threshold: float
    counts: NDArray[np.int64]
    histogram: NDArray[np.int64]
    refused: Sequence[str] = ()
    seconds: float | None = None

    @cached_property
    def confusion(self) -> Confusion:
        """Pooled over all pairs."""
        return Confusion(*self.counts.sum(axis=0).tolist())

    @cached_property
    def by_pair(self) -> dict[str, Confusion]:
        """Of each pair."""
        return {name: Confusion(*row) for name, row in zip(self.names, self.counts.tolist(), strict=True)}

    @cached_property
    def by_site(self) -> dict[str, Confusion] | None:
        """Pooled over the pairs of each site, in the order of their names; None where sites are not known."""
        return None if self.sites is None else pool(self.sites, self.by_pair.values())


class Tally:
    """Takes what a detector says of the pairs of `dataset`, batch by batch, and counts it on `device`."""

    def __init__(self, dataset: ChangeDataset, threshold: float, device: torch.device | None = None) -> None:
        self.dataset, self.threshold, self.device = dataset, threshold, device or torch.device("cpu")
        self.place = {name: index for index, name in enumerate(dataset.names)}
        self.counts = torch.zeros(len(dataset), 4, dtype=torch.int64, device=self.device)
        self.histogram = torch.zeros(2, LEVELS, dtype=torch.int64, device=self.device)
        self.refused = torch.zeros(len(dataset), dtype=torch.int64, device=self.device)

    def add(self, batch: ChangeBatch, probability: Tensor, refused: Tensor | None = None) -> None:
        """`probability` (B, H, W) on the device; `refused` (B,) marks pairs on which nothing could be said."""
        truth = batch.mask.to(self.device, non_blocking=True)
        rows = torch.tensor([self.place[name] for name in batch.names], device=self.device)
        self.counts[rows] = _counts(probability >= self.threshold, truth)
        self.histogram += probability_histogram(probability, truth)
        if refused is not None:
            self.refused[rows] = refused.long()

    def result(self, accelerator: Accelerator | None = None, *, seconds: float | None = None) -> Evaluation:
        """Of this process, or with an `accelerator` of all of them."""
        counts, histogram, refused = (
            summed(counted, accelerator) for counted in (self.counts, self.histogram, self.refused)
        )
        if seconds is not None:
            seconds = float(summed(torch.tensor(seconds), accelerator))
        names = list(self.dataset.names)
        return Evaluation(
            facts=self.dataset.facts,
            names=names,
            sites=self.dataset.sites,
            threshold=self.threshold,
            counts=counts.cpu().numpy(),
            histogram=histogram.cpu().numpy(),
            refused=[name for name, was in zip(names, refused.tolist(), strict=True) if was],
            seconds=seconds,
        )


def summed(counts: Tensor, accelerator: Accelerator | None) -> Tensor:
    """`counts` of all processes added up, the same on each of them."""
    if accelerator is None:
        return counts
    total: Tensor = accelerator.reduce(counts.to(accelerator.device), "sum")
    return total


def _counts(predicted: Tensor, truth: Tensor) -> Tensor:
    """tp, fp, fn, tn of each sample: two (B, H, W) -> (B, 4) int64."""
    known, changed = truth != UNKNOWN, truth == 1
    cells = (predicted & changed, predicted & ~changed, ~predicted & changed, ~predicted & ~changed)
    return torch.stack([(cell & known).sum(dim=(1, 2)) for cell in cells], dim=1)
