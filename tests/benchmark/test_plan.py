"""What a suite costs, and how long it will take."""

import time
from pathlib import Path
from typing import Any

import pytest

from minenetcd.benchmark.record import Timing
from minenetcd.benchmark.run import plan_suite
from minenetcd.benchmark.suite.cells import Cell, expand
from minenetcd.benchmark.suite.plan import SECONDS_PER_MEGAPIXEL, Costs, DataSize, Speeds, data_size
from minenetcd.benchmark.suite.remaining import Remaining
from minenetcd.benchmark.suite.suites import read_suite
from minenetcd.errors import UnknownNameError
from minenetcd.models.complexity import read_measured
from training.squares import write_squares

BIT = read_measured()["bit"]


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


def cells(data: str, **changes: Any) -> list[Cell]:
    return expand(read_suite({"name": "s", "methods": ["bit", "fc_ef"], "datasets": [data], "beside": []} | changes))


def test_the_cost_of_a_training_by_hand() -> None:
    cost = Costs().of(cells("MineNetCD256", recipes=["paper"])[0])
    steps = 47_743 // 32
    assert cost.complexity == BIT and not cost.is_estimate
    assert cost.train_pairs == 100 * steps * 32
    assert cost.validation_pairs == 100 * 4_613 and cost.test_pairs == 19_355
    assert cost.macs == pytest.approx(BIT.macs * (3 * cost.train_pairs + cost.validation_pairs + cost.test_pairs))


def test_crops_cost_their_area_and_loaded_weights_their_test() -> None:
    whole, cropped = (
        Costs().of(cells("MineNetCD256", recipes=[{"name": "strong", "steps": 10, "crop": crop}])[0])
        for crop in (256, 128)
    )
    assert cropped.train_macs == pytest.approx(whole.train_macs / 4) and cropped.test_macs == whole.test_macs
    loaded = Costs().of(cells("MineNetCD256", weights="published")[0])
    assert loaded.train_pairs == loaded.validation_pairs == 0 and loaded.macs == pytest.approx(19_355 * BIT.macs)


def test_validation_pairs_cut_from_the_training_split_are_counted(squares: Path) -> None:
    (squares.parent / "held").mkdir()
    for split in ("train", "test"):
        (squares.parent / "held" / split).symlink_to(squares / split)
    held_out = {"name": f"{squares.parent / 'held'}?outside=yes", "val_share": 0.25}
    recipe = {"name": "strong", "epochs": 2, "batch_size": 3}
    cost = Costs().of(cells("x", datasets=[held_out], recipes=[recipe])[0])
    assert (cost.train_pairs, cost.validation_pairs, cost.test_pairs) == (2 * 9, 2 * 3, 7)


def test_validation_pairs_of_another_data_set_are_counted_there(squares: Path) -> None:
    other = {"name": str(squares.parent / "other"), "val_name": "CLCD"}
    write_squares(squares.parent / "other", counts={"train": 4, "test": 4})
    recipe = {"name": "strong", "epochs": 2, "batch_size": 2}
    cost = Costs().of(cells("x", datasets=[other], recipes=[recipe])[0])
    assert (cost.train_pairs, cost.validation_pairs, cost.test_pairs) == (2 * 4, 2 * 240, 4)


def test_sizes_come_from_descriptions_and_this_disk(squares: Path) -> None:
    assert data_size("minenetcd256", ["test"]).pairs["train"] == 47_743
    assert data_size("HZDR-FWGEL/MineNetCD256@main", ["test"]).pairs["test"] == 19_355
    assert data_size("CLCD", ["test"]) == DataSize({"train": 1440, "val": 240, "test": 720}, 256, True)
    assert data_size("synthetic:x?sites=40&size=512", ["test"]) == DataSize(
        {"train": 96, "val": 16, "test": 48}, 256, True
    )
    assert data_size(str(squares), ["train", "val", "test"]) == DataSize({"train": 12, "val": 5, "test": 7}, 64)
    with pytest.raises(UnknownNameError, match="no data set 'CLCDD'"):
        data_size("CLCDD", ["test"])


def test_what_cannot_be_known_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cost = Costs().of(cells(str(tmp_path / "empty"))[0])
    assert cost.macs is None and cost.train_pairs is None
    assert Speeds({}, {}, 1e9, 1e9).seconds(cells(str(tmp_path / "empty"))[0], cost) is None


def test_a_measured_speed_tells_the_time(squares: Path) -> None:
    bit, fc_ef = cells(str(squares), recipes=[{"name": "strong", "steps": 30, "batch_size": 4}])
    costs = Costs()
    speeds = Speeds.of([(bit, costs.of(bit), Timing(120, 60.0, 7, 1.0))])
    cost = costs.of(bit)
    assert speeds.seconds(bit, cost) == pytest.approx(60 + (7 + cost.validation_pairs) / 7)
    other = costs.of(fc_ef)  # never measured: by its multiply-adds
    train, test = other.train_macs / (cost.train_macs / 60), other.test_macs / (7 * cost.test_macs_per_pair)
    assert speeds.seconds(fc_ef, other) == pytest.approx(train + test)
    assert Speeds.of([]).seconds(bit, cost) is None


def test_a_plan_writes_nothing(squares: Path, tmp_path: Path) -> None:
    suite = read_suite({"name": "s", "methods": ["bit"], "datasets": [str(squares)], "beside": ["cva"]})
    planned = plan_suite(suite, tmp_path / "out")
    assert [cell.state for cell in planned] == ["to do"] * 2 and planned[0].seconds is None
    assert not (tmp_path / "out").exists()


def test_those_without_training_cost_their_test_in_seconds(squares: Path) -> None:
    shared = {"methods": ["irmad"], "settings": {"data": {"workers": 2}}}
    (irmad,) = cells("MineNetCD256", **shared)
    cost = Costs().of(irmad)
    assert cost.complexity is None and cost.macs == 0 and cost.test_pairs == 19_355
    usual = Speeds.of([]).seconds(irmad, cost)
    assert usual == pytest.approx(19_355 * 256**2 / 1e6 * SECONDS_PER_MEGAPIXEL["irmad"] / 2)
    measured = Speeds.of([(irmad, cost, Timing(test_pairs=100, test_seconds=10.0))])
    assert measured.seconds(irmad, cost) == pytest.approx(1935.5) and measured.test_macs is None
    remaining = Remaining([irmad], [], jobs=1)
    assert remaining.seconds() == pytest.approx(usual)


def test_the_time_left_follows_what_runs(squares: Path) -> None:
    first, second = cells(str(squares), recipes=[{"name": "strong", "steps": 30, "batch_size": 4}])
    remaining = Remaining([first, second], [], jobs=1)
    assert remaining.seconds() is None
    remaining.start(first)
    remaining.progress(first, "train", 0, 100)
    assert remaining.seconds() is None
    time.sleep(0.05)
    remaining.progress(first, "train", 50, 100)
    half = remaining.seconds()
    assert half is not None and half > 0
    remaining.progress(first, "validate", 1, 2)
    time.sleep(0.02)
    remaining.progress(first, "test", 7, 7)
    assert remaining.seconds() > 0
    remaining.end(first, Timing(120, 60.0, 7, 1.0))
    assert remaining.seconds() == pytest.approx(remaining.speeds.seconds(second, remaining.cost[second.id]))
    remaining.start(second)
    remaining.end(second, None)
    assert remaining.seconds() == 0
