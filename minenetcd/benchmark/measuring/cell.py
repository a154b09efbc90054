"""One cell: train it unless it is trained, or load its weights; test it; write down everything about it."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.measuring.samples import SampleCollector, kept_names
from minenetcd.benchmark.suite.cells import WITHOUT_EFFECT, Cell
from minenetcd.benchmark.suite.trunks import complexity_of
from minenetcd.constants import TrainedOn
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError
from minenetcd.evaluation.evaluate import Evaluation, evaluate
from minenetcd.evaluation.outputs import MetricsRecord, write_results
from minenetcd.evaluation.testing import is_trained_on
from minenetcd.files import locked
from minenetcd.registry import is_path
from minenetcd.runtime.reporting import Reporter
from minenetcd.training.records.environment import git_state, processor
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation
from minenetcd.training.records.run_folder import CONFIG, RunFolder
from minenetcd.training.train import train


def measure_cell(*, cell: Mapping[str, Any], out: str, runs: str, device: str, reporter: Reporter) -> dict[str, Any]:
    """`run_cell` as a task of a pool: the cell as JSON, and the folders by name."""
    return run_cell(Cell.from_json(cell), BenchmarkFolder(out, runs), device=device, reporter=reporter)


def run_cell(cell: Cell, folder: BenchmarkFolder, *, device: str, reporter: Reporter) -> dict[str, Any]:
    """Measure `cell`, write its record and return it. Raises what training, loading and testing raise."""
    detector, training = _detector(cell, folder, device, reporter)
    out = folder.cell(cell)
    out.mkdir(parents=True, exist_ok=True)
    result, seconds = _test(cell, detector, folder, device, reporter)
    about = {"model": cell.label, "trained_on": detector.provenance.trained_on_in_words}
    write_results(result, out, about=about)
    record = {
        **_identity(cell, detector),
        **_measured(result),
        **_costs(detector),
        **training,
        "test_seconds": round(seconds, 3),
        **_origin(cell, result, device),
    }
    folder.write_record(cell, record)
    return record


def _detector(
    cell: Cell, folder: BenchmarkFolder, device: str, reporter: Reporter
) -> tuple[ChangeDetector, dict[str, Any]]:
    """The detector to test, and what is known of its training."""
    if not cell.is_trained_here:
        reporter.note(f"loading {cell.weights}")
        return ChangeDetector.from_pretrained(cell.weights), {}
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
    """DataError where the split that is tested is the one that is trained on, as in a set that is not divided."""
    trained, tested = (
        load_dataset(cell.data, split).facts for split in (cell.settings["data"]["train_split"], cell.test["split"])
    )
    if is_trained_on(TrainedOn(**asdict(trained)), tested):
        raise DataError(
            f"Training and test need different pairs, {cell.data!r} gives the split {tested.split!r} for both: divide "
            "it into train and test, or test weights that were trained elsewhere."
        )


def is_trained(run: Path) -> bool:
    """Whether the run in this folder came to its end."""
    return bool(RunFolder(run).read_summary().get("finished"))


def measured_so_far(cell: Cell, folder: BenchmarkFolder) -> dict[str, Any] | None:
    """The record of `cell`; of one that is begun, the pairs and seconds of its training so far; else None."""
    record = folder.record(cell)
    if record is None and cell.is_trained_here and RunFolder(folder.run(cell)).read_log():
        return _speed(cell, folder.run(cell))
    return record


def _as_started(cell: Cell, run: Path) -> dict[str, Any]:
    """The cell's configuration, with the keys that decide nothing as they were when the run was started."""
    settings = cell.settings
    if (run / CONFIG).exists():
        before = yaml.safe_load((run / CONFIG).read_text(encoding="utf-8"))
        for *sections, key in WITHOUT_EFFECT:
            settings = _with(settings, sections, key, _at(before, sections).get(key))
    return settings


def _test(
    cell: Cell, detector: ChangeDetector, folder: BenchmarkFolder, device: str, reporter: Reporter
) -> tuple[Evaluation, float]:
    """Evaluate on the cell's split, keep sample masks; also the seconds it took."""
    data = load_dataset(cell.data, cell.test["split"])
    ready = detector.for_inference(device)
    ready.threshold = cell.test["threshold"] or detector.threshold
    samples = SampleCollector(
        kept_names(data.names, cell.test["kept"]),
        folder.samples(cell.dataset, data.facts.fingerprint),
        threshold=ready.threshold,
    )
    started = time.perf_counter()
    result = evaluate(
        ready,
        data,
        batch_size=cell.test["batch_size"],
        workers=cell.settings["data"]["workers"],
        on_batch=samples,
        progress=lambda done, of: reporter.progress("test", done, of),
    )
    seconds = time.perf_counter() - started
    samples.write(folder.cell(cell) / "masks.npz")
    return result, seconds


def _identity(cell: Cell, detector: ChangeDetector) -> dict[str, Any]:
    described = detector.describe()["model"]
    return {
        "cell": cell.id,
        "row": cell.row,
        "label": cell.label,
        "group": cell.group,
        "model": described,
        "dataset": cell.dataset,
        "split": cell.test["split"],
        "recipe": cell.recipe,
        "seed": cell.seed,
        "weights": "trained" if cell.is_trained_here else cell.weights,
        "trained_on": detector.provenance.trained_on_in_words,
    }


def _measured(result: Evaluation) -> dict[str, Any]:
    """Counts, metrics and intervals, one level deep."""
    record = MetricsRecord.of(result)
    intervals = {
        f"{name}_{end}": None if pair is None else pair[index]
        for name, pair in record.intervals.items()
        for index, end in enumerate(("low", "high"))
    }
    keys = ("pairs", "sites", "threshold", "average_precision", "expected_calibration_error")
    return {
        **asdict(record.counts), **record.counts.metrics(), **intervals, **{key: getattr(record, key) for key in keys}
    }  # fmt: skip


def _costs(detector: ChangeDetector) -> dict[str, Any]:
    return asdict(complexity_of(detector.describe()["model"]))


def _training(cell: Cell, run: Path) -> dict[str, Any]:
    """Steps, pairs and seconds of the training, from its folder, and its best validation."""
    summary = RunFolder(run).read_summary()
    return {
        **_speed(cell, run),
        "val_f1": summary["best"]["f1"],
        "best_step": summary["best"]["step"],
        "train_fingerprint": summary["data"]["train"]["fingerprint"],
        "train_commit": (summary.get("git") or {}).get("commit"),
    }


def _speed(cell: Cell, run: Path) -> dict[str, Any]:
    """Steps, their pairs, and the seconds they took, without those of validation and saving."""
    rows, settings = RunFolder(run).read_log(), cell.settings
    pairs = settings["recipe"]["batch_size"] * settings["trainer"]["accumulation"]
    return {
        "train_steps": len(rows),
        "train_pairs": len(rows) * pairs,
        "train_seconds": round(sum(pairs / float(row["samples_per_second"]) for row in rows), 3),
    }


def _origin(cell: Cell, result: Evaluation, device: str) -> dict[str, Any]:
    """What this number rests on."""
    state = git_state() or {}
    return {
        "config_hash": cell.hash,
        "data_source": result.facts.source,
        "data_fingerprint": result.facts.fingerprint,
        "commit": state.get("commit"),
        "commit_changed": state.get("changed"),
        "version": version("minenetcd"),
        "torch": torch.__version__,
        "machine": _machine(device),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _machine(device: str) -> str:
    """The processor or accelerator that did the work."""
    if device != "cpu" and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"{processor()}, {threads} thread{'s' * (threads > 1)}"


class _Relay(TrainingReporter):
    """Passes on what a training reports."""

    def __init__(self, reporter: Reporter) -> None:
        self.progress, self.note = reporter.progress, reporter.note

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
