"""Commands start quickly: what they do not need they do not import, and what cannot work is refused before torch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
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


def test_predict_imports_nothing_it_does_not_need_before_its_first_tile(tmp_path: Path) -> None:
    """In a process of its own, for this one has imported everything."""
    paths = [tmp_path / f"{name}.png" for name in ("before", "after")]
    for seed, path in enumerate(paths):
        Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    command = [sys.executable, "-c", FIRST_TILE, "predict", *map(str, paths), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=True)
    assert "minenetcd.models.minenetcd" in done.stdout.split()
    assert LATER & {module.split(".")[0] for module in done.stdout.split()} == set()
