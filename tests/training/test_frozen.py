"""Parameters that do not move: a frozen trunk stays as it is in training, in its running average, in checkpoints."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import minenetcd
from fixtures.several_processes import run_script
from minenetcd.training.optimise import RunningAverage
from minenetcd.training.records.checkpoints import read_checkpoint
from training.squares import square_pairs

QUICK: dict[str, Any] = {
    "recipe": {"steps": 4, "batch_size": 4, "augmentation": "none"},
    "trainer": {"trackers": [], "checkpoint_steps": 1, "keep": 9},
}


@pytest.fixture(scope="module")
def network() -> minenetcd.ChangeModel:
    torch.manual_seed(0)
    return minenetcd.create_model("minenetcd_lite", width=12, heads=2)


def trunk(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in state.items() if name.startswith("trunk.")}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.slow  # eight passes of a network
def test_a_frozen_trunk_and_its_statistics_stay_and_the_run_goes_on_bit_for_bit(
    network: minenetcd.ChangeModel, tmp_path: Path
) -> None:
    whole = minenetcd.train(network, tmp_path, data=square_pairs(), device="cpu", **QUICK).model.state_dict()
    assert equal(trunk(network.state_dict()), trunk(whole)) and not equal(network.state_dict(), whole)
    state = read_checkpoint(tmp_path / "checkpoints" / "step-000000004.pt")
    assert state["average"] is not None
    assert equal(trunk(network.state_dict()), trunk(state["average"]))
    moments = set(state["optimiser"]["state"])
    assert moments and not any(name.startswith("trunk.") for name in moments)
    for step in (3, 4):
        (tmp_path / "checkpoints" / f"step-00000000{step}.pt").unlink()
    again = minenetcd.train(network, tmp_path, data=square_pairs(), device="cpu", resume=True, **QUICK)
    assert equal(whole, again.model.state_dict())
    assert {name for name, each in again.model.named_parameters() if not each.requires_grad} == {
        name for name, _ in network.named_parameters() if name.startswith("trunk.")
    }


def test_the_average_of_what_does_not_move_is_itself(network: minenetcd.ChangeModel) -> None:
    before = {name: tensor.clone() for name, tensor in trunk(network.state_dict()).items()}
    average = RunningAverage(network, 0.9)
    for _ in range(3):
        average.update()
    with average.in_place():
        assert equal(before, trunk(network.state_dict()))


def test_training_mode_leaves_a_frozen_trunk_in_evaluation_mode(network: minenetcd.ChangeModel) -> None:
    network.train()
    assert network.training and not any(layer.training for layer in network.get_submodule("trunk").modules())


SCRIPT = """
import sys, torch
import minenetcd
from training.squares import square_pairs

torch.manual_seed(0)
network = minenetcd.create_model("minenetcd_lite", width=12, heads=2)
trainer = {"trackers": [], "checkpoint_steps": 1, "keep": 9, "sharding": "fsdp", "batch_norm": "frozen"}
recipe = {"steps": 4, "batch_size": 2, "augmentation": "none"}
resume = len(sys.argv) > 2
minenetcd.train(network, sys.argv[1], data=square_pairs(), device="cpu", resume=resume, recipe=recipe, trainer=trainer)
"""


@pytest.mark.slow
def test_two_processes_that_share_it_out_leave_it_too_and_go_on(network: minenetcd.ChangeModel, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)

    def run(*more: str) -> dict[str, torch.Tensor]:
        done = run_script(tmp_path, "run", *more, begins_anew=not more)
        assert done.returncode == 0, done.stderr
        return load_file(tmp_path / "run" / "model.safetensors")

    whole = run()
    assert equal(trunk(network.state_dict()), trunk(whole)) and not equal(network.state_dict(), whole)
    for step in (3, 4):
        (tmp_path / "run" / "checkpoints" / f"step-00000000{step}.pt").unlink()
    assert equal(whole, run("resume"))
