"""Synthetic scenes as a data set: `synthetic:NAME?sites=20&size=1024&seed=1` wherever a data set is named.

Scenes are drawn as GeoTIFFs at invented places and go through the same builder as real ones; what comes out is kept.
"""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from minenetcd.building.build import build_dataset
from minenetcd.building.drawn.contract import DrawnSet
from minenetcd.building.drawn.once import made_once
from minenetcd.building.drawn.options import read_drawn, seed_of
from minenetcd.building.scenes import PatchOptions
from minenetcd.building.synthetic_sets.places import invent_places
from minenetcd.building.synthetic_sets.scene_files import draw_scenes
from minenetcd.building.verification import MANIFEST
from minenetcd.constants import SPLITS, VERSION, Progress, no_progress
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.errors import OptionError
from minenetcd.files import make_folder

EXAMPLE = "synthetic:mines?sites=20&size=1024&seed=1"
NOTE = "Synthetic: drawn by this package. No image shows a real mine; places and dates are invented."
#: Scenes are cut into patches of this side; smaller than twice that, they stay whole. [pixels]
PATCH = 256
LIMITS = {"sites": (3, 100_000), "size": (32, 8192), "seed": (0, 2**31 - 1), "patch": (32, 8192)}


@dataclass(frozen=True)
class SyntheticSet(DrawnSet):
    """What decides every pixel: another name or seed gives other scenes. `size` of scenes, `patch` of what is cut."""

    splits = SPLITS
    read_options = ReadOptions()
    limits = (
        "Trained on synthetic scenes alone: it has never seen a real mine, and no figure measured on synthetic scenes "
        "says how well it does on real ones. Use it to try the tool and to look, not to report areas from; train or "
        "load a detector trained on real images for that."
    )
    caution = "Synthetic scenes were drawn by this package: scores on them say nothing about real mines."

    name: str
    sites: int = 20
    size: int = 1024
    seed: int = 1
    patch: int = PATCH

    @property
    def key(self) -> str:
        """A folder name of its own, for this version of the package."""
        options = f"sites{self.sites}-size{self.size}-seed{self.seed}-patch{self.patch}"
        return f"{self.name}-{options}-v{VERSION}"

    def seed_of(self, what: int | str) -> int:
        """The seed of scene `what`, or of something else by name."""
        return seed_of(self.name, self.seed, what)

    @classmethod
    def parse(cls, source: str) -> Self:
        """Without `patch`, scenes of less than two patches stay whole."""
        name, numbers, _ = read_drawn(source, EXAMPLE, LIMITS, name=r"[\w.-]+")
        wanted = cls(name, **numbers)
        if "patch" not in numbers and wanted.size < 2 * PATCH:
            wanted = replace(wanted, patch=wanted.size)
        if wanted.patch > wanted.size:
            raise OptionError(
                f"patch must be {wanted.size} at most, the size of a scene, got {wanted.patch} in {source!r}: correct "
                "it, or leave it out."
            )
        return wanted

    @property
    def patches(self) -> int:
        return self.sites * (self.size // self.patch) ** 2

    @property
    def split_patches(self) -> None:
        """Sites are divided when their places are known."""

    @property
    def side(self) -> int:
        return self.patch

    def check(self) -> None:
        """It is drawn from nothing but its numbers."""

    def build(self, split: str, cache: Path, *, workers: int | None = None, progress: Progress = no_progress) -> Path:
        """One folder holds all splits, and is made whole."""
        folder = cache / "synthetic" / self.key
        patches, scenes = folder / "patches", folder / "scenes"

        def make() -> None:
            make_folder(scenes)
            places = invent_places(np.random.default_rng(self.seed_of("places")), self.sites)
            seeds = [self.seed_of(number) for number in range(self.sites)]
            count = workers or os.cpu_count() or 1
            table = draw_scenes(scenes, places, seeds, size=self.size, workers=count, progress=progress)
            build_dataset(table, patches, patches=PatchOptions(size=self.patch), workers=count, note=NOTE)
            shutil.rmtree(scenes, ignore_errors=True)

        made_once(folder, patches / MANIFEST, make)
        return patches
