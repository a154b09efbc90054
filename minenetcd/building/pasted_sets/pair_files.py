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
from minenetcd.building.pasted_sets.crops import Crops, Ground, as_field
from minenetcd.building.pasted_sets.pictures import empty_pixels
from minenetcd.constants import UNKNOWN, Progress
from minenetcd.display.escaping import in_csv
from minenetcd.display.words import counted
from minenetcd.errors import DataError
from minenetcd.files import atomic_path
from minenetcd.synthetic import make_scene
from minenetcd.synthetic.pasting.pair import PastedPair, paste_pair
from minenetcd.synthetic.pasting.rules import PastingRules, varied

#: What the values of the masks mean: those for change and for no data; 0 is unchanged.
CHANGED, NOT_LABELLED = 255, 128
#: Below this it is no accident that none of the pairs, which change with some probability, has changed.
_BY_CHANCE = 1e-3
#: Stands for the images of a pair that is a drawn scene.
DRAWN = "drawn"
_FILES = ("before", "after", "mask")
_COLUMNS = ("name", *_FILES, "split", "site", "ground", "other_ground")


@dataclass(frozen=True)
class Mixture:
    """Shares of the pairs: grounds that are two real dates, `varied` rules, and scenes `drawn` with their mines."""

    two_dates: float = 0.4
    varied: float = 0.0
    drawn: float = 0.0


def draw_pairs(
    folder: Path,
    split: str,
    crops: Crops,
    seeds: Sequence[int],
    *,
    mixture: Mixture,
    rules: PastingRules,
    workers: int,
    progress: Progress,
) -> None:
    """Draw the pairs that `folder` lacks, one for each seed; last its table pairs.csv.

    DataError for images of which nothing can be made, and where changes are asked for and none came of it.
    """
    crops.check_content()
    jobs = [_Job(folder / f"{number:06d}", seed, crops, mixture, rules) for number, seed in enumerate(seeds)]
    draw_missing(_draw, jobs, workers=workers, progress=progress)
    none_changes = ((1 - rules.changed) * (1 - mixture.drawn)) ** len(jobs)
    _check_labels(jobs, crops.folder, with_change=none_changes < _BY_CHANCE)
    with atomic_path(table_in(folder)) as target, target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(map(in_csv, _row(job, split)) for job in jobs)


def _check_labels(jobs: Sequence["_Job"], images: Path, *, with_change: bool) -> None:
    """DataError where no pair has a labelled pixel, or, `with_change`, none that changed.

    Reads masks up to the first that has both.
    """
    values: set[int] = set()
    for job in jobs:
        with Image.open(job.paths[-1]) as mask:
            values |= {value for value, count in enumerate(mask.histogram()) if count}
        if CHANGED in values or (values - {NOT_LABELLED} and not with_change):
            return
    pairs = counted(len(jobs), "pair")
    if values <= {NOT_LABELLED}:
        raise DataError(
            f"{images} needs ground with data, and on both of two dates, masks and doubts about real change leave no "
            f"pixel of {pairs}: give images with fewer gaps."
        )
    raise DataError(
        f"{images} needs images whose pieces differ from what they cover, no pixel of {pairs} is changed: give more "
        "varied images, more pairs or other rules (colour, bareness, light, alike), or changed=0 for none."
    )


def table_in(folder: Path) -> Path:
    """The table of the pairs in `folder`, written when all of them are there."""
    return folder / "pairs.csv"


@dataclass(frozen=True)
class _Job:
    """One pair to draw; `stem` begins the names of its files."""

    stem: Path
    seed: int
    crops: Crops
    mixture: Mixture
    rules: PastingRules

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self.stem.with_name(f"{self.stem.name}_{what}.png") for what in _FILES)

    @cached_property
    def ground(self) -> Ground:
        return self.crops.ground(default_rng((self.seed, 0)), self.mixture.two_dates)

    @cached_property
    def is_drawn(self) -> bool:
        return bool(default_rng((self.seed, 2)).random() < self.mixture.drawn)


def _draw(job: _Job) -> None:
    """The pair of `job` as three files, each complete or absent."""
    pair = make_scene(job.seed, size=job.crops.size) if job.is_drawn else _pasted(job)
    mask = np.select([pair.mask == 1, pair.mask == UNKNOWN], [np.uint8(CHANGED), np.uint8(NOT_LABELLED)], np.uint8(0))
    for path, image in zip(job.paths, (pair.before, pair.after, mask), strict=True):
        _write_png(path, image)


def _pasted(job: _Job) -> PastedPair:
    """Not labelled are pixels without data, and those that may truly have changed between two dates of the ground."""
    rng = default_rng((job.seed, 1))
    first, second, doubtful = job.crops.cut(rng, job.ground)
    rules = varied(rng, job.rules, job.mixture.varied)
    pair = paste_pair(rng, (as_field(first), as_field(second)), job.crops.filling, rules)
    pair.mask[empty_pixels(first, second) | (doubtful & (pair.mask == 0))] = UNKNOWN
    return pair


def _write_png(path: Path, image: NDArray[np.uint8]) -> None:
    with atomic_path(path) as target:
        Image.fromarray(image).save(target, compress_level=1)


def _row(job: _Job, split: str) -> tuple[str, ...]:
    names = (path.name for path in job.paths)
    if job.is_drawn:
        return job.stem.name, *names, split, f"{DRAWN}/{job.stem.name}", DRAWN, DRAWN
    return job.stem.name, *names, split, job.ground.place.name.strip("/"), *job.ground.images
