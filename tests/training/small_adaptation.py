"""Two dates of a small place, and an adaptation to it that takes seconds."""

from pathlib import Path

import pytest
from PIL import Image

from minenetcd.synthetic import make_scene
from minenetcd.training import adapt as flow
from minenetcd.training.adaptation import sets


@pytest.fixture
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen pairs for a few steps."""
    for name, value in {"CHOOSING": 3, "PASTED": 3, "UNCHANGED": 2, "_MINES": {"train": 1, "val": 1}}.items():
        monkeypatch.setattr(sets, name, value)
    monkeypatch.setattr(flow, "RECIPE", {**flow.RECIPE, "batch_size": 4})


def pictures(folder: Path, seed: int = 1, height: int = 140, width: int = 280) -> list[Path]:
    """Two dates as PNG."""
    scene = make_scene(seed, size=max(height, width))
    paths = [folder / f"{seed}_{date}.png" for date in ("before", "after")]
    for path, image in zip(paths, (scene.before, scene.after), strict=True):
        Image.fromarray(image[:height, :width]).save(path)
    return paths
