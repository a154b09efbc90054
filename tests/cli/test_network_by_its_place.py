"""A network of a package that is only on the path trains, is tested, explained and benchmarked by command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from training.squares import write_squares

pytestmark = pytest.mark.slow  # a process for each command, as a user starts them

NETWORK = '''
from torch import nn
from minenetcd import ChangeModel, ChangeOutput
from minenetcd.models.base import Stage

class Plain(ChangeModel):
    """A convolution of the difference of both dates."""

    explained_layers = (Stage("difference", ("head(0)",)),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.widen = nn.Conv2d(in_channels, 8, 3, padding=1)
        self.head = nn.Conv2d(8, num_classes, 1)

    def compare(self, before, after):
        return ChangeOutput(self.head(self.widen(after) - self.widen(before)))
'''
PLACE = "somebodys_package.net:Plain"
TRUST = ("--trust", "somebodys_package")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("by_its_place")
    (folder / "path" / "somebodys_package").mkdir(parents=True)
    (folder / "path" / "somebodys_package" / "net.py").write_text(NETWORK)
    write_squares(folder / "squares", counts={"train": 8, "val": 2, "test": 2})
    return folder


def minenetcd(folder: Path, *arguments: str | Path) -> str:
    """Run the command in `folder`; what it prints."""
    path = os.pathsep.join([str(folder / "path"), *sys.path])
    command = [sys.executable, "-m", "minenetcd", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_trains_and_is_tested_and_explained(folder: Path) -> None:
    short = ("recipe.steps=2", "recipe.batch_size=2", "data.workers=0", "trainer.trackers=[]")
    minenetcd(folder, "train", PLACE, "data=squares", *short, "--out", "run", "--device", "cpu")
    assert yaml.safe_load((folder / "run" / "config.yaml").read_text())["name"] == "Plain"
    assert "Plain" in minenetcd(
        folder, *TRUST, "test", "run", "--data", "squares", "--out", "tested", "--device", "cpu"
    )
    dates = [folder / "squares" / "test" / date / "test_00.png" for date in "AB"]
    minenetcd(folder, *TRUST, "explain", "run", *dates, "--out", "explained", "--device", "cpu")
    assert any((folder / "explained").rglob("*.png"))


def test_it_is_benchmarked_and_a_finished_training_is_tested_again(folder: Path) -> None:
    suite = {
        "name": "own", "title": "Own", "methods": [PLACE], "datasets": ["squares"], "seeds": [1],
        "recipes": [{"name": "strong", "label": "short", "steps": 2, "batch_size": 2}],
        "settings": {"data": {"workers": 0}, "trainer": {"trackers": []}},
    }  # fmt: skip
    (folder / "own.yaml").write_text(yaml.safe_dump(suite))
    minenetcd(folder, "benchmark", "own.yaml", "--out", "first", "--runs", "runs", "--device", "cpu")
    minenetcd(folder, "benchmark", "own.yaml", "--out", "second", "--runs", "runs", "--device", "cpu")
    for out in ("first", "second"):
        assert "Plain" in (folder / out / "results.csv").read_text()
    (run,) = [path for path in (folder / "runs").iterdir() if path.is_dir()]
    assert run.name.startswith("somebodys_package.net-plain-")  # what any disk takes as a name
