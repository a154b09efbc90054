"""How a detector does on a split: every pair once, counted on every process, summed before any ratio is taken."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.data.loading import make_loader
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import dates_in_unit
from minenetcd.evaluation.by_site import pool
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.curves import LEVELS, probability_histogram
from minenetcd.types import ChangeBatch

#: Called with each batch where it is computed: samples, and their probability of change (B, H, W).
BatchHandler = Callable[[ChangeBatch, Tensor], None]


@dataclass(frozen=True)
class Evaluation:
    """Counts of one detector on one split.

    `counts` (N, 4) int64 holds tp, fp, fn, tn of each pair at `threshold`; `histogram` (2, LEVELS) int64 counts
    unchanged and changed pixels by probability.
    """

    facts: DatasetFacts
    names: Sequence[str]
    sites: Sequence[str] | None
    threshold: float
    counts: NDArray[np.int64]
    histogram: NDArray[np.int64]

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


@torch.inference_mode()
def evaluate(
    detector: ChangeDetector,
    dataset: ChangeDataset,
    *,
    batch_size: int = 8,
    workers: int = 2,
    accelerator: Accelerator | None = None,
    on_batch: BatchHandler = lambda *_: None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Run `detector` over `dataset` and count, at the detector's threshold.

    It runs in evaluation mode, and is left in the mode it was in. `batch_size` is that of a process. With several
    processes each takes its share and all get the same result. `on_batch` is called where a batch was computed.
    Raises DataError for a pair that cannot be read.
    """
    rank, processes = (accelerator.process_index, accelerator.num_processes) if accelerator else (0, 1)
    loader = make_loader(
        dataset,
        batch_size=batch_size * processes,
        workers=workers,
        seed=0,
        rank=rank,
        world_size=processes,
        device=detector.device,
    )
    place = {name: index for index, name in enumerate(dataset.names)}
    counts = torch.zeros(len(dataset), 4, dtype=torch.int64, device=detector.device)
    histogram = torch.zeros(2, LEVELS, dtype=torch.int64, device=detector.device)
    with detector.in_evaluation_mode():
        for number, batch in enumerate(loader, start=1):
            probability = probability_of(detector, batch, accelerator)
            truth = batch.mask.to(detector.device, non_blocking=True)
            rows = torch.tensor([place[name] for name in batch.names], device=detector.device)
            counts[rows] = _counts(probability >= detector.threshold, truth)
            histogram += probability_histogram(probability, truth)
            on_batch(batch, probability)
            progress(number, len(loader))
    if accelerator:
        counts, histogram = accelerator.reduce(counts, "sum"), accelerator.reduce(histogram, "sum")
    return Evaluation(
        facts=dataset.facts,
        names=list(dataset.names),
        sites=dataset.sites,
        threshold=detector.threshold,
        counts=counts.cpu().numpy(),
        histogram=histogram.cpu().numpy(),
    )


def probability_of(detector: ChangeDetector, batch: ChangeBatch, accelerator: Accelerator | None = None) -> Tensor:
    """Probability of change (B, H, W), float32, for a batch of uint8 dates, on the detector's device."""
    dates = dates_in_unit(batch, detector.device)
    with nullcontext() if accelerator is None else accelerator.autocast():
        probability: Tensor = detector(*dates)
    return probability


def _counts(predicted: Tensor, truth: Tensor) -> Tensor:
    """tp, fp, fn, tn of each sample: two (B, H, W) -> (B, 4) int64."""
    known, changed = truth != UNKNOWN, truth == 1
    cells = (predicted & changed, predicted & ~changed, ~predicted & changed, ~predicted & ~changed)
    return torch.stack([(cell & known).sum(dim=(1, 2)) for cell in cells], dim=1)
