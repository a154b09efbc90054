"""Synthetic scenes as a data set: made once in parallel, kept on disk, read as samples."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from minenetcd.data.synthetic import make_scene
from minenetcd.data.transforms import augment, sample_generator
from minenetcd.geo.files import atomic_path
from minenetcd.types import ChangeSample

#: First seed of each split: no scene is in two of them, and the demo's scene is in none.
SPLIT_SEEDS = {"train": 1_000_000, "val": 2_000_000, "test": 3_000_000}


def synthetic_seeds(split: str, count: int) -> range:
    """Seeds of the first `count` scenes of `split`: train, val or test."""
    return range(SPLIT_SEEDS[split], SPLIT_SEEDS[split] + count)


def render(seeds: range, folder: Path, *, size: int, workers: int, progress: Callable[[int, int], None]) -> list[Path]:
    """Make the scenes that `folder` lacks, `workers` at a time; each file is complete or absent."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed}-{size}.npz" for seed in seeds]
    missing = [(seed, path) for seed, path in zip(seeds, paths, strict=True) if not path.exists()]
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(
            pool.map(partial(_render_one, size=size), *zip(*missing, strict=True)) if missing else ()
        ):
            progress(done + 1, len(missing))
    return paths


def _render_one(seed: int, path: Path, *, size: int) -> None:
    scene = make_scene(seed, size=size)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, before=scene.before, after=scene.after, mask=scene.mask)


class SyntheticScenes(Dataset[ChangeSample]):
    """Rendered scenes as samples, augmented anew in every epoch where `crop` is given."""

    def __init__(self, paths: list[Path], *, crop: int | None = None, seed: int = 0) -> None:
        self.paths, self.crop, self.seed, self.epoch = paths, crop, seed, 0

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> ChangeSample:
        with np.load(self.paths[index]) as scene:
            before, after, mask = (torch.from_numpy(scene[key]) for key in ("before", "after", "mask"))
        sample = ChangeSample(before.permute(2, 0, 1), after.permute(2, 0, 1), mask, self.paths[index].stem)
        if self.crop is None:
            return sample
        return augment(sample, sample_generator(self.seed, self.epoch, index), crop=self.crop)
