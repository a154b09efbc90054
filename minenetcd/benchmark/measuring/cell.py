"""One cell: train it unless it is trained, or load its weights; test it; write down everything about it."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.measuring.samples import SampleCollector, kept_names
from minenetcd.benchmark.record import Origin, Record, Timing, Training
from minenetcd.benchmark.suite.cells import WITHOUT_EFFECT, Cell
from minenetcd.benchmark.suite.trunks import complexity_of
from minenetcd.constants import VERSION, TrainedOn
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError
from minenetcd.evaluation.beside import open_beside
from minenetcd.evaluation.evaluate import evaluate
from minenetcd.evaluation.outputs import MetricsRecord, staged_results, write_results
from minenetcd.evaluation.tally import Evaluation
from minenetcd.evaluation.testing import is_trained_on
from minenetcd.files import locked, make_folder
from minenetcd.registry import is_path
from minenetcd.runtime.reporting import Reporter
from minenetcd.training.records.environment import git_state, processor
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation
from minenetcd.training.records.run_folder import RunFolder
from minenetcd.training.train import train


def measure_cell(*, cell: Mapping[str, Any], out: str, runs: str, device: str, reporter: Reporter) -> dict[str, Any]:
    """`run_cell` as a task of a pool: the cell as JSON, and the folders by name."""
    return run_cell(Cell.from_json(cell), BenchmarkFolder(out, runs), device=device, reporter=reporter).as_json()


def run_cell(cell: Cell, folder: BenchmarkFolder, *, device: str, reporter: Reporter) -> Record:
    """Measure `cell`, write its record and return it. Raises what training, loading and testing raise."""
    detector, training = _detector(cell, folder, device, reporter)
    out = make_folder(folder.cell(cell))
    result, seconds = _test(cell, detector, folder, device, reporter)
    about = {"model": cell.label, "trained_on": detector.provenance.trained_on_in_words}
    with staged_results(out, result.names, pictures=False) as staged:
        write_results(result, staged, about=about)
    model = cell.model if cell.needs_no_weights else detector.describe()["model"]
    record = Record(
        cell=cell.id,
        row=cell.row,
        label=cell.label,
        group=cell.group,
        model=model,
        dataset=cell.dataset,
        recipe=cell.recipe,
        seed=cell.seed,
        weights="trained" if cell.is_trained_here else cell.weights,
        trained_on=detector.provenance.trained_on_in_words,
        metrics=MetricsRecord.of(result),
        complexity=complexity_of(model),
        training=training,
        test_seconds=round(seconds, 3),
        origin=_origin(cell, device),
    )
    folder.write_record(cell, record)
    return record


def _detector(cell: Cell, folder: BenchmarkFolder, device: str, reporter: Reporter) -> tuple[Detector, Training | None]:
    """The detector to test, and what is known of its training."""
    if cell.needs_no_weights:
        return open_beside(**cell.model), None
    if not cell.is_trained_here:
        reporter.note(f"loading {cell.weights}")
        return ChangeDetector.from_pretrained(cell.weights), None
    _refuse_training_on_the_test(cell)
    run = folder.run(cell)
    with locked(f"{run}.lock"):  # suites that share runs, or one that was killed and is still saving
        if not is_trained(run):
            train(_as_started(cell, run), run, device=device, resume=True, reporter=_Relay(reporter))
            shutil.rmtree(run / "checkpoints")  # a finished run is not gone on with
    # whoever wrote the suite named the classes of its model
    named = [value for value in cell.model.values() if isinstance(value, str) and is_path(value)]
    return ChangeDetector.from_pretrained(run, trust=named), _training(cell, run)


def _refuse_training_on_the_test(cell: Cell) -> None:
    """DataError where the pairs that are tested are those that are trained on, as in a set that is not divided."""
    trained, tested = (
        load_dataset(cell.data, split).facts for split in (cell.settings.data.train_split, cell.test.split)
    )
    if is_trained_on(TrainedOn(**asdict(trained)), tested):
        same = (
            f"{cell.data!r} gives the split {tested.split!r} for both"
            if trained.split == tested.split
            else f"{trained.split!r} and {tested.split!r} of {cell.data!r} hold the same pairs"
        )
        raise DataError(
            f"Training and test need different pairs, {same}: divide it into train and test, or test weights that were "
            "trained elsewhere."
        )


def is_trained(run: Path) -> bool:
    """Whether the run in this folder came to its end."""
    return bool(RunFolder(run).read_summary().get("finished"))


def measured_so_far(cell: Cell, record: Record | None, folder: BenchmarkFolder) -> Timing | None:
    """What `cell` took, by its `record`; of one that is begun, its training so far; else None."""
    if record is not None:
        return record.timing
    if cell.is_trained_here and RunFolder(folder.run(cell)).read_log():
        _, pairs, seconds = _steps(cell, folder.run(cell))
        return Timing(pairs, seconds)
    return None


def _as_started(cell: Cell, run: Path) -> dict[str, Any]:
    """The cell's configuration, with the keys that decide nothing as they were when the run was started."""
    settings = cell.settings.model_dump(mode="json")
    folder = RunFolder(run)
    if folder.config.exists():
        before = folder.read_settings().model_dump(mode="json")
        for *sections, key in WITHOUT_EFFECT:
            settings = _with(settings, sections, key, _at(before, sections).get(key))
    return settings


def _test(
    cell: Cell, detector: Detector, folder: BenchmarkFolder, device: str, reporter: Reporter
) -> tuple[Evaluation, float]:
    """Evaluate on the cell's split, keep sample masks; also the seconds it took."""
    data = load_dataset(cell.data, cell.test.split)
    ready = detector.for_inference(device) if isinstance(detector, ChangeDetector) else detector
    threshold = cell.test.threshold or detector.threshold
    samples = SampleCollector(
        kept_names(data.names, cell.test.kept),
        folder.samples(cell.dataset, data.facts.fingerprint),
        threshold=threshold,
    )
    started = time.perf_counter()
    result = evaluate(
        ready,
        data,
        threshold=threshold,
        batch_size=cell.test.batch_size,
        workers=cell.settings.data.workers,
        on_batch=samples,
        progress=lambda done, of: reporter.progress("test", done, of),
    )
    seconds = time.perf_counter() - started
    samples.write(folder.cell(cell) / "masks.npz")
    return result, seconds


def _training(cell: Cell, run: Path) -> Training:
    """Steps, pairs and seconds of the training, from its folder, and its best validation."""
    summary = RunFolder(run).read_summary()
    return Training(
        *_steps(cell, run),
        val_f1=summary["best"]["f1"],
        best_step=summary["best"]["step"],
        train_fingerprint=summary["data"]["train"]["fingerprint"],
        train_commit=(summary.get("git") or {}).get("commit"),
    )


def _steps(cell: Cell, run: Path) -> tuple[int, int, float]:
    """Steps, their pairs, and the seconds they took, without those of validation and saving."""
    rows, settings = RunFolder(run).read_log(), cell.settings
    pairs = settings.recipe.batch_size * settings.trainer.accumulation
    seconds = sum(pairs / float(row["samples_per_second"]) for row in rows)
    return len(rows), len(rows) * pairs, round(seconds, 3)


def _origin(cell: Cell, device: str) -> Origin:
    state = git_state()
    return Origin(
        config_hash=cell.hash,
        commit=state["commit"] if state else None,
        commit_changed=state["changed"] if state else None,
        version=VERSION,
        torch=torch.__version__,
        machine=_machine("cpu" if cell.needs_no_weights else device),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _machine(device: str) -> str:
    """The processor or accelerator that did the work."""
    if device != "cpu" and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"{processor()}, {threads} thread{'s' * (threads > 1)}"


class _Relay(TrainingReporter):
    """Passes on what a training reports."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter

    def progress(self, phase: str, done: int, of: int) -> None:
        self.reporter.progress(phase, done, of)

    def note(self, text: str) -> None:
        self.reporter.note(text)

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        self.progress("train", step.step, of)


def _at(values: Mapping[str, Any], sections: list[str]) -> Mapping[str, Any]:
    for section in sections:
        values = values.get(section, {})
    return values


def _with(values: Mapping[str, Any], sections: list[str], key: str, value: Any) -> dict[str, Any]:
    """`values` with one key in a section set."""
    if not sections:
        return {**values, key: value}
    return {**values, sections[0]: _with(values[sections[0]], sections[1:], key, value)}
