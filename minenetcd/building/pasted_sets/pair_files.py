"""Pasted pairs as PNG files, and the table of them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray
from PIL import Image

from minenetcd.building.drawn.once import draw_missing
from minenetcd.building.pasted_sets.crops import Crops, Ground, as_field, empty_pixels
from minenetcd.constants import UNKNOWN, Progress
from minenetcd.files import atomic_path
from minenetcd.synthetic.pasting.pair import paste_pair
from minenetcd.synthetic.pasting.rules import PastingRules

#: What the values of the masks mean: those for change and for no data; 0 is unchanged.
CHANGED, NOT_LABELLED = 255, 128
_FILES = ("before", "after", "mask")
_COLUMNS = ("name", *_FILES, "split", "site", "ground", "other_ground")


def draw_pairs(
    folder: Path,
    split: str,
    crops: Crops,
    seeds: Sequence[int],
    *,
    two_dates: float,
    rules: PastingRules,
    workers: int,
    progress: Progress,
) -> None:
    """Draw the pairs that `folder` lacks, one for each seed; last its table pairs.csv.

    `two_dates` is the share of grounds that are two real dates of one place.
    """
    jobs = [_Job(folder / f"{number:06d}", seed, crops, two_dates, rules) for number, seed in enumerate(seeds)]
    draw_missing(_draw, jobs, workers=workers, progress=progress)
    with atomic_path(table_in(folder)) as target, target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_row(job, split) for job in jobs)


def table_in(folder: Path) -> Path:
    """The table of the pairs in `folder`, written when all of them are there."""
    return folder / "pairs.csv"


@dataclass(frozen=True)
class _Job:
    """One pair to draw; `stem` begins the names of its files."""

    stem: Path
    seed: int
    crops: Crops
    two_dates: float
    rules: PastingRules

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self.stem.with_name(f"{self.stem.name}_{what}.png") for what in _FILES)

    @cached_property
    def ground(self) -> Ground:
        return self.crops.ground(default_rng((self.seed, 0)), self.two_dates)


def _draw(job: _Job) -> None:
    """The pair of `job` as three files, each complete or absent."""
    rng = default_rng((job.seed, 1))
    first, second, doubtful = job.crops.cut(rng, job.ground)
    pair = paste_pair(rng, (as_field(first), as_field(second)), job.crops.filling, job.rules)
    mask = np.select([pair.mask == 1, pair.mask == UNKNOWN], [np.uint8(CHANGED), np.uint8(NOT_LABELLED)], np.uint8(0))
    mask[empty_pixels(first, second) | (doubtful & (mask == 0))] = NOT_LABELLED
    for path, image in zip(job.paths, (pair.before, pair.after, mask), strict=True):
        _write_png(path, image)


def _write_png(path: Path, image: NDArray[np.uint8]) -> None:
    with atomic_path(path) as target:
        Image.fromarray(image).save(target, compress_level=1)


def _row(job: _Job, split: str) -> tuple[str, ...]:
    names = (path.name for path in job.paths)
    return job.stem.name, *names, split, job.ground.place.name.strip("/"), *job.ground.images
