"""The pairs that qualitative sheets may show: their images once, the masks of every method, small on disk."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from minenetcd.display.eight_bit import eight_bit_pair
from minenetcd.evaluation.outputs import file_stem
from minenetcd.files import atomic_path, make_folder
from minenetcd.types import ChangeBatch

PARTS = ("before", "after", "truth")


def kept_names(names: Iterable[str], count: int) -> list[str]:
    """The `count` names that come first by their hash: the same for every method, and no one's choice."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:count]


class SampleCollector:
    """Takes batches; keeps the masks of `names`, and their images in the folder `images` where they are missing."""

    def __init__(self, names: Sequence[str], images: Path, *, threshold: float) -> None:
        self.names, self.images, self.threshold = frozenset(names), images, threshold
        self.masks: dict[str, NDArray[np.bool_]] = {}
        if self.names:
            make_folder(images)

    def __call__(self, batch: ChangeBatch, probability: Tensor) -> None:
        for index, name in enumerate(batch.names):
            if name in self.names:
                self.masks[name] = (probability[index] >= self.threshold).cpu().numpy()
                before, after, truth = (part[index].numpy() for part in (batch.before, batch.after, batch.mask))
                write_images(self.images, name, before, after, truth)

    def write(self, path: Path) -> None:
        """All masks, one bit a pixel."""
        names = sorted(self.masks)
        bits = [np.packbits(self.masks[name]) for name in names]
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                names=np.array(names, dtype=np.str_),
                shapes=np.array([self.masks[name].shape for name in names], dtype=np.int64).reshape(-1, 2),
                bits=np.concatenate(bits) if bits else np.empty(0, np.uint8),
            )


def read_masks(path: Path) -> dict[str, NDArray[np.bool_]]:
    """What `SampleCollector.write` wrote, by name; empty where there is no such file."""
    if not path.exists():
        return {}
    with np.load(path) as stored:
        names, shapes, bits = stored["names"].tolist(), stored["shapes"], stored["bits"]
    ends = np.cumsum(-(-shapes.prod(axis=1) // 8))
    parts = np.split(bits, ends[:-1]) if names else []
    return {
        name: np.unpackbits(part, count=int(shape.prod())).reshape(shape).astype(bool)
        for name, shape, part in zip(names, shapes, parts, strict=True)
    }


def write_images(folder: Path, name: str, before: NDArray[Any], after: NDArray[Any], truth: NDArray[np.uint8]) -> None:
    """Two dates (C, H, W) as colours and the truth (H, W) as PNG, unless they are there."""
    pictures = (*_colours(before, after), truth)
    for part, pixels in zip(PARTS, pictures, strict=True):
        path = image_path(folder, name, part)
        if not path.exists():
            with atomic_path(path) as temporary:
                Image.fromarray(pixels).save(temporary, format="PNG")


def read_images(folder: Path, name: str) -> dict[str, NDArray[np.uint8]] | None:
    """before and after (H, W, 3), truth (H, W); None where they were not kept."""
    paths = {part: image_path(folder, name, part) for part in PARTS}
    if not all(path.exists() for path in paths.values()):
        return None
    return {part: np.asarray(Image.open(path)) for part, path in paths.items()}


def image_path(folder: Path, name: str, part: str) -> Path:
    """Where one image of a pair is kept."""
    return folder / f"{file_stem(name)}.{part}.png"


def choose_samples(f1: Mapping[str, float], quantiles: Iterable[float]) -> dict[str, float]:
    """Names by the quantile they stand for: the pair whose `f1` is nearest to it, no pair twice."""
    free, chosen = dict(sorted(f1.items())), {}
    values = np.array(list(free.values()))
    for quantile in quantiles:
        if free:
            goal = np.quantile(values, quantile)
            name = min(free, key=lambda name: abs(free[name] - goal))
            chosen[name] = quantile
            del free[name]
    return chosen


def _colours(before: NDArray[Any], after: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both dates (C, H, W) as red, green, blue (H, W, 3); what is no number in one is white in both."""
    first, second = (np.moveaxis(date, 0, -1) for date in (before, after))
    known = np.isfinite(first).all(axis=-1) & np.isfinite(second).all(axis=-1)
    return eight_bit_pair(first, second, known)
