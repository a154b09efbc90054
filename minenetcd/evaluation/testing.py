"""Testing a detector on a split, by one protocol, with everything written that a reader of the numbers may ask for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor

from minenetcd.constants import Progress, TrainedOn, check_threshold, no_progress
from minenetcd.data.dataset import DatasetFacts
from minenetcd.data.fitting import FittedPairs
from minenetcd.data.split_names import WHOLE
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.engines.computed_by import ComputedBy, check_execution
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.evaluation.beside import MOST_PAIRS, Beside, measure_beside
from minenetcd.evaluation.boundary import BoundaryCounts
from minenetcd.evaluation.evaluate import evaluate
from minenetcd.evaluation.outputs import BoundaryCounter, PictureWriter, add_to_metrics, staged_results, write_results
from minenetcd.evaluation.tally import BatchHandler, Evaluation, summed
from minenetcd.files import unwritable
from minenetcd.runtime.device import choose_device
from minenetcd.runtime.execution import AS_TRAINED, Execution
from minenetcd.runtime.launch import is_launched
from minenetcd.types import ChangeBatch


@dataclass(frozen=True)
class Tested:
    """What a test found; `beside` is None where that was not asked for.

    `bands_note`: which bands a network of three read of images that have more.
    """

    result: Evaluation
    beside: Beside | None
    bands_note: str | None = None


def run_test(
    detector: Detector,
    data: str,
    out: str | Path,
    *,
    split: str = "test",
    batch_size: int = 8,
    workers: int = 2,
    device: str = "auto",
    execution: Execution = AS_TRAINED,
    threshold: float | None = None,
    pictures: bool = True,
    boundary_tolerance: float | None = None,
    beside: int = MOST_PAIRS,
    progress: Progress = no_progress,
    beside_progress: Progress = no_progress,
) -> Tested:
    """Test `detector` on `split` of the data set `data` and write what was found into the folder `out`.

    metrics.json, per_pair.csv, per_site.csv where sites are known, precision_recall.csv, and with `pictures` masks/
    and maps/ (TP green, TN white, FP red, FN blue): all at once, in place of an earlier test's. Then, on at most
    `beside` pairs, "everything changed" and the detectors without training, which metrics.json gets as well; who
    interrupts these keeps the rest. `threshold` replaces the detector's; `batch_size` is that of a process;
    `boundary_tolerance` [pixels] adds the boundary F-score. Launched as several processes, these share the pairs, and
    the result is the same; networks alone need the `device`, and are computed as `execution` says. Raises DataError for
    data that cannot be read, OptionError for a threshold outside 0 to 1 and an engine that cannot be used, OutputError
    for `out`.
    """
    own = check_threshold(detector.threshold if threshold is None else threshold)
    check_execution([detector], execution, device)
    is_network = isinstance(detector, ChangeDetector)
    on_cpu = not is_network or choose_device(execution.device(device)).type == "cpu"
    accelerator = Accelerator(cpu=on_cpu) if is_launched() else None
    is_main = accelerator is None or accelerator.is_main_process
    dataset = load_dataset(data, split)
    note = None
    if isinstance(detector, ChangeDetector):
        note = FittedPairs(dataset, detector.preprocessing, detector.name).bands_note
    with _results_folder(Path(out), dataset.names, accelerator, pictures=pictures) as folder:
        outlines = None if boundary_tolerance is None else BoundaryCounter(own, boundary_tolerance)
        handlers: list[BatchHandler] = [PictureWriter(folder, own)] if pictures else []
        handlers += [outlines] if outlines else []
        result = evaluate(
            _ready(detector, accelerator, device, execution),
            dataset,
            threshold=own,
            batch_size=batch_size,
            workers=workers,
            accelerator=accelerator,
            on_batch=partial(_handle, handlers),
            progress=progress if is_main else no_progress,
        )
        boundary = _summed(outlines.counts, accelerator) if outlines else None
        if is_main:
            write_results(result, folder, about=_about(detector, own, execution), boundary=boundary)
    found = None
    if beside:
        found = measure_beside(
            detector.name,
            result,
            dataset,
            most=beside,
            workers=workers,
            accelerator=accelerator,
            progress=beside_progress if is_main else no_progress,
        )
        if is_main:
            add_to_metrics(Path(out), {"beside": found.as_json()})
    if accelerator is not None:
        accelerator.end_training()
    return Tested(result, found, note)


def _ready(detector: Detector, accelerator: Accelerator | None, device: str, execution: Execution) -> Detector:
    """A network made ready on its device; others work on the CPU as they are."""
    if not isinstance(detector, ChangeDetector):
        return detector
    return detector.for_inference(str(accelerator.device) if accelerator else device, execution=execution)


@contextmanager
def _results_folder(
    out: Path, names: Sequence[str], accelerator: Accelerator | None, *, pictures: bool
) -> Iterator[Path]:
    """`staged_results`, of which the one of the main process serves all; it ends when all have written."""
    if accelerator is None:
        with staged_results(out, names, pictures=pictures) as folder:
            yield folder
        return
    try:
        with staged_results(out, names, pictures=pictures) if accelerator.is_main_process else nullcontext() as staged:
            (folder,) = broadcast_object_list([staged])
            yield folder
            accelerator.wait_for_everyone()
    except OSError as error:  # of another process than the main one
        raise unwritable(out, error) from error


def _handle(handlers: Sequence[BatchHandler], batch: ChangeBatch, probability: Tensor) -> None:
    for handler in handlers:
        handler(batch, probability)


def _summed(counts: BoundaryCounts, accelerator: Accelerator | None) -> BoundaryCounts:
    return BoundaryCounts.from_tensor(summed(counts.to_tensor(), accelerator))


def was_trained_on(detector: Detector, facts: DatasetFacts) -> bool:
    """Whether `detector` was trained on these pairs, or on a part of them (see `is_trained_on`)."""
    trained = detector.provenance.trained_on
    return trained is not None and is_trained_on(trained, facts)


def is_trained_on(trained: TrainedOn, tested: DatasetFacts) -> bool:
    """True where `tested` are training pairs, so that a test on them says nothing.

    These are the same pairs under whatever name, and a split of one source of which all or a part was trained on. Where
    the split is not known (weights of version 0.2), only a data set that is not divided counts as the same.
    """
    if trained.fingerprint == tested.fingerprint:
        return True
    split = WHOLE if trained.split is None else trained.split.partition("[")[0]  # "train[without 0.1]"
    return (trained.source, split) == (tested.source, tested.split)


def _about(detector: Detector, threshold: float, execution: Execution) -> dict[str, Any]:
    """`options` are those of a detector without training."""
    options = {"options": detector.describe()["options"]} if detector.provenance.learns_each_scene else {}
    return {
        "model": detector.name,
        **options,
        "computed_by": ComputedBy.of(detector, execution).as_json(),
        "trained_on": detector.provenance.trained_on_in_words,
        "threshold_of_the_detector": detector.threshold == threshold,
    }
