"""A run from one configuration, through the public face."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from typer.testing import CliRunner

import minenetcd
from minenetcd.cli.main import app
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError, MineNetCDError, OptionError
from minenetcd.training.records.runs import list_runs
from training.squares import small_config, write_config, write_squares


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "squares"
    recipe = {"steps": 40, "ema_decay": 0.9, "augmentation": "none"}
    minenetcd.train(small_config(data, recipe=recipe), out, device="cpu")
    return out


def log(out: Path) -> list[dict[str, str]]:
    with (out / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_training_learns(trained: Path) -> None:
    rows = log(trained)
    assert len(rows) == 40
    assert sum(float(row["loss"]) for row in rows[-5:]) < 0.9 * sum(float(row["loss"]) for row in rows[:5])
    assert float(rows[-1]["val_f1"]) > 0.7


def test_the_folder_holds_a_detector_that_says_how_it_was_made(trained: Path, data: Path) -> None:
    detector = minenetcd.from_pretrained(trained)
    best = json.loads((trained / "run.json").read_text())["best"]
    assert detector.threshold == best["threshold"]
    assert detector.provenance.recipe["steps"] == 40 and detector.provenance.recipe["seed"] == 8888
    card = (trained / "README.md").read_text(encoding="utf-8")
    assert not any(word in card for word in ("epochs", "momentum", "milestones", "drop", "power"))  # of other choices
    assert "optimiser adamw" in card and "final learning rate" in card
    assert f"12 pairs of {data}" in str(detector.provenance.trained_on)
    assert best["f1"] == max(float(row["val_f1"]) for row in log(trained) if row["val_f1"])
    assert list(detector.provenance.metrics.values()) == [best["f1"]]


def test_the_folder_tells_what_was_run_where_on_what(trained: Path, data: Path) -> None:
    record = json.loads((trained / "run.json").read_text())
    assert record["finished"] and record["steps"] == 40
    assert record["environment"]["packages"]["torch"] and "commit" in (record["git"] or {"commit": None})
    assert record["data"]["train"]["source"] == str(data) and len(record["data"]["val"]["fingerprint"]) >= 8
    config = yaml.safe_load((trained / "config.yaml").read_text())
    assert config["recipe"]["learning_rate"] == 3e-3 and config["recipe"]["loss"] == "bce_dice"
    with Image.open(trained / "curves.png") as picture:
        assert picture.width > 600


def test_runs_are_listed_best_first(trained: Path, data: Path) -> None:
    runs = list_runs(trained.parent)
    assert [run.name for run in runs] == ["squares"] and runs[0].finished and runs[0].steps == 40
    result = CliRunner().invoke(app, ["runs", str(trained.parent)])
    assert f"squares\tminenetcd resnet_nano\t{data.name}\tstrong\t40" in result.output
    with pytest.raises(DataError, match="There is no run in"):
        list_runs(trained / "checkpoints")


def test_a_damaged_run_is_named_and_hides_no_other(trained: Path, tmp_path: Path) -> None:
    damage = {"run.json": "{", "config.yaml": "model: [", "log.csv": "a,b\n1,2\n"}
    for name, text in {**damage, "whole": ""}.items():
        shutil.copytree(trained, tmp_path / f"run-{name}", ignore=shutil.ignore_patterns("checkpoints", "trackers"))
        if name in damage:
            (tmp_path / f"run-{name}" / name).write_text(text)
    result = CliRunner().invoke(app, ["runs", str(tmp_path)])
    assert result.exit_code == 0 and [line.split("\t")[0] for line in result.stdout.splitlines()] == [
        "Run",
        "run-whole",
    ]
    warnings = result.stderr.splitlines()
    assert len(warnings) == 3
    for name, warning in zip(sorted(damage), warnings, strict=True):
        assert warning.startswith(f"Warning: {str(tmp_path / f'run-{name}' / name)!r} cannot be read (")
    with pytest.raises(DataError, match=r"config\.yaml' cannot be read \("):
        list_runs(tmp_path)


def test_a_tested_detector_leaves_metrics_masks_and_maps(trained: Path, data: Path, tmp_path: Path) -> None:
    arguments = ["test", str(trained), "--data", str(data), "--out", str(tmp_path), "--device", "cpu"]
    result = CliRunner().invoke(app, [*arguments, "--workers", "0"])
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "metrics.json").read_text())
    assert f"{record['metrics']['f1']:.4f}" in result.output
    assert record["pairs"] == 7 and sum(record["counts"].values()) == 7 * 64 * 64
    names = sorted(path.stem for path in (data / "test" / "A").iterdir())
    assert sorted(path.stem for path in (tmp_path / "masks").iterdir()) == names
    with (tmp_path / "per_pair.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["tp"]) for row in rows) == record["counts"]["tp"]
    unchanged = next(row for row in rows if row["name"] == names[4])
    assert unchanged["recall"] == ""  # no changed pixel: undefined, not zero and not NaN
    colours = {colour for _, colour in Image.open(tmp_path / "maps" / f"{names[0]}.png").convert("RGB").getcolors()}
    assert colours <= {(0, 200, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)} and (0, 200, 0) in colours


@pytest.mark.slow
def test_the_same_seed_trains_the_same_weights_whatever_the_workers(data: Path, tmp_path: Path) -> None:
    weights = []
    for workers in (0, 2):
        config = small_config(data, recipe={"steps": 3}, data={"workers": workers})
        weights.append(minenetcd.train(config, tmp_path / str(workers), device="cpu").model.state_dict())
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())
    other = minenetcd.train(small_config(data, recipe={"steps": 3}, seed=1), tmp_path / "other", device="cpu")
    assert any(not torch.equal(tensor, weights[0][name]) for name, tensor in other.model.state_dict().items())


@pytest.mark.slow
def test_accumulated_batches_are_one_larger_batch(data: Path, tmp_path: Path) -> None:
    calm = {"batch_norm": "frozen", "checkpoint_steps": 10}
    for name, batch, accumulation in (("whole", 4, 1), ("parts", 2, 2)):
        config = small_config(
            data,
            recipe={"steps": 3, "batch_size": batch, "learning_rate": 1e-4},
            trainer={**calm, "accumulation": accumulation},
        )
        minenetcd.train(config, tmp_path / name, device="cpu")
    whole, parts = ([float(row["loss"]) for row in log(tmp_path / name)] for name in ("whole", "parts"))
    assert parts == pytest.approx(whole, abs=1e-5)


@pytest.mark.slow
def test_half_precision_trains(data: Path, tmp_path: Path) -> None:
    config = small_config(data, recipe={"steps": 3}, trainer={"mixed_precision": "bf16"})
    minenetcd.train(config, tmp_path, device="cpu")
    assert all(float(row["loss"]) < 10 for row in log(tmp_path))


def test_training_goes_on_from_a_trained_detector(trained: Path, data: Path, tmp_path: Path) -> None:
    still = {"steps": 1, "learning_rate": 1e-12, "final_learning_rate": 0, "weight_decay": 0}
    config = small_config(data, start_from=str(trained), recipe=still, trainer={"batch_norm": "frozen"})
    second, first = minenetcd.train(config, tmp_path, device="cpu"), ChangeDetector.from_pretrained(trained)
    for one, two in zip(first.model.parameters(), second.model.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_early_stopping_stops_and_keeps_the_best(data: Path, tmp_path: Path) -> None:
    config = small_config(
        data,
        recipe={"steps": 50, "learning_rate": 1e-9, "final_learning_rate": 0, "ema_decay": None},
        trainer={"patience": 2, "validate_steps": 1, "batch_norm": "frozen"},
    )
    minenetcd.train(config, tmp_path, device="cpu")
    assert len(log(tmp_path)) == 3 and json.loads((tmp_path / "run.json").read_text())["best"]["step"] == 1


def test_validation_pairs_are_cut_from_the_training_split_on_request(data: Path, tmp_path: Path) -> None:
    minenetcd.train(small_config(data, recipe={"steps": 1}, data={"val_share": 0.25}), tmp_path, device="cpu")
    facts = json.loads((tmp_path / "run.json").read_text())["data"]
    assert facts["train"]["split"] == "train[without 0.25]" and facts["val"]["split"] == "train[0.25 held out]"


def test_validation_pairs_may_come_from_another_data_set(data: Path, tmp_path: Path) -> None:
    other = write_squares(tmp_path / "other", counts={"train": 4, "val": 5, "test": 1})
    config = write_config(tmp_path / "run.yaml", data, recipe={"steps": 1}, data={"val_name": str(other)})
    result = CliRunner().invoke(app, ["train", str(config), "--out", str(tmp_path / "run"), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    facts = json.loads((tmp_path / "run/run.json").read_text())["data"]
    assert [(facts[split]["source"], facts[split]["split"]) for split in ("train", "val")] == [
        (str(data), "train"), (str(other), "val"),
    ]  # fmt: skip
    assert facts["val"]["fingerprint"] == load_dataset(other, "val").facts.fingerprint
    assert f"Next: minenetcd test {tmp_path / 'run'} --data {data}" in " ".join(result.output.split())


def test_a_data_set_to_choose_on_that_is_not_there_is_told_before_anything_starts(data: Path, tmp_path: Path) -> None:
    wrong = {"val_name": str(tmp_path / "nowhere")}
    config = write_config(tmp_path / "run.yaml", data, data=wrong)
    result = CliRunner().invoke(app, ["train", str(config), "--out", str(tmp_path / "run")])
    assert isinstance(result.exception, DataError) and "nowhere" in str(result.exception)
    assert not (tmp_path / "run").exists()
    with pytest.raises(OptionError, match="val_name and val_share both say which pairs choose: leave one out"):
        minenetcd.train(small_config(data, data={**wrong, "val_share": 0.25}), tmp_path / "run")


def test_what_was_trained_on_pasted_change_is_tried_on_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no test split of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINENETCD_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    (tmp_path / "images/set").mkdir(parents=True)
    for number in range(4):
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(tmp_path / f"images/set/{number}.png")
    recipe = {"steps": 1, "batch_size": 2}
    config = write_config(tmp_path / "run.yaml", "pasted:images?pairs=2&val=1&size=32", recipe=recipe)
    result = CliRunner().invoke(app, ["train", str(config), "--out", "run", "--device", "cpu"])
    assert result.exit_code == 0, result.output
    assert "Next: minenetcd predict BEFORE AFTER --model run" in result.output


def test_a_test_on_the_pairs_of_the_training_is_called_none(data: Path, tmp_path: Path) -> None:
    undivided = small_config(data / "train", recipe={"steps": 1}, data={"val_share": 0.25})
    minenetcd.train(undivided, tmp_path / "run", device="cpu")
    for source, said in ((data / "train", True), (data, False)):
        options = ["--data", str(source), "--out", str(tmp_path / "out"), "--device", "cpu", "--workers", "0"]
        result = CliRunner().invoke(app, ["test", str(tmp_path / "run"), *options, "--no-pictures"])
        assert result.exit_code == 0, result.output
        assert ("the detector was trained on it: this is no test of it" in result.output) is said


def test_a_loss_that_is_no_number_stops_with_the_samples(data: Path, tmp_path: Path) -> None:
    broken = ChangeDetector.from_config(small_config(data))
    with torch.no_grad():
        next(broken.model.parameters()).fill_(float("nan"))
    config = {key: value for key, value in small_config(data).items() if key not in ("base", "model")}
    with pytest.raises(MineNetCDError, match=r"became nan in step 1 on the samples train_\d\d, .*learning_rate"):
        minenetcd.train(broken, tmp_path / "run", device="cpu", **config)


def test_weights_that_are_no_numbers_are_not_saved(data: Path, tmp_path: Path) -> None:
    far = {"steps": 1, "optimiser": "sgd", "learning_rate": 1e30, "weight_decay": 1e20, "warmup_share": 0}
    config = small_config(data, recipe=far)
    with pytest.raises(MineNetCDError, match=r"^Step 1 left weights .*: lower recipe\.learning_rate, [^\n]*$"):
        minenetcd.train(config, tmp_path, device="cpu")
    assert not list(tmp_path.rglob("*.safetensors")) and not list(tmp_path.rglob("*.pt"))


def test_a_batch_larger_than_the_split_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="A batch needs 13 pairs, the training split has 12"):
        minenetcd.train(small_config(data, recipe={"batch_size": 13}), tmp_path, device="cpu")


def test_a_device_the_configuration_wishes_for_is_replaced_by_what_is_there(data: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has what the configuration wishes for")
    path = write_config(tmp_path / "run.yaml", data, recipe={"steps": 1}, device="cuda")
    result = CliRunner().invoke(app, ["train", str(path), "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    assert "asks for cuda, which is not on this machine: training on" in result.output
    with pytest.raises(OptionError, match="not on this machine"):
        minenetcd.train(path, tmp_path / "other", device="cuda")
