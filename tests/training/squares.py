"""A small folder of image pairs whose change is easy to see, and a configuration that trains on it in seconds."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image

COUNTS = {"train": 12, "val": 5, "test": 7}
SIDE = 64


def write_squares(folder: Path, *, counts: dict[str, int] = COUNTS) -> Path:
    """Folders SPLIT/A, SPLIT/B, SPLIT/label of 64 x 64 PNG: a bright square appears in most pairs."""
    for number, (split, count) in enumerate(counts.items()):
        for index in range(count):
            before, after, mask = drawn_pair(number, index, changed=index % 5 != 4)
            for kind, image in (("A", before), ("B", after), ("label", np.uint8(255) * mask)):
                (folder / split / kind).mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(folder / split / kind / f"{split}_{index:02d}.png")
    return folder


def drawn_pair(
    seed: int, index: int, *, changed: bool = True
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """Both dates (64, 64, 3) and where they differ (64, 64)."""
    rng = np.random.default_rng((seed, index))
    before = rng.integers(40, 120, (SIDE, SIDE, 3), dtype=np.uint8)
    after, mask = before.copy(), np.zeros((SIDE, SIDE), bool)
    if changed:
        row, column = rng.integers(0, SIDE // 2, 2)
        square = (slice(row, row + 24), slice(column, column + 24))
        after[square], mask[square] = 220, True
    return before, after, mask


def small_config(data: Path | str, /, **changes: Any) -> dict[str, Any]:
    """A narrow MineNetCD for a dozen steps of four pairs, everything else as given in `changes` by section."""
    config: dict[str, Any] = {
        "base": "base",
        "model": {"backbone": "resnet_nano", "decoder_channels": 8, "auxiliary_channels": 8},
        "data": {"name": str(data), "workers": 0},
        "recipe": {"steps": 9, "batch_size": 4, "learning_rate": 3e-3, "final_learning_rate": 1e-4},
        "trainer": {"validate_steps": 3, "checkpoint_steps": 2, "trackers": []},
    }
    for section, values in changes.items():
        config[section] = {**config[section], **values} if isinstance(values, dict) else values
    return config


def write_config(path: Path, data: Path | str, /, **changes: Any) -> Path:
    """`small_config` as a YAML file."""
    path.write_text(yaml.safe_dump(small_config(data, **changes)), encoding="utf-8")
    return path


class SquarePairs:
    """Eight pairs to hand over, of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
        return drawn_pair(self.seed, index)


def square_pairs() -> dict[str, Any]:
    """Those to train and to choose on, as `minenetcd.train` takes them."""
    return {"train": SquarePairs(0), "val": SquarePairs(1), "workers": 0}
