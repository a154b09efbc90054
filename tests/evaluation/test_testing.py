"""What a test leaves appears at once, in place of what an earlier test left."""

import json
from pathlib import Path

import numpy as np
import pytest

import minenetcd
from fixtures.pair_files import make_pair, write_folder
from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError, OutputPathError
from minenetcd.evaluation.testing import run_test


@pytest.fixture(scope="module")
def detector() -> ChangeDetector:
    return minenetcd.from_pretrained("minenetcd-nano")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two pairs to choose on, three to test on."""
    root = tmp_path_factory.mktemp("pairs")
    write_folder(root, map(make_pair, range(2)), split="val")
    return str(write_folder(root, map(make_pair, range(2, 5)), split="test", first=2))


def found(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_pictures_of_an_earlier_test_go_and_nothing_else(detector: ChangeDetector, data: str, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "mine.png").write_bytes(b"not of a test")
    run_test(detector, data, tmp_path, workers=0, device="cpu", beside=0)
    assert found(tmp_path / "maps") == ["002.png", "003.png", "004.png"]
    run_test(detector, data, tmp_path, split="val", workers=0, device="cpu", beside=0)
    assert found(tmp_path / "maps") == ["000.png", "001.png"]
    assert found(tmp_path / "masks") == ["000.png", "001.png", "mine.png"]
    (tmp_path / "maps" / "001.png").unlink()  # a mask alone may be somebody's label
    run_test(detector, data, tmp_path, workers=0, device="cpu", pictures=False, beside=0)
    assert found(tmp_path / "maps") == [] and found(tmp_path / "masks") == ["001.png", "mine.png"]
    assert found(tmp_path) == ["maps", "masks", "metrics.json", "per_pair.csv", "precision_recall.csv"]


def test_labels_are_not_replaced_by_what_a_detector_finds(detector: ChangeDetector, tmp_path: Path) -> None:
    data = write_folder(tmp_path, [make_pair(0)], split=None)
    (data / "label").rename(data / "masks")
    label = (data / "masks" / "000.png").read_bytes()
    with pytest.raises(OutputPathError, match=r"masks/000\.png is not of an earlier call .* choose another folder"):
        run_test(detector, str(data), data, workers=0, device="cpu")
    assert (data / "masks" / "000.png").read_bytes() == label and found(data) == ["A", "B", "masks"]


def test_a_test_that_is_interrupted_leaves_nothing(detector: ChangeDetector, data: str, tmp_path: Path) -> None:
    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_test(detector, data, tmp_path / "out", workers=0, device="cpu", progress=interrupt)
    assert not (tmp_path / "out").exists()


def test_beside_it_stand_everything_changed_and_those_without_training(
    detector: ChangeDetector, data: str, tmp_path: Path
) -> None:
    tested = run_test(detector, data, tmp_path, workers=0, device="cpu", pictures=False)
    beside = json.loads((tmp_path / "metrics.json").read_text())["beside"]
    assert list(beside["rows"]) == ["minenetcd-nano", "everything changed", *CLASSICAL] and beside["pairs"] == 3
    own, everything = beside["rows"]["minenetcd-nano"], beside["rows"]["everything changed"]
    assert own["metrics"] == tested.result.confusion.metrics() and own["average_precision"] is not None
    assert everything["counts"]["fn"] == 0 and everything["metrics"]["recall"] == 1
    alone = minenetcd.evaluate(create_classical("irmad"), load_dataset(data, "test"), workers=0)
    assert beside["rows"]["irmad"]["metrics"] == alone.confusion.metrics()


def test_beside_on_some_of_the_pairs_all_rows_are_of_these(detector: ChangeDetector, data: str, tmp_path: Path) -> None:
    tested = run_test(detector, data, tmp_path, workers=0, device="cpu", pictures=False, beside=2)
    assert tested.beside is not None and (tested.beside.pairs, tested.beside.of) == (2, 3)
    pixels = {row.counts.pixels for row in tested.beside.rows.values()}
    assert pixels == {2 * 64 * 64} and tested.beside.rows["minenetcd-nano"].average_precision is None


def test_who_interrupts_what_stands_beside_keeps_the_test(detector: ChangeDetector, data: str, tmp_path: Path) -> None:
    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_test(detector, data, tmp_path, workers=0, device="cpu", pictures=False, beside_progress=interrupt)
    assert found(tmp_path) == ["metrics.json", "per_pair.csv", "precision_recall.csv"]
    assert "beside" not in json.loads((tmp_path / "metrics.json").read_text())


def test_a_detector_without_training_is_tested_like_a_network(data: str, tmp_path: Path) -> None:
    tested = run_test(create_classical("cva"), data, tmp_path, workers=0, device="cuda:7", boundary_tolerance=2)
    assert found(tmp_path / "maps") == ["002.png", "003.png", "004.png"]
    told = json.loads((tmp_path / "metrics.json").read_text())
    assert told["model"] == "cva" and told["refused_pairs"] == 0 and told["boundary"]["recall"] > 0
    assert np.isclose(told["metrics"]["f1"], tested.result.confusion.f1)
    assert [name for name in told["beside"]["rows"] if name == "cva"] == ["cva"]


def test_a_threshold_outside_0_to_1_is_refused(detector: ChangeDetector, data: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"between 0 and 1, got 5: try 0\.5"):
        run_test(detector, data, tmp_path / "out", threshold=5)
    assert not (tmp_path / "out").exists()
