"""Curves reach the trackers a run names, and go on there when the run does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import minenetcd
from training.squares import small_config, write_config, write_squares


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


def train_apart(data: Path, folder: Path, tracker: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of six steps in a process of its own: trackers look at their environment once, and never again."""
    config = write_config(folder / "run.yaml", data, recipe={"steps": 6}, trainer={"trackers": [tracker]})
    command = [sys.executable, "-m", "minenetcd", "train", str(config), "--out", str(folder / "run"), "--device", "cpu"]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300)


def run_id(folder: Path) -> str:
    return json.loads((folder / "run" / "run.json").read_text())["id"]


@pytest.mark.slow
def test_tensorboard_shows_every_step_once_also_after_a_resume(data: Path, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    config = small_config(data, recipe={"steps": 6}, trainer={"trackers": ["tensorboard"]})
    minenetcd.train(config, tmp_path, device="cpu")
    (tmp_path / "checkpoints" / "step-000000006.pt").unlink()  # as if killed after step 4 was saved
    minenetcd.train(config, tmp_path, device="cpu", resume=True)
    events = accumulator.EventAccumulator(str(tmp_path / "trackers" / "minenetcd")).Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in events.Scalars("val_f1")] == [3, 6]
    hyperparameters = next((tmp_path / "trackers" / "minenetcd").glob("*/hparams.yml")).read_text()
    assert "recipe.learning_rate: 0.003" in hyperparameters and "model.backbone: resnet_nano" in hyperparameters


@pytest.mark.slow
def test_trackio_keeps_the_curves_on_this_machine(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackio")
    environment = {"TRACKIO_DIR": str(tmp_path / "trackio")}
    done = train_apart(data, tmp_path, "trackio", **environment)
    assert done.returncode == 0, done.stderr
    ask = [sys.executable, "-m", "trackio.cli", "get", "metric", "--project", "minenetcd", "--metric", "val_f1"]
    answer = subprocess.run(
        [*ask, "--run", f"run-{run_id(tmp_path)[:6]}", "--json"],
        env={**os.environ, **environment}, check=True, capture_output=True,
    )  # fmt: skip
    assert [value["step"] for value in json.loads(answer.stdout)["values"]] == [3, 6]


@pytest.mark.slow
def test_wandb_writes_a_run_that_can_be_sent_later(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    done = train_apart(data, tmp_path, "wandb", WANDB_MODE="offline")
    assert done.returncode == 0, done.stderr
    written = next((tmp_path / "run" / "trackers").glob(f"wandb/offline-run-*/run-{run_id(tmp_path)}.wandb"))
    assert all(name in written.read_bytes() for name in (b"loss", b"val_f1", b"recipe.learning_rate"))


@pytest.mark.slow
def test_a_tracker_that_does_not_start_is_one_line_and_nothing_is_begun(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    refused = train_apart(data, tmp_path, "wandb", WANDB_MODE="online", WANDB_API_KEY="", HOME=str(tmp_path))
    assert refused.returncode == 2
    assert "A tracker of wandb could not start (No API key" in refused.stderr.splitlines()[-1]
    config = small_config(data, recipe={"steps": 1}, trainer={"trackers": []})
    minenetcd.train(config, tmp_path / "run", device="cpu")  # the folder is free for a run that has other settings
