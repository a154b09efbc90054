"""Nothing is lost: killed or interrupted at any moment, a run goes on to the same weights bit for bit."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import minenetcd
from minenetcd.errors import DataError, OptionError, OutputError, WeightsError
from training.squares import small_config, write_config, write_squares

STEPS = 24


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


def start(config: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "minenetcd", "train", str(config), "--out", str(out), "--device", "cpu", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(config: Path, out: Path, *options: str) -> None:
    process = start(config, out, *options)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def kill_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "the moment to kill the run never came"
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def rows(out: Path) -> list[str]:
    log = out / "log.csv"
    return log.read_text().splitlines()[1:] if log.exists() else []


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "before the first checkpoint": lambda out: len(rows(out)) >= 1,
    "while a checkpoint is written": lambda out: len(rows(out)) > 5 and any((out / "checkpoints").glob(".minenetcd-*")),
    "between two checkpoints": lambda out: len(rows(out)) >= 13,
}


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_the_same_weights_bit_for_bit(data: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "run.yaml", data, recipe={"steps": STEPS, "batch_size": 4}, data={"workers": 1})
    whole, out = tmp_path / "whole", tmp_path / "killed"
    finish(config, whole)
    options: tuple[str, ...] = ()
    for moment, reached in MOMENTS.items():
        kill_when(start(config, out, *options), lambda reached=reached: reached(out))
        assert not (out / "model.safetensors").exists(), f"the run ended before it was killed {moment}"
        options = ("--resume",)
    finish(config, out, *options)
    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert [row.split(",")[:3] for row in rows(out)] == [row.split(",")[:3] for row in rows(whole)]


@pytest.mark.slow
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_saves_and_says_how_to_go_on(data: Path, tmp_path: Path, asked: signal.Signals) -> None:
    """As by Ctrl-C, or by a scheduler: both reach the processes that read images as well."""
    config = write_config(tmp_path / "run.yaml", data, recipe={"steps": 5000, "batch_size": 4}, data={"workers": 1})
    process = start(config, tmp_path / "run")
    while len(rows(tmp_path / "run")) < 3:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    os.killpg(process.pid, asked)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + asked
    last = errors.strip().splitlines()[-1]
    assert last.startswith("Error: Stopped after step") and "--resume" in last
    saved = max((tmp_path / "run" / "checkpoints").glob("step-*.pt"))
    assert int(saved.stem.removeprefix("step-")) == len(rows(tmp_path / "run"))


def test_a_run_resumed_after_its_end_changes_nothing(data: Path, tmp_path: Path) -> None:
    config = small_config(data)
    first = minenetcd.train(config, tmp_path, device="cpu")
    again = minenetcd.train(config, tmp_path, device="cpu", resume=True)
    assert all(torch.equal(one, again.model.state_dict()[name]) for name, one in first.model.state_dict().items())


@pytest.mark.slow
@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_momentum_and_balanced_pairs_go_on_where_they_stopped(data: Path, tmp_path: Path, momentum: float) -> None:
    recipe = {"optimiser": "sgd", "momentum": momentum, "schedule": "poly", "sampling": "balanced", "steps": 4}
    config = small_config(data, recipe=recipe, trainer={"checkpoint_steps": 1, "keep": 4})
    whole = minenetcd.train(config, tmp_path, device="cpu").model.state_dict()
    for file in ("step-000000004.pt", "step-000000003.pt"):
        (tmp_path / "checkpoints" / file).unlink()
    again = minenetcd.train(config, tmp_path, device="cpu", resume=True).model.state_dict()
    assert all(torch.equal(tensor, whole[name]) for name, tensor in again.items())


@pytest.mark.slow
def test_only_the_last_checkpoints_are_kept(data: Path, tmp_path: Path) -> None:
    minenetcd.train(small_config(data, trainer={"checkpoint_steps": 1, "keep": 3}), tmp_path, device="cpu")
    kept = sorted(path.name for path in (tmp_path / "checkpoints").glob("step-*"))
    assert kept == ["step-000000007.pt", "step-000000008.pt", "step-000000009.pt"]


def test_a_folder_with_a_run_is_not_overwritten_by_accident(data: Path, tmp_path: Path) -> None:
    minenetcd.train(small_config(data, recipe={"steps": 1}), tmp_path, device="cpu")
    weights = load_file(tmp_path / "model.safetensors")
    with pytest.raises(OptionError, match="holds a run already: go on with --resume"):
        minenetcd.train(small_config(data, recipe={"steps": 1}), tmp_path, device="cpu")
    with pytest.raises(OptionError, match=r"recipe\.learning_rate was 0\.003, is 0\.5"):
        minenetcd.train(small_config(data, recipe={"steps": 1, "learning_rate": 0.5}), tmp_path, resume=True)
    assert load_file(tmp_path / "model.safetensors").keys() == weights.keys()


def test_a_run_resumes_from_the_configuration_it_wrote(data: Path, tmp_path: Path) -> None:
    """Also where something is switched off: null stays null."""
    minenetcd.train(small_config(data, recipe={"steps": 1, "ema_decay": None}), tmp_path, device="cpu")
    minenetcd.train(tmp_path / "config.yaml", tmp_path, device="cpu", resume=True)


@pytest.mark.slow
def test_a_run_resumed_from_its_own_configuration_keeps_its_name(data: Path, tmp_path: Path) -> None:
    path = write_config(tmp_path / "squares.yaml", data, recipe={"steps": 1})
    first = minenetcd.train(path, tmp_path / "run", device="cpu")
    again = minenetcd.train(tmp_path / "run" / "config.yaml", tmp_path / "run", device="cpu", resume=True)
    assert first.name == again.name == "squares"
    stored = tmp_path / "run" / "config.yaml"
    stored.write_text(stored.read_text().replace("name: squares", "name: null"))  # as version 0.2 left it
    assert minenetcd.train(stored, tmp_path / "run", device="cpu", resume=True).name == "run"


def test_a_run_does_not_go_on_with_other_data(tmp_path: Path) -> None:
    data = write_squares(tmp_path / "data")
    minenetcd.train(small_config(data, recipe={"steps": 1}), tmp_path / "run", device="cpu")
    mask = next((data / "val" / "label").iterdir())
    Image.open(mask).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mask)
    with pytest.raises(OptionError, match=r"The val split of .* has changed since the run"):
        minenetcd.train(small_config(data, recipe={"steps": 1}), tmp_path / "run", device="cpu", resume=True)


@pytest.mark.slow
def test_a_damaged_checkpoint_is_named(data: Path, tmp_path: Path) -> None:
    minenetcd.train(small_config(data), tmp_path, device="cpu")
    newest = max((tmp_path / "checkpoints").glob("step-*.pt"))
    newest.write_bytes(newest.read_bytes()[:1000])
    with pytest.raises(WeightsError, match=rf"{newest.name}' cannot be read"):
        minenetcd.train(small_config(data), tmp_path, device="cpu", resume=True)


@pytest.mark.slow
def test_a_damaged_record_of_a_run_is_named_and_a_lost_log_is_none(data: Path, tmp_path: Path) -> None:
    config = small_config(data, recipe={"steps": 1})
    weights = minenetcd.train(config, tmp_path, device="cpu").model.state_dict()
    log, header = tmp_path / "log.csv", (tmp_path / "log.csv").read_text().splitlines()[0]
    for text in ("", header + "\n"):
        log.write_text(text)
        again = minenetcd.train(config, tmp_path, device="cpu", resume=True).model.state_dict()
        assert all(torch.equal(tensor, weights[name]) for name, tensor in again.items())
    for name in ("run.json", "config.yaml"):
        whole = (tmp_path / name).read_text()
        for text in ("", f"{whole[: len(whole) // 2]}\n[", "5"):  # half of a YAML may be a whole one
            (tmp_path / name).write_text(text)
            with pytest.raises(DataError, match=rf"^[^\n]*{name}' cannot be read [^\n]*$"):
                minenetcd.train(config, tmp_path, device="cpu", resume=True)
        (tmp_path / name).write_text(whole)


def test_a_folder_that_cannot_be_written_is_refused_before_training(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"run cannot be written \(.*\): check that"):
        minenetcd.train(small_config(data), tmp_path / "file" / "run", device="cpu")
