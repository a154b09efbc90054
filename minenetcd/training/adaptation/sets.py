"""Pairs pasted from the blocks of one place: those that train, those that choose, and those that judge."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from minenetcd.building.drawn.options import seed_of
from minenetcd.building.pasted_sets.blocks import LEAST
from minenetcd.building.pasted_sets.crops import Crops
from minenetcd.building.pasted_sets.images import ImageSet, Place, find_sets, split_sets
from minenetcd.building.pasted_sets.pair_files import Mixture, draw_pairs
from minenetcd.building.pasted_sets.source import PastedSet
from minenetcd.constants import Progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.datasets.folder import open_path
from minenetcd.files import atomic_path, make_folder
from minenetcd.synthetic import make_scene
from minenetcd.synthetic.canvas.noise import Field
from minenetcd.synthetic.pasting.rules import PastingRules

#: What trains: of the grounds, most are two real dates.
TRAINED, TRAINED_ON = PastingRules(), Mixture(two_dates=0.6, varied=0.5)

#: What chooses and judges, by other rules: smaller and fainter pastes with harder edges, on two real dates as they are.
JUDGED_ON = Mixture(two_dates=1.0)
JUDGED = PastingRules(
    changed=1.0, most=3, light=0.15, alike=0.3, bare=0.15, colour=0.12, radius=(3.0, 45.0), feather=(0.5, 2.0),
    faint=0.4, strength=(0.4, 0.8), soft=0.1, soft_edge=(4.0, 16.0), elsewhere=0.0, season=0.0, shift=0.25, haze=0.0,
    shadow=0.0,
)  # fmt: skip

#: At most so many pairs train. Of those that judge, and about as many that choose, some are left unchanged.
MOST_TRAINING, CHOOSING, PASTED, UNCHANGED = 600, 64, 64, 32

#: One block in so many is held out.
HELD_OUT = 5

#: From so many on, some of those choose and the others judge. Where each had but one, the threshold that one chose was
#: worth nothing on the other (docs/adapt.md).
LEAST_APART = 4

#: Drawn mines, pieces of which are pasted: how many of each split, their side [pixels], and from which to which metres
#: per pixel they are drawn.
_MINES, _SIDE, _METRES = {"train": 12, "val": 6}, 256, (0.5, 10.0)


@dataclass(frozen=True)
class SceneCrops(Crops):
    """Pieces are cut from the `sources` as well, on which no pair is made."""

    sources: tuple[ImageSet, ...] = ()

    def filling(self, rng: Generator, height: int, width: int) -> Field:
        return Crops(self.folder, self.sets + self.sources, self.size, self.kept).filling(rng, height, width)


@dataclass(frozen=True)
class SceneBlocks:
    """The blocks of a place, two or more, below `folder`; `metres` per pixel, where they are known."""

    folder: Path
    places: tuple[Place, ...]
    metres: float | None

    def divided(self, seed: int) -> dict[str, tuple[Place, ...]]:
        """Those that train, that choose and that judge; the latter two are the same unless `judged_apart`."""
        order = np.random.default_rng(seed).permutation(len(self.places)).tolist()
        count = self._held_out
        half = count // 2 if self.judged_apart else count
        numbers = {"train": order[count:], "choose": order[:half], "judge": order[half % count : count]}
        return {use: tuple(self.places[number] for number in sorted(of)) for use, of in numbers.items()}

    @property
    def judged_apart(self) -> bool:
        """Whether those that judge chose nothing."""
        return self._held_out >= LEAST_APART

    @property
    def _held_out(self) -> int:
        return max(1, len(self.places) // HELD_OUT)


@dataclass(frozen=True)
class PastedScene:
    """Pairs that train, that choose checkpoint and threshold, and that judge: with pasted change, and without.

    None but those that train stand on ground that does; `judged_apart`: those that judge stand on other ground than
    those that choose, too.
    """

    train: ChangeDataset
    choose: ChangeDataset
    pasted: ChangeDataset
    unchanged: ChangeDataset
    judged_apart: bool


def paste_scene(
    blocks: SceneBlocks, folder: Path, source: str, *, pairs: int, seed: int, imagery: Path | None, progress: Progress
) -> PastedScene:
    """Draw the pairs that `folder` lacks, which are called `source`; `pairs` of them train, MOST_TRAINING at most.

    Pieces come from the same blocks, from drawn mines and from the sets of `imagery`. DataError for imagery that
    cannot be used. `progress` counts pairs.
    """
    others = _sets_of(imagery)
    splits = {"train": "train", "choose": "val", "judge": "val"}
    crops = {
        use: SceneCrops(
            blocks.folder,
            (ImageSet("scene", places, mines=True),),
            LEAST,
            folder / "true-changes",
            (_mines(folder / "mines", splits[use], blocks.metres, seed), *others.get(splits[use], ())),
        )
        for use, places in blocks.divided(seed).items()
    }
    plan = {
        "train": ("train", min(pairs, MOST_TRAINING), TRAINED, TRAINED_ON),
        "choose": ("choose", CHOOSING, replace(JUDGED, changed=0.6), JUDGED_ON),
        "pasted": ("judge", PASTED, JUDGED, JUDGED_ON),
        "unchanged": ("judge", UNCHANGED, replace(JUDGED, changed=0.0), JUDGED_ON),
    }
    done, total = 0, sum(count for _, count, _, _ in plan.values())
    found: dict[str, ChangeDataset] = {}
    for name, (use, count, rules, mixture) in plan.items():
        split = splits[use]
        draw_pairs(
            make_folder(folder / name), split, crops[use], _seeds(seed, name, count), mixture=mixture,
            rules=rules, workers=os.cpu_count() or 1, progress=_from(done, total, progress),
        )  # fmt: skip
        found[name] = open_path(folder / name, source, split, PastedSet.read_options, cache_dir=folder / "rows")
        done += count
    return PastedScene(**found, judged_apart=blocks.judged_apart)


def _seeds(seed: int, name: str, count: int) -> list[int]:
    return [seed_of("adapt", seed, name, number) for number in range(count)]


def _from(before: int, total: int, progress: Progress) -> Progress:
    """`progress` of a part that begins when `before` of `total` are done."""
    return lambda done, of: progress(before + done, total)


def _sets_of(imagery: Path | None) -> dict[str, Sequence[ImageSet]]:
    """Those of each split, their images by whole paths."""
    if imagery is None:
        return {}

    def whole(place: Place) -> Place:
        return replace(place, images=tuple(str(imagery.resolve() / image) for image in place.images))

    return {
        split: [replace(of, places=tuple(map(whole, of.places))) for of in sets]
        for split, sets in split_sets(find_sets(imagery)).items()
    }


def _mines(folder: Path, split: str, metres: float | None, seed: int) -> ImageSet:
    """Other mines for each split, with pixels about as large as those of the place."""
    at = None if metres is None else float(np.clip(metres, *_METRES))
    places = []
    for number, drawn in enumerate(_seeds(seed, f"mines of {split}", _MINES[split])):
        path = make_folder(folder / split).resolve() / f"{number:02d}.png"
        if not path.exists():
            with atomic_path(path) as target:
                Image.fromarray(make_scene(drawn, size=_SIDE, metres_per_pixel=at).after).save(target)
        places.append(Place(path.stem, (str(path),), _SIDE, _SIDE))
    return ImageSet("mines", tuple(places), mines=True)
