"""Detectors without training on a data set: each pair is a scene of its own, in the numbers and bands of its files."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.constants import Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.loading import make_mapped_loader
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.preprocessing import holds_data
from minenetcd.errors import RasterError
from minenetcd.evaluation.tally import BatchHandler, Evaluation, Tally
from minenetcd.geo.align import Pair
from minenetcd.types import ChangeBatch


class ScoredBatch(NamedTuple):
    """A batch, and what D detectors say of it: score of change (D, B, H, W) of 0 to 1, `refused` (D, B) where one
    could not work and the score is 0, `seconds` (D,) that each took."""

    batch: ChangeBatch
    scores: Tensor
    refused: Tensor
    seconds: Tensor


class SceneScores:
    """Asks `detectors` about the pairs of a batch, where they are read."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self.detectors = list(detectors)

    def __call__(self, batch: ChangeBatch) -> ScoredBatch:
        scores = torch.zeros(len(self.detectors), *batch.mask.shape)
        refused = torch.zeros(scores.shape[:2], dtype=torch.bool)
        seconds = torch.zeros(len(scores), dtype=torch.float64)
        pairs = pairs_of(batch)
        for place, detector in enumerate(self.detectors):
            started = time.process_time()
            for index, pair in enumerate(pairs):
                try:
                    scores[place, index] = torch.from_numpy(scene_score(detector, pair))
                except RasterError:  # `for_scene` says what cannot be worked on
                    refused[place, index] = True
            seconds[place] = time.process_time() - started
        return ScoredBatch(batch, scores, refused, seconds)


def pairs_of(batch: ChangeBatch) -> list[Pair]:
    """The samples of a batch as scenes, valid where both dates hold finite data, labelled or not."""
    before, after = (date.movedim(1, -1).numpy() for date in (batch.before, batch.after))
    finite = np.isfinite(before).all(axis=-1) & np.isfinite(after).all(axis=-1)
    valid = holds_data(batch).numpy() & finite
    return [Pair.of_arrays(*pair) for pair in zip(before, after, valid, strict=True)]


def scene_score(detector: Detector, pair: Pair) -> NDArray[np.float32]:
    """The score of change (H, W) of a whole pair. Raises what `for_scene` raises."""
    scene = detector.for_scene([pair], "cpu")
    score: NDArray[np.float32] = scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0]
    return score


def evaluate_scenes(
    detectors: Sequence[Detector],
    dataset: ChangeDataset,
    *,
    threshold: float | None = None,
    workers: int = 2,
    accelerator: Accelerator | None = None,
    on_batch: Sequence[BatchHandler] = (),
    progress: Progress = no_progress,
) -> list[Evaluation]:
    """Count what each of `detectors` says of `dataset`, each pair read once and computed where it is read.

    A pair on which a detector cannot work (a date without variance, too few valid pixels) counts as unchanged, since
    whoever ran it would get no map, and is named in `refused`. `threshold` stands in place of their own. `on_batch[i]`,
    where given, gets the scores of detector i. The same for any number of `workers` and processes. DataError for a pair
    that cannot be read.
    """
    rank, processes = (accelerator.process_index, accelerator.num_processes) if accelerator else (0, 1)
    loader = make_mapped_loader(
        dataset, SceneScores(detectors), batch_size=processes, workers=workers, rank=rank, world_size=processes
    )
    tallies = [Tally(dataset, threshold or detector.threshold) for detector in detectors]
    seconds = np.zeros(len(detectors))
    for number, scored in enumerate(loader, start=1):
        for tally, scores, refused in zip(tallies, scored.scores, scored.refused, strict=True):
            tally.add(scored.batch, scores, refused)
        for handle, scores in zip(on_batch, scored.scores, strict=False):
            handle(scored.batch, scores)
        seconds += scored.seconds.numpy()
        progress(number, len(loader))
    return [tally.result(accelerator, seconds=spent) for tally, spent in zip(tallies, seconds.tolist(), strict=True)]
