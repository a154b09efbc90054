from pathlib import Path

import pytest
import torch

import minenetcd
from minenetcd.errors import MineNetCDError, OptionError, OutputError
from minenetcd.training.loop import RunningAverage, fit
from minenetcd.training.recipe import Recipe
from minenetcd.types import ChangeSample

TINY = {
    "model": {"decoder_channels": 16, "auxiliary_channels": 8},
    "data": {"train_scenes": 4, "val_scenes": 2, "size": 64},
    "recipe": {"steps": 3, "batch_size": 2, "crop": 64},
}


def test_a_run_saves_a_detector_that_says_how_it_was_made(tmp_path: Path) -> None:
    stages: list[str] = []
    trained = minenetcd.train("minenetcd-nano", tmp_path, progress=lambda stage, *_: stages.append(stage), **TINY)
    again = minenetcd.from_pretrained(tmp_path)
    assert again.threshold == trained.threshold
    assert again.provenance["recipe"]["steps"] == 3 and "4 synthetic scenes" in again.provenance["trained_on"]
    assert set(stages) == {"rendering scenes", "training"}
    for ours, theirs in zip(trained.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(ours.cpu(), theirs)


def test_the_same_seed_trains_the_same_weights(tmp_path: Path) -> None:
    first, second = (minenetcd.train("minenetcd-nano", tmp_path, **TINY) for _ in range(2))
    for one, two in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, two)


def test_training_learns() -> None:
    torch.manual_seed(0)
    detector = minenetcd.from_config("minenetcd-nano", **{"model": TINY["model"]})
    before = torch.randint(40, 90, (2, 3, 64, 64), dtype=torch.uint8)
    after, mask = before.clone(), torch.zeros(2, 64, 64, dtype=torch.uint8)
    after[..., 16:48, 16:48], mask[:, 16:48, 16:48] = 220, 1
    losses: list[float] = []
    batch = ChangeSample(before, after, mask, "square")
    fit(detector, [batch] * 120, Recipe(steps=120, learning_rate=3e-3), progress=lambda *told: losses.append(told[2]))
    assert losses[-1] < 0.5 * losses[0]


def test_a_loss_that_is_no_number_stops_with_the_samples() -> None:
    detector = minenetcd.from_config("minenetcd-nano", model=TINY["model"])
    with torch.no_grad():
        next(detector.model.parameters()).fill_(float("nan"))
    image = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    batch = ChangeSample(image, image, image[:, 0], ["site-1", "site-2"])
    with pytest.raises(MineNetCDError, match=r"site-1.*lower the learning rate"):
        fit(detector, [batch], Recipe(steps=1))


def test_the_running_average_follows_the_weights() -> None:
    model = torch.nn.Linear(1, 1)
    average = RunningAverage(model, 0.9)
    with torch.no_grad():
        model.weight.fill_(1.0)
    for _ in range(200):
        average.update(model)
    assert average.model.weight.item() == pytest.approx(1.0, abs=1e-3)


def test_training_goes_on_from_a_trained_detector(tmp_path: Path) -> None:
    first = minenetcd.train("minenetcd-nano", tmp_path / "first", **TINY)
    still = {**TINY, "recipe": {"steps": 1, "learning_rate": 1e-12, "weight_decay": 0, "batch_size": 2, "crop": 64}}
    second = minenetcd.train("minenetcd-nano", tmp_path / "second", start_from=str(tmp_path / "first"), **still)
    for one, two in zip(first.model.parameters(), second.model.parameters(), strict=True):
        torch.testing.assert_close(one, two)
    assert second.provenance["recipe"]["start_from"]["steps"] == 3


def test_runs_that_cannot_work_are_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="A batch needs 8 scenes"):
        minenetcd.train("minenetcd-nano", tmp_path / "a", data={"train_scenes": 4})
    with pytest.raises(OptionError, match=r"recipe\.crop needs to fit into a scene of 64"):
        minenetcd.train("minenetcd-nano", tmp_path / "b", data={"size": 64})
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another"):
        minenetcd.train("minenetcd-nano", tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
