"""Synthetic scenes as a data set: `synthetic:NAME?sites=20&size=1024&seed=1` wherever a data set is named.

Scenes are drawn as GeoTIFFs at invented places and go through the same builder as real ones; what comes out is kept.
"""

import hashlib
import os
import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np

from minenetcd.building.build import build_dataset
from minenetcd.building.manifest import MANIFEST
from minenetcd.building.scenes import PatchOptions
from minenetcd.building.synthetic_sets.places import invent_places
from minenetcd.building.synthetic_sets.scene_files import draw_scenes
from minenetcd.constants import VERSION, Progress, no_progress
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.files import locked, make_folder

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
        digest = hashlib.sha256(f"{self.name}:{self.seed}:{what}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1


def parse_synthetic(source: str) -> SyntheticSet:
    """What `source` asks for; OptionError or UnknownNameError, in one line, where it cannot be read."""
    match = re.fullmatch(rf"{SCHEME}([\w.-]+)(?:\?(.*))?", source)
    if match is None:
        raise OptionError(f"A synthetic data set reads like {EXAMPLE}, got {source!r}: correct it.")
    values: dict[str, int] = {}
    for key, text in parse_qsl(match[2] or "", keep_blank_values=True):
        if key not in LIMITS:
            raise UnknownNameError("option of a synthetic data set", key, LIMITS)
        if key in values:
            raise OptionError(f"{key} stands twice in {source!r}: give it once.")
        values[key] = _whole_number(key, text, source)
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
    if (patches / MANIFEST).exists():
        return patches
    make_folder(scenes)
    with locked(folder / "lock"):
        if not (patches / MANIFEST).exists():
            places = invent_places(np.random.default_rng(wanted.seed_of("places")), wanted.sites)
            seeds = [wanted.seed_of(number) for number in range(wanted.sites)]
            workers = workers or os.cpu_count() or 1
            table = draw_scenes(scenes, places, seeds, size=wanted.size, workers=workers, progress=progress)
            build_dataset(table, patches, patches=PatchOptions(size=wanted.patch), workers=workers, note=NOTE)
        shutil.rmtree(scenes, ignore_errors=True)
    return patches


def cache_folder(cache_dir: str | Path | None = None) -> Path:
    """`cache_dir`, else MINENETCD_CACHE, else this system's folder for what can be made again."""
    if chosen := cache_dir or os.environ.get("MINENETCD_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "minenetcd"


def _whole_number(key: str, text: str, source: str) -> int:
    low, high = LIMITS[key]
    if not (re.fullmatch(r"\d{1,12}", text) and low <= int(text) <= high):
        raise OptionError(
            f"{key} must be a whole number from {low} to {high}, got {text!r} in {source!r}: correct it, or leave "
            "it out."
        )
    return int(text)
