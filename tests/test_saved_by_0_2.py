"""Detectors, runs and checkpoints that version 0.2 saved still load, with the same numbers.

They are of TinyCD, the smallest network that 0.2 has: a checkpoint holds its weights and two moments of each.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file

import minenetcd
from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.results.table import results_table, write_table
from minenetcd.benchmark.suite.cells import expand
from minenetcd.constants import TrainedOn
from minenetcd.data.dataset import DatasetFacts
from minenetcd.datasets.catalog import load_dataset
from minenetcd.evaluation.testing import was_trained_on
from minenetcd.training.records.environment import environment
from training.squares import write_squares

SAVED = Path(__file__).parent / "saved_by_0_2"
PLACES = 1e-6


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pairs that version 0.2 trained on."""
    return write_squares(tmp_path_factory.mktemp("old") / "squares", counts={"train": 6, "val": 3, "test": 3})


@pytest.fixture(scope="module")
def dates(squares: Path) -> list[NDArray[np.uint8]]:
    return [np.asarray(Image.open(squares / "test" / date / "test_01.png")) for date in "AB"]


def is_as_saved() -> bool:
    """Whether the same torch computes on the same processor; others round otherwise, and a training carries that on."""
    then, now = json.loads((SAVED / "run" / "run.json").read_text())["environment"], environment()
    return (then["packages"]["torch"], then["processor"]) == (now["packages"]["torch"], now["processor"])


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As 0.2 trained it: with more threads sums are taken in another order, and a training carries that on."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_probabilities_are_those_of_0_2(dates: list[NDArray[np.uint8]]) -> None:
    detector = minenetcd.from_pretrained(SAVED / "run")
    with np.load(SAVED / "expected.npz") as expected:
        np.testing.assert_allclose(detector.probability(*dates), expected["run"], atol=PLACES)


def test_16_bit_images_are_stretched_alike_as_0_2_did_not(dates: list[NDArray[np.uint8]]) -> None:
    """0.2 stretched each date by itself, so that a change of one moved what had not changed."""
    detector = minenetcd.from_pretrained(SAVED / "run")
    assert detector.preprocessing.value_range is None
    before, after = (date.astype(np.uint16) * 31 for date in dates)
    one, other = detector.limits(before, after)
    np.testing.assert_array_equal(one, other)
    with np.load(SAVED / "expected.npz") as expected:
        detector.preprocessing = replace(detector.preprocessing, value_range=(0, 31 * 255))
        np.testing.assert_allclose(detector.probability(before, after), expected["run"], atol=PLACES)


def test_what_0_2_says_of_a_detector_is_kept() -> None:
    detector = minenetcd.from_pretrained(SAVED / "run")
    assert (detector.name, detector.threshold) == ("small", 0.37)


def test_a_run_stopped_under_0_2_goes_on_to_the_same_weights(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None
) -> None:
    monkeypatch.chdir(squares.parent)  # the run names its data "squares"
    run = shutil.copytree(SAVED / "stopped", tmp_path / "run")
    minenetcd.train(run / "config.yaml", out=run, resume=True)
    ours, theirs = (pd.read_csv(folder / "log.csv")["loss"].tail(2).tolist() for folder in (run, SAVED / "run"))
    assert ours == pytest.approx(theirs, rel=1e-6 if is_as_saved() else 1e-3)
    if is_as_saved():
        weights, saved = (load_file(folder / "model.safetensors") for folder in (run, SAVED / "run"))
        assert weights.keys() == saved.keys()
        for name, tensor in saved.items():
            np.testing.assert_allclose(weights[name], tensor, atol=1e-5, err_msg=name)


def test_where_weights_of_0_2_come_from_is_kept_word_for_word() -> None:
    said = json.loads((SAVED / "run" / "config.json").read_text())["provenance"]
    provenance = minenetcd.from_pretrained(SAVED / "run").provenance
    assert provenance.trained_on == TrainedOn("squares", fingerprint="0ad74554758f9197", pairs=6)
    assert str(provenance.trained_on) == said["trained_on"]
    assert (provenance.recipe, provenance.metrics, provenance.limits) == (said["recipe"], said["metrics"], None)
    assert provenance.extra == {}


def test_the_training_pairs_of_0_2_are_still_no_test(squares: Path) -> None:
    detector = minenetcd.from_pretrained(SAVED / "run")
    assert was_trained_on(detector, DatasetFacts("elsewhere", "train", "0ad74554758f9197"))  # the same pairs
    assert was_trained_on(detector, DatasetFacts("squares", "all", "0f3a"))  # held out from these
    assert not was_trained_on(detector, load_dataset(squares, "test").facts)


def test_a_benchmark_of_0_2_gives_the_same_table(tmp_path: Path) -> None:
    copy = shutil.copytree(SAVED / "benchmark", tmp_path / "benchmark")
    suite = copy / "suite.yaml"  # whose minenetcd-nano is another network now; what it was has another name
    suite.write_text(suite.read_text().replace("config: minenetcd-nano", "config: minenetcd-compact"))
    folder = BenchmarkFolder(copy)
    methods = [cell for cell in expand(folder.suite()) if not cell.beside]  # nothing stood beside them then
    assert [cell.id for cell in methods] == [cell.id for cell in folder.cells()]
    write_table(results_table(folder.state()), folder.path)
    now, then = (pd.read_csv(place / "results.csv", dtype=str) for place in (copy, SAVED / "benchmark"))
    pd.testing.assert_frame_equal(now[then.columns], then)  # columns that came later stand among them
    for cell in folder.cells():
        if (record := folder.record(cell)) is not None:
            stored = json.loads((SAVED / "benchmark" / "cells" / cell.id / "record.json").read_text())
            known = {name: value for name, value in record.as_json().items() if name in stored}
            assert known == stored and list(known) == list(stored)
