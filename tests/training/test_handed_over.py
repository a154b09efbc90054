"""Training a network or a detector that was handed over, on pairs that were."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

import minenetcd
from minenetcd.cli.main import app
from minenetcd.constants import Provenance
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.errors import DataError, OptionError
from minenetcd.training.start import settings_of, starting_point
from training.squares import drawn_pair, write_squares

SMALL = {"backbone": "resnet_nano", "decoder_channels": 8, "auxiliary_channels": 8}
QUICK: dict[str, Any] = {
    "recipe": {"steps": 3, "batch_size": 4, "augmentation": "none"},
    "trainer": {"trackers": [], "checkpoint_steps": 1, "keep": 9},
}


class Squares:
    """Pairs in which a bright square appears, drawn from `seed` and their number."""

    def __init__(self, count: int, *, seed: int = 0) -> None:
        self.count, self.seed = count, seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return drawn_pair(self.seed, index)


class Grey(Squares):
    """The same of one band."""

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        before, after, mask = super().__getitem__(index)
        return before[..., 0], after[..., 0], mask


def squares(**section: Any) -> dict[str, Any]:
    return {"train": Squares(8), "val": Squares(4, seed=1), "workers": 0, **section}


@pytest.fixture
def network() -> minenetcd.ChangeModel:
    torch.manual_seed(0)
    return minenetcd.create_model("minenetcd", **SMALL)


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def equal(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, two[name]) for name, tensor in one.items())


def test_a_network_is_trained_as_its_configuration_would_be(network: minenetcd.ChangeModel, tmp_path: Path) -> None:
    data = write_squares(tmp_path / "data")
    before = weights(network)
    given = minenetcd.train(network, tmp_path / "given", data={"name": str(data), "workers": 0}, device="cpu", **QUICK)
    assert equal(before, network.state_dict())
    sources = Provenance(extra={"imagery": "pictures of somebody, CC BY 4.0"})
    minenetcd.ChangeDetector(network, provenance=sources).save_pretrained(tmp_path / "start")
    config = {"base": "base", "model": SMALL, "data": {"name": str(data), "workers": 0}, **QUICK}
    named = minenetcd.train({**config, "start_from": str(tmp_path / "start")}, tmp_path / "named", device="cpu")
    assert equal(given.model.state_dict(), named.model.state_dict()) and not equal(before, weights(given.model))
    assert named.provenance.extra == sources.extra
    assert "- Imagery: pictures of somebody, CC BY 4.0" in (tmp_path / "named" / "README.md").read_text()


def test_objects_train_and_what_the_folder_says_of_them_is_true(network: minenetcd.ChangeModel, tmp_path: Path) -> None:
    detector = ChangeDetector(network, preprocessing=Preprocessing(tile=64), threshold=0.4)
    trained = minenetcd.train(detector, tmp_path, data=squares(), device="cpu", **QUICK)
    again = minenetcd.from_pretrained(tmp_path)
    assert equal(trained.model.state_dict(), again.model.state_dict())
    assert again.preprocessing.tile == 64 and detector.threshold == 0.4 and detector.provenance.trained_on is None
    record = json.loads((tmp_path / "run.json").read_text())["data"]
    assert (record["train"]["source"], record["val"]["split"]) == ("object:Squares", "val")
    assert record["train"]["fingerprint"] != record["val"]["fingerprint"]
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert config["data"]["name"] == "object:Squares" and config["pretrained_backbone"] is False
    assert config["start_from"] == "object:minenetcd.models.minenetcd:MineNetCD"
    assert str(again.provenance.trained_on).startswith("8 pairs of object:Squares (fingerprint ")
    assert again.provenance.recipe["start_from"] == config["start_from"]


@pytest.mark.slow
def test_a_calibrated_detector_keeps_its_temperature_with_its_threshold(
    network: minenetcd.ChangeModel, tmp_path: Path
) -> None:
    """Decisions at the start are those of the detector; what the temperature was fitted on no longer holds."""
    about = {"calibration": "temperature 2.5, fitted on squares, val", "trunk": "kept"}
    given = minenetcd.ChangeDetector(network, threshold=0.6, temperature=2.5, provenance=about)
    start = starting_point(settings_of(given), given)
    assert (start.temperature, start.threshold) == (2.5, 0.6) and start.model is not network
    assert start.provenance.extra == {"trunk": "kept"}
    trained = minenetcd.train(given, tmp_path, data=squares(), **QUICK)
    assert trained.temperature == minenetcd.from_pretrained(tmp_path).temperature == 2.5


def test_the_card_says_what_training_on_drawn_pairs_is_worth(
    network: minenetcd.ChangeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINENETCD_CACHE", str(tmp_path / "cache"))
    images = write_squares(tmp_path / "images") / "train/A"
    data = {"name": f"pasted:{images}?pairs=4&val=2&size=32", "workers": 0}
    trained = minenetcd.train(network, tmp_path / "run", data=data, device="cpu", **QUICK)
    assert str(trained.provenance.limits).startswith("Trained on change that was pasted into real images")
    assert str(trained.provenance.limits) in (tmp_path / "run/README.md").read_text(encoding="utf-8")


class Difference(minenetcd.ChangeModel):
    """The least a network is."""

    def __init__(self, *, in_channels: int = 3, scale: object = 1.0) -> None:
        super().__init__(in_channels=in_channels, scale=scale)
        self.head = torch.nn.Conv2d(in_channels, 2, kernel_size=1)

    def compare(self, before: torch.Tensor, after: torch.Tensor) -> minenetcd.ChangeOutput:
        return minenetcd.ChangeOutput(self.head((after - before).abs()))


def test_a_network_of_ones_own_trains_saves_and_loads(tmp_path: Path) -> None:
    trained = minenetcd.train(Difference(), tmp_path, data=squares(), device="cpu", **QUICK)
    again = minenetcd.from_pretrained(tmp_path)
    assert isinstance(again.model, Difference) and equal(trained.model.state_dict(), again.model.state_dict())
    assert again.name == trained.name == "Difference"
    with pytest.raises(OptionError, match="Difference was built with an option that is no plain value"):
        minenetcd.train(Difference(scale=object()), tmp_path / "other", data=squares(), device="cpu", **QUICK)


@pytest.mark.slow
def test_a_run_on_objects_goes_on_when_they_are_handed_over_again(
    network: minenetcd.ChangeModel, tmp_path: Path
) -> None:
    whole = minenetcd.train(network, tmp_path, data=squares(), device="cpu", **QUICK)
    for step in (2, 3):
        (tmp_path / "checkpoints" / f"step-00000000{step}.pt").unlink()
    again = minenetcd.train(network, tmp_path, data=squares(), device="cpu", resume=True, **QUICK)
    assert equal(whole.model.state_dict(), again.model.state_dict())
    with pytest.raises(OptionError, match="The train split of 'object:Squares' has changed since the run"):
        others = squares(train=Squares(8, seed=5))
        minenetcd.train(network, tmp_path, data=others, device="cpu", resume=True, **QUICK)
    with pytest.raises(OptionError, match=r"was 3, is 4\): resume it with minenetcd\.train\(\.\.\., resume=True\)"):
        longer = {**QUICK, "recipe": {**QUICK["recipe"], "steps": 4}}
        minenetcd.train(network, tmp_path, data=squares(), device="cpu", resume=True, **longer)


@pytest.mark.slow
def test_the_command_line_says_that_it_cannot_go_on_with_objects(
    network: minenetcd.ChangeModel, tmp_path: Path
) -> None:
    data = {"name": str(write_squares(tmp_path / "data")), "workers": 0}
    config = {"base": "base", "model": SMALL}
    for source, pairs, message in (
        (network, data, "The run began with a network handed over in Python"),
        (config, squares(), "handed over in Python and stand in no file"),
    ):
        out = tmp_path / type(source).__name__
        minenetcd.train(source, out, data=pairs, device="cpu", **QUICK)
        command = ["train", str(out / "config.yaml"), "--out", str(out), "--resume", "--device", "cpu"]
        with pytest.raises((OptionError, DataError), match=message):
            CliRunner().invoke(app, command, catch_exceptions=False)


def test_pairs_to_choose_on_are_held_out_on_request(network: minenetcd.ChangeModel, tmp_path: Path) -> None:
    pairs = {"train": Squares(8), "val_share": 0.25, "workers": 0}
    minenetcd.train(network, tmp_path, data=pairs, device="cpu", **QUICK)
    facts = json.loads((tmp_path / "run.json").read_text())["data"]
    assert facts["train"]["split"] == "train[without 0.25]" and facts["val"]["split"] == "train[0.25 held out]"


def unmoved(logits: torch.Tensor, mask: torch.Tensor, **options: Any) -> torch.Tensor:
    return torch.zeros(())


def shaped(logits: torch.Tensor, mask: torch.Tensor, **options: Any) -> torch.Tensor:
    return logits


@pytest.mark.parametrize(
    ("key", "path", "message"),
    [
        ("loss", "os:system", r"The loss 'os:system' cannot be called as one \("),
        ("loss", "os:name", r"The loss 'os:name' cannot be called as one \("),
        ("loss", f"{__name__}:unmoved", r"The loss '.*:unmoved' does not depend on the logits: mend it"),
        (
            "loss",
            f"{__name__}:shaped",
            r"The loss '.*:shaped' needs .* got a tensor of shape \(4, ",
        ),
        ("optimiser", "os:system", r"The optimiser 'os:system' cannot be called as one \("),
        ("optimiser", "builtins:print", "The optimiser 'builtins:print' needs to give a torch optimiser, got NoneType"),
        ("schedule", "os:system", r"The schedule 'os:system' cannot be called as one \("),
        ("schedule", "builtins:print", r"The schedule 'builtins:print' cannot be called as one \("),
    ],
)
def test_what_a_path_leads_to_has_to_be_of_its_kind(
    network: minenetcd.ChangeModel, tmp_path: Path, key: str, path: str, message: str
) -> None:
    changes = {**QUICK, "recipe": {**QUICK["recipe"], key: path, "warmup_share": 0}}
    with pytest.raises(OptionError, match=f"^{message}[^\n]*$"):
        minenetcd.train(network, tmp_path, data=squares(), device="cpu", **changes)


def test_what_does_not_fit_is_told_in_one_line(network: minenetcd.ChangeModel, tmp_path: Path) -> None:
    test_split = minenetcd.load_dataset(write_squares(tmp_path / "data"), "test")
    for source, data, message in (
        (network, Squares(8), "need others to choose on"),
        (network, {"val": Squares(2)}, "come with pairs to train on"),
        (network, {"train": Squares(8), "val": test_split}, "test split is read by 'minenetcd test' only"),
        (network, {"train": 5, "val": 6}, "length and items"),
        (torch.nn.Linear(1, 1), squares(), r"got Linear: derive the network from minenetcd\.ChangeModel"),
    ):
        with pytest.raises((OptionError, DataError), match=message):
            minenetcd.train(source, tmp_path / "run", data=data, device="cpu", **QUICK)
    folded = ChangeDetector(network).for_inference("cpu")
    with pytest.raises(OptionError, match=r"folded by for_inference.*: hand over the one it was made from"):
        minenetcd.train(folded, tmp_path / "run", data=squares(), device="cpu", **QUICK)
    with pytest.raises(OptionError, match=r"reads 3 bands \(.*'object:Grey' \(val\) have 1: name those to read"):
        minenetcd.train(network, tmp_path / "run", data=squares(val=Grey(4)), device="cpu", **QUICK)
    frozen = minenetcd.create_model("minenetcd", **SMALL).requires_grad_(False)
    with pytest.raises(OptionError, match="has none that may move: leave requires_grad of some"):
        minenetcd.train(frozen, tmp_path / "run", data=squares(), device="cpu", **QUICK)
    with pytest.raises(OptionError, match="leave model out"):
        minenetcd.train(network, tmp_path / "run", data=squares(), model={"num_classes": 1}, **QUICK)
    assert not (tmp_path / "run").exists()


def test_pairs_of_several_sizes_train_and_are_validated(tmp_path: Path) -> None:
    pairs = {"train": [(96, 96)] * 4, "val": [(64, 64), (96, 80), (64, 64)]}
    data = {}
    for split, sizes in pairs.items():
        rng = np.random.default_rng(0)
        masks = [np.zeros(size, bool) for size in sizes]
        for mask in masks:
            mask[10:30, 10:40] = True
        dates = [rng.integers(60, 120, (*size, 3), np.uint8) for size in sizes]
        data[split] = [
            (date, np.where(mask[..., None], 230, date), mask) for date, mask in zip(dates, masks, strict=True)
        ]
    recipe = {"steps": 2, "batch_size": 3, "crop": 64}
    run = minenetcd.train("fc_ef", tmp_path / "run", data=data, recipe=recipe)
    assert run is not None
