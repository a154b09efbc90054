"""How a detector does on a split: every pair once, counted on every process, summed before any ratio is taken."""

from contextlib import nullcontext

import torch
from accelerate import Accelerator
from torch import Tensor

from minenetcd.configs.value_range import ValueRange
from minenetcd.constants import Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.fitting import FittedPairs
from minenetcd.data.loading import make_ordered_loader
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.evaluation.scenes import evaluate_scenes
from minenetcd.evaluation.tally import BatchHandler, Evaluation, Tally
from minenetcd.types import ChangeBatch


def evaluate(
    detector: Detector,
    dataset: ChangeDataset,
    *,
    threshold: float | None = None,
    batch_size: int = 8,
    workers: int = 2,
    accelerator: Accelerator | None = None,
    on_batch: BatchHandler = lambda *_: None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Run `detector` over `dataset` and count, at the detector's threshold or at `threshold`.

    A network runs in evaluation mode, and is left in the mode it was in; of data sets with more bands than the three it
    reads, these are red, green and blue by the files, else the first three. A detector without training reads all
    bands, and learns each pair anew in the `workers` (see `evaluate_scenes`). `batch_size`, of networks, is that of a
    process. With several processes each takes its share and all get the same result. `on_batch` is called where a batch
    was computed. Raises DataError for a pair that cannot be read, OptionError for other bands and for a value range
    that is not the detector's.
    """
    if not isinstance(detector, ChangeDetector):
        (result,) = evaluate_scenes(
            [detector],
            dataset,
            threshold=threshold,
            workers=workers,
            accelerator=accelerator,
            on_batch=[on_batch],
            progress=progress,
        )
        return result
    return _evaluate_network(
        detector,
        FittedPairs(dataset, detector.preprocessing, detector.name),
        Tally(dataset, threshold or detector.threshold, detector.device),
        batch_size=batch_size,
        workers=workers,
        accelerator=accelerator,
        on_batch=on_batch,
        progress=progress,
    )


@torch.inference_mode()
def _evaluate_network(
    detector: ChangeDetector,
    pairs: FittedPairs,
    tally: Tally,
    *,
    batch_size: int,
    workers: int,
    accelerator: Accelerator | None,
    on_batch: BatchHandler,
    progress: Progress,
) -> Evaluation:
    pairs.check()
    rank, processes = (accelerator.process_index, accelerator.num_processes) if accelerator else (0, 1)
    loader = make_ordered_loader(
        pairs,
        batch_size=batch_size * processes,
        workers=workers,
        rank=rank,
        world_size=processes,
        device=detector.device,
    )
    with detector.in_evaluation_mode():
        for number, batches in enumerate(loader, start=1):
            for batch in batches:  # more than one where pairs differ in size
                probability = probability_of(detector, batch, accelerator, value_range=pairs.value_range)
                tally.add(batch, probability)
                on_batch(batch, probability)
            progress(number, len(loader))
    return tally.result(accelerator)


def probability_of(
    detector: ChangeDetector,
    batch: ChangeBatch,
    accelerator: Accelerator | None = None,
    *,
    value_range: ValueRange | None = None,
) -> Tensor:
    """Probability of change (B, H, W), float32, for a batch of its bands, on the detector's device.

    `value_range` as in `Preprocessing.dates_in_unit`.
    """
    dates = detector.preprocessing.dates_in_unit(batch, detector.device, value_range)
    with nullcontext() if accelerator is None else accelerator.autocast():
        probability: Tensor = detector(*dates)
    return probability
