"""Data sets on disk for tests: folders of PNGs, and parquet files as `minenetcd data build` writes them."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from minenetcd.data.building.patch_table import PLACE, patch_schema

FOLDERS = ("A", "B", "label")


class Pair(NamedTuple):
    """uint8 (H, W, 3), (H, W, 3) and (H, W), 0 and 255 in the mask."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def make_pair(seed: int, *, side: int = 64, brighter: int = 0) -> Pair:
    """A landscape that no other seed has; a bright square is new in it, and all of the after image is `brighter`."""
    rng = np.random.default_rng(seed)
    fields = [gaussian_filter(rng.normal(size=(side, side, 3)), (width, width, 0)) for width in (1, 3, 9)]
    ground = 120 + 18 * sum(field / field.std() for field in fields)
    mask = np.zeros((side, side), np.uint8)
    row, column = rng.integers(2, side // 2, 2)
    mask[row : row + side // 4, column : column + side // 4] = 255
    after = ground + rng.normal(0, 2, ground.shape) + brighter
    after[mask > 0] += 45
    return Pair(*(image.clip(0, 255).astype(np.uint8) for image in (ground, after)), mask)


def write_folder(root: Path, pairs: Iterable[Pair], *, split: str | None = "train", first: int = 0) -> Path:
    """`pairs` as root/split/{A,B,label}/000.png, 001.png, ... counted from `first`."""
    for number, pair in enumerate(pairs, start=first):
        for folder, image in zip(FOLDERS, pair, strict=True):
            path = (root / split if split else root) / folder / f"{number:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    return root


def write_parquet(folder: Path, split: str, pairs: Iterable[Pair], places: list[dict[str, object]]) -> Path:
    """`pairs` and where they lie as folder/SPLIT-00000-of-00001.parquet, in the layout of the builder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (pair, place) in enumerate(zip(pairs, places, strict=True)):
        images = {
            key: {"bytes": _png(image), "path": f"{number}.png"} for key, image in zip(_COLUMNS, pair, strict=True)
        }
        rows.append(images | dict.fromkeys(PLACE) | {"name": f"{split}_{number:03d}"} | place)
    pq.write_table(pa.Table.from_pylist(rows, schema=patch_schema()), folder / f"{split}-00000-of-00001.parquet")
    return folder


def strict_json(text: str) -> dict:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


_COLUMNS = ("imageA", "imageB", "label")


def _png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
