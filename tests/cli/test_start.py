"""Commands start quickly: what they do not need they do not import, and what cannot work is refused before torch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

#: Libraries that the embedded detector can do without until its tiles are computed.
LATER = {"torchvision", "transformers", "huggingface_hub", "pandas", "geopandas", "matplotlib", "scipy", "accelerate"}
FIRST_TILE = """
import os, sys, torch

def first_tile(*_):
    print(*sorted(sys.modules), flush=True)
    os._exit(0)

torch.nn.modules.module.register_module_forward_pre_hook(first_tile)
from minenetcd.cli.main import run
run()
"""


@pytest.mark.slow
def test_predict_imports_nothing_it_does_not_need_before_its_first_tile(tmp_path: Path) -> None:
    """In a process of its own, for this one has imported everything."""
    paths = [tmp_path / f"{name}.png" for name in ("before", "after")]
    for seed, path in enumerate(paths):
        Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    command = [sys.executable, "-c", FIRST_TILE, "predict", *map(str, paths), "--model", "minenetcd-nano"]
    command += ["--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=True)
    assert "minenetcd.models.minenetcd_lite" in done.stdout.split()
    assert LATER & {module.split(".")[0] for module in done.stdout.split()} == set()


WRONG = {
    "predict: image": (["predict", "missing.tif", "b.png"], "There is no file missing.tif"),
    "predict: one image twice": (["predict", "a.png", "a.png"], "are the same image"),
    "predict: option": (["predict", "a.png", "b.png", "--gsd", "1.2"], "georeference"),
    "predict: argument": (["predict", "a.png"], "Missing argument 'after': see minenetcd predict --help"),
    "predict: no option": (
        ["predict", "a.png", "b.png", "--bnads", "1"],
        "No such option: --bnads",
    ),
    "predict: pixel size": (["predict", "a.png", "b.png", "--gsd", "1e-9"], "needs 0.01 to 10000 metres per pixel"),
    "command": (["predikt"], "No such command 'predikt'"),
    "predict: format": (["predict", "a.png", "b.png", "--also", "geojsn"], "did you mean 'geojson'"),
    "predict: output": (["predict", "a.png", "b.png", "--out", "a.png"], "a folder is needed"),
    "test: detector": (["test", "minenetcd-nanno", "--data", "CLCD"], "did you mean 'minenetcd-nano'"),
    "test: data set": (["test", "minenetcd-nano", "--data", "CLDC"], "did you mean 'CLCD'"),
    "explain: window": (["explain", "minenetcd-nano", "a.png", "b.png", "--window", "60,0,32"], "inside the"),
    "compare: device": (
        ["compare", "minenetcd-nano", "folder", "--data", "folder", "--device", "tpu"],
        "There is no device 'tpu': choose auto",
    ),
    "demo: device": (["demo", "--device", "cpu:x"], "There is no device 'cpu:x': choose auto"),
    "test: threshold": (["test", "minenetcd-nano", "--data", "folder", "--threshold", "5"], "between 0 and 1, got 5"),
    "compare: files of a detector": (["compare", "minenetcd-nano", "folder", "--data", "CLCD"], "A model needs config"),
    "train: configuration": (["train", "minenetcd-nan"], "did you mean 'minenetcd-nano'"),
    "train: key": (["train", "bit", "data=CLCD", "recipe.stepps=1"], "stepps"),
    "train: data set": (["train", "bit", "data=no/folder/here"], "There is no file or folder no/folder/here"),
    "adapt: one image twice": (["adapt", "a.png", "a.png"], "are the same image"),
    "adapt: detector": (["adapt", "a.png", "b.png", "--model", "minenetcd-nanno"], "did you mean 'minenetcd-nano'"),
    "adapt: output": (["adapt", "a.png", "b.png", "--out", "a.png"], "a folder is needed"),
    "adapt: bands": (["adapt", "a.png", "b.png", "--bands", "1,2"], "Three bands are needed as red, green and blue"),
    "adapt: imagery": (["adapt", "a.png", "b.png", "--imagery", "none"], "there is no folder none"),
    "data check: folder": (["data", "check", "no/folder/here"], "There is no file or folder no/folder/here"),
    "benchmark: override": (["benchmark", "synthetic-small", "seeds=[1"], "seeds needs a value in YAML, got '[1'"),
    "benchmark: suite": (["benchmark", "sintetic-small"], "did you mean 'synthetic-small'"),
}
REFUSED = """
import atexit, sys
atexit.register(lambda: print("torch" in sys.modules))
from minenetcd.cli.main import run
run()
"""


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_work_is_refused_before_torch(case: str, tmp_path: Path) -> None:
    """Each in a process of its own, of about a second: importing torch would take three."""
    arguments, message = WRONG[case]
    for seed, name in enumerate(("a.png", "b.png")):
        Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "folder").mkdir()
    done = subprocess.run([sys.executable, "-c", REFUSED, *arguments], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "False\n"), done.stderr
    assert message in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.png", "folder"}
