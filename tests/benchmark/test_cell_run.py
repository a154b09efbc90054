"""One cell: trained or loaded, tested, written down."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.measuring.cell import is_trained, measured_so_far, run_cell
from minenetcd.benchmark.measuring.samples import read_images, read_masks
from minenetcd.benchmark.record import Record
from minenetcd.benchmark.suite.cells import Cell, expand
from minenetcd.benchmark.suite.suites import read_suite
from minenetcd.classical.catalog import create_classical
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError
from minenetcd.evaluation.evaluate import evaluate
from minenetcd.runtime.reporting import Reporter
from training.squares import write_squares


class Notes(Reporter):
    """Remembers what is reported."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, int, int]] = []
        self.notes: list[str] = []

    def progress(self, phase: str, done: int, of: int) -> None:
        self.phases.append((phase, done, of))

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


def begin(squares: Path, out: Path, **changes: Any) -> tuple[BenchmarkFolder, list[Cell], Notes]:
    narrow = {"config": "minenetcd-compact", "settings": {"model": {"decoder_channels": 8, "auxiliary_channels": 8}}}
    suite = read_suite(
        {
            "name": "squares",
            "methods": [narrow, {"config": "minenetcd-nano", "label": "embedded", "weights": "minenetcd-nano"}],
            "datasets": [{"name": str(squares), "label": "Squares"}],
            "recipes": [{"name": "strong", "label": "short", "steps": 4, "batch_size": 4, "crop": None}],
            "settings": {"data": {"workers": 0}, "trainer": {"validate_steps": 2, "trackers": []}},
            "samples": {"kept": 3},
            "beside": [],
            **changes,
        }
    )
    folder, cells = BenchmarkFolder(out), expand(suite)
    folder.prepare(suite, cells)
    return folder, cells, Notes()


def test_a_cell_is_trained_tested_and_written_down(squares: Path, tmp_path: Path) -> None:
    folder, (cell, _), notes = begin(squares, tmp_path / "out")
    record = run_cell(cell, folder, device="cpu", reporter=notes)
    assert folder.record(cell) == record == Record.from_json(json.loads(json.dumps(record.as_json())))
    assert record.training is not None and (record.training.train_steps, record.training.train_pairs) == (4, 16)
    assert record.training.train_seconds > 0 and record.metrics.counts.pixels == 7 * 64 * 64
    detector = ChangeDetector.from_pretrained(folder.run(cell))
    expected = evaluate(detector.for_inference("cpu"), load_dataset(squares, "test"), workers=0)
    assert record.metrics.counts == expected.confusion and record.as_json()["f1"] == expected.confusion.f1
    assert record.complexity.parameters == sum(p.numel() for p in detector.model.parameters())
    assert record.metrics.data == expected.facts and record.origin.config_hash == cell.hash
    assert [phase for phase, _, _ in notes.phases if phase != "validate"] == ["train"] * 4 + ["test"]
    assert not (folder.run(cell) / "checkpoints").exists()


def test_what_a_report_needs_is_kept(squares: Path, tmp_path: Path) -> None:
    folder, (_, cell), notes = begin(squares, tmp_path / "out")
    record = run_cell(cell, folder, device="cpu", reporter=notes)
    assert record.weights == "minenetcd-nano" and record.training is None and "train_steps" not in record.as_json()
    masks = read_masks(folder.cell(cell) / "masks.npz")
    assert len(masks) == 3
    table = pd.read_csv(folder.cell(cell) / "per_pair.csv").set_index("name")
    for name, mask in masks.items():
        images = read_images(folder.samples("Squares", record.metrics.data.fingerprint), name)
        assert int((mask & (images["truth"] == 1)).sum()) == table.loc[name, "tp"]


def test_those_without_training_are_measured_like_networks(squares: Path, tmp_path: Path) -> None:
    rules = {"config": "irmad", "options": {"threshold_rule": "k-means"}}
    shape = {"methods": [rules], "beside": ["everything changed", "cva"]}
    folder, (irmad, everything, cva), notes = begin(squares, tmp_path / "out", **shape)
    records = {cell.label: run_cell(cell, folder, device="cuda:7", reporter=notes) for cell in (irmad, everything, cva)}
    for cell in (irmad, everything, cva):
        record = records[cell.label]
        assert folder.record(cell) == record == Record.from_json(json.loads(json.dumps(record.as_json())))
        assert record.complexity is None and record.training is None and record.weights == "none"
        assert len(read_masks(folder.cell(cell) / "masks.npz")) == 3
    detector = create_classical("irmad", threshold_rule="k-means")
    expected = evaluate(detector, load_dataset(squares, "test"), workers=0)
    assert records["irmad"].metrics.counts == expected.confusion
    assert records["irmad"].model == {"name": "irmad", "threshold_rule": "k-means"}
    assert records["everything changed"].metrics.counts.recall == 1


@pytest.mark.slow
def test_a_trained_run_is_not_trained_again(squares: Path, tmp_path: Path) -> None:
    folder, (cell, _), notes = begin(squares, tmp_path / "out")
    first = run_cell(cell, folder, device="cpu", reporter=notes)
    written = (folder.run(cell) / "model.safetensors").stat().st_mtime_ns
    assert is_trained(folder.run(cell))
    again, (other, _), notes = begin(squares, tmp_path / "out", test={"threshold": 0.3})
    assert other.run_id == cell.run_id and other.id != cell.id
    record = run_cell(other, again, device="cpu", reporter=notes)
    assert record.metrics.threshold == 0.3 and record.training == first.training
    assert {phase for phase, _, _ in notes.phases} == {"test"}
    assert (folder.run(cell) / "model.safetensors").stat().st_mtime_ns == written


@pytest.mark.slow
def test_a_run_that_was_begun_goes_on_even_with_other_workers(squares: Path, tmp_path: Path) -> None:
    whole, (cell, _), notes = begin(squares, tmp_path / "whole")
    expected = run_cell(cell, whole, device="cpu", reporter=notes)

    class Stop(Notes):
        def progress(self, phase: str, done: int, of: int) -> None:
            if phase == "train" and done == 3:
                raise ConnectionError("the line is cut")

    folder, (cell, _), _ = begin(squares, tmp_path / "parts")
    with pytest.raises(ConnectionError):
        run_cell(cell, folder, device="cpu", reporter=Stop())
    assert folder.record(cell) is None and measured_so_far(cell, None, folder).train_pairs > 0
    settings = {"data": {"workers": 1}, "trainer": {"validate_steps": 2, "trackers": [], "keep": 1}}
    folder, (cell, _), notes = begin(squares, tmp_path / "parts", settings=settings)
    record = run_cell(cell, folder, device="cpu", reporter=notes)
    assert notes.phases[0][:2] == ("train", 3) and "Going on after step 2." in notes.notes
    assert record.metrics.counts == expected.metrics.counts
    assert record.metrics.threshold == expected.metrics.threshold


def test_no_cell_trains_on_what_it_is_tested_on(squares: Path, tmp_path: Path) -> None:
    undivided = {"name": str(squares / "train"), "label": "Undivided", "val_share": 0.25}
    folder, (trained, loaded), notes = begin(squares, tmp_path / "out", datasets=[undivided])
    with pytest.raises(DataError, match=r"Training and test need different pairs, .* gives the split 'all' for both"):
        run_cell(trained, folder, device="cpu", reporter=notes)
    assert not list(folder.runs.rglob("*.safetensors"))
    assert run_cell(loaded, folder, device="cpu", reporter=notes).metrics.pairs == 12


def test_the_same_pairs_under_another_name_are_no_test(squares: Path, tmp_path: Path) -> None:
    """A split copied under another name has another name and the same fingerprint."""
    copied = shutil.copytree(squares, tmp_path / "copied")
    shutil.rmtree(copied / "test")
    shutil.copytree(copied / "train", copied / "test")
    folder, (cell, _), notes = begin(squares, tmp_path / "out", datasets=[{"name": str(copied), "label": "Copied"}])
    with pytest.raises(DataError, match=r"'train' and 'test' of .* hold the same pairs"):
        run_cell(cell, folder, device="cpu", reporter=notes)


def test_a_record_that_lacks_something_is_one_line(tmp_path: Path, squares: Path) -> None:
    folder, (cell, _), _ = begin(squares, tmp_path / "out")
    folder.cell(cell).mkdir()
    (folder.cell(cell) / "record.json").write_text('{"cell": "x"}')
    with pytest.raises(DataError, match=r"record\.json that lacks .*: remove its folder, and run again"):
        folder.record(cell)
