"""Several processes train and count as one does."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import minenetcd
from fixtures.several_processes import run_script
from minenetcd.errors import OptionError
from minenetcd.evaluation.testing import run_test
from training.squares import small_config, write_config, write_squares

pytestmark = pytest.mark.slow

#: BatchNorm sees other batches in each process: with the statistics it starts from, nothing but rounding differs.
CALM = {"batch_norm": "frozen"}
RECIPE = {"steps": 6, "learning_rate": 1e-4}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


def run(*arguments: str, processes: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "minenetcd", *arguments, "--processes", str(processes), "--device", "cpu"]
    return subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=300
    )


def losses(out: Path) -> list[float]:
    with (out / "log.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def alone(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """The losses of one process."""
    out = tmp_path_factory.mktemp("one") / "run"
    minenetcd.train(small_config(data, recipe=RECIPE | {"batch_size": 4}, trainer=CALM), out, device="cpu")
    return losses(out)


@pytest.mark.parametrize("sharding", ["ddp", "fsdp"])
def test_two_processes_have_the_losses_of_one_and_resume(
    data: Path, alone: list[float], tmp_path: Path, sharding: str
) -> None:
    config = write_config(
        tmp_path / "run.yaml", data, recipe=RECIPE | {"batch_size": 2}, trainer=CALM | {"sharding": sharding}
    )
    arguments = ("train", str(config), "--out", str(tmp_path / "run"))
    whole = run(*arguments, processes=2)
    assert whole.returncode == 0, whole.stderr
    assert len(alone) == 6 and alone[0] != alone[-1]
    assert losses(tmp_path / "run") == pytest.approx(alone, abs=1e-5)
    expected = (tmp_path / "run" / "model.safetensors").read_bytes()
    for newer in sorted((tmp_path / "run" / "checkpoints").glob("step-*.pt"))[1:]:
        newer.unlink()
    again = run(*arguments, "--resume", processes=2)
    assert again.returncode == 0, again.stderr
    assert "Going on after step 4" in again.stderr
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == expected


SCRIPT = """
import sys
import minenetcd
from training.squares import drawn_pair

class Squares:
    def __init__(self, seed):
        self.seed = seed

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return drawn_pair(self.seed, index)

minenetcd.train(
    minenetcd.create_model("fc_ef"),
    sys.argv[1],
    data={"train": Squares(0), "val": Squares(1), "workers": 1},
    device="cpu",
    recipe={"steps": 2, "batch_size": 2},
    trainer={"trackers": [], "batch_norm": "frozen"},
)
"""


def test_pairs_handed_over_train_in_two_processes(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = run_script(tmp_path, "run", begins_anew=True)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["processes"]["count"] == 2 and record["finished"]
    assert record["data"]["train"]["source"] == "object:Squares"


def test_one_two_and_three_processes_count_the_same(data: Path, tmp_path: Path) -> None:
    """Seven pairs: the last batch is uneven, and no pair is counted twice.

    Pairs go one by one, because kernels round otherwise for other sizes of a batch.
    """
    nano, records = minenetcd.from_pretrained("minenetcd-nano"), []
    for processes in (1, 2, 3):
        out = tmp_path / str(processes)
        options = ("--data", str(data), "--out", str(out), "--batch-size", "1", "--boundary", "2", "--workers", "0")
        if processes == 1:
            run_test(nano, str(data), out, batch_size=1, boundary_tolerance=2, workers=0, device="cpu")
        else:
            done = run("test", "minenetcd-nano", *options, processes=processes)
            assert done.returncode == 0, done.stderr
        records.append(json.loads((out / "metrics.json").read_text()))
        assert len(list((out / "masks").glob("*.png"))) == 7
    assert records[0] == records[1] == records[2]
    assert sum(records[0]["counts"].values()) == 7 * 64 * 64


def test_what_fails_in_several_processes_is_said_once(data: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "run.yaml", data, recipe={"steps": 2, "batch_size": 50})
    done = run("train", str(config), "--out", str(tmp_path / "run"), processes=2)
    assert done.returncode == 2
    assert done.stderr.count("Error:") == 1 and "A batch needs 50 pairs on each of 2 processes" in done.stderr


def test_synchronised_batch_norm_asks_for_devices_that_have_it(data: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="batch_norm=sync needs CUDA"):
        minenetcd.train(small_config(data, trainer={"batch_norm": "sync"}), tmp_path, device="cpu")
