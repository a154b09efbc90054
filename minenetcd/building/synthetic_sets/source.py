"""Synthetic scenes as a data set: `synthetic:NAME?sites=20&size=1024&seed=1` wherever a data set is named.

Scenes are drawn as GeoTIFFs at invented places and go through the same builder as real ones; what comes out is kept.
"""

import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from minenetcd.building.build import build_dataset
from minenetcd.building.drawn.once import made_once
from minenetcd.building.drawn.options import read_options, seed_of
from minenetcd.building.manifest import MANIFEST
from minenetcd.building.scenes import PatchOptions
from minenetcd.building.synthetic_sets.places import invent_places
from minenetcd.building.synthetic_sets.scene_files import draw_scenes
from minenetcd.constants import VERSION, Progress, no_progress
from minenetcd.errors import OptionError
from minenetcd.files import make_folder

SCHEME = "synthetic:"
EXAMPLE = "synthetic:mines?sites=20&size=1024&seed=1"
NOTE = "Synthetic: drawn by this package. No image shows a real mine; places and dates are invented."
#: Scenes are cut into patches of this side; smaller than twice that, they stay whole. [pixels]
PATCH = 256
LIMITS = {"sites": (3, 100_000), "size": (32, 8192), "seed": (0, 2**31 - 1), "patch": (32, 8192)}


@dataclass(frozen=True)
class SyntheticSet:
    """What decides every pixel: another name or seed gives other scenes. `size` of scenes, `patch` of what is cut."""

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


def parse_synthetic(source: str) -> SyntheticSet:
    """What `source` asks for; OptionError or UnknownNameError, in one line, where it cannot be read."""
    match = re.fullmatch(rf"{SCHEME}([\w.-]+)(?:\?(.*))?", source)
    if match is None:
        raise OptionError(f"A synthetic data set reads like {EXAMPLE}, got {source!r}: correct it.")
    values, _ = read_options(source, match[2] or "", LIMITS, kind="synthetic")
    wanted = SyntheticSet(match[1], **values)
    if "patch" not in values and wanted.size < 2 * PATCH:
        wanted = replace(wanted, patch=wanted.size)
    if wanted.patch > wanted.size:
        raise OptionError(
            f"patch must be {wanted.size} at most, the size of a scene, got {wanted.patch} in {source!r}: correct "
            "it, or leave it out."
        )
    return wanted


def build_synthetic(
    wanted: SyntheticSet, cache: Path, *, workers: int | None = None, progress: Progress = no_progress
) -> Path:
    """The folder of its patches in `cache`, made unless it is there."""
    folder = cache / "synthetic" / wanted.key
    patches, scenes = folder / "patches", folder / "scenes"

    def make() -> None:
        make_folder(scenes)
        places = invent_places(np.random.default_rng(wanted.seed_of("places")), wanted.sites)
        seeds = [wanted.seed_of(number) for number in range(wanted.sites)]
        count = workers or os.cpu_count() or 1
        table = draw_scenes(scenes, places, seeds, size=wanted.size, workers=count, progress=progress)
        build_dataset(table, patches, patches=PatchOptions(size=wanted.patch), workers=count, note=NOTE)
        shutil.rmtree(scenes, ignore_errors=True)

    made_once(folder, patches / MANIFEST, make)
    return patches
