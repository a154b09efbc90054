"""What a detector learns from: scenes by site, what of them serves what, and the pairs that are cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, log
from pathlib import Path

import numpy as np

from minenetcd.datasets.drawn import drawn_scheme
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError
from minenetcd.labelling.learning.division import Division, Judged, Use, divide, group_sites
from minenetcd.labelling.learning.options import REHEARSAL, LearnOptions
from minenetcd.labelling.learning.patches import NOTHING_CUT, Cut, cut_pairs, draw_pairs, drawn_beside, side_of
from minenetcd.labelling.learning.reading.scenes import JudgedScene
from minenetcd.training.records.reporting import TrainingReporter

#: Of a card, what keeps the checksums of the images that trained.
TRAINING_IMAGES = "training images"

#: What the pairs of a part are called where they are read.
SPLIT_OF: dict[Use, str] = {"train": "train", "choose": "val"}


@dataclass(frozen=True)
class Data:
    """What a detector learns from: `division` of the scenes, the size of their pixels, and their sites by name."""

    scenes: list[JudgedScene]
    division: Division
    site_of: dict[str, str]
    metres: float | None
    knows_ground: bool


def divided(scenes: Sequence[JudgedScene], start: ChangeDetector, options: LearnOptions) -> Data:
    """What of the scenes trains, chooses and judges; each is opened for its grid."""
    sites, site_of, seen = [], {}, training_images(start)
    for number, site in enumerate(group_sites(scenes), start=1):
        judged = []
        for scene in site:
            with scene.open(start) as opened:
                truth = opened.truth
                trained_start = not seen.isdisjoint(scene.checksums)
                judged.append(Judged(scene, opened.pair.grid, truth.boxes, truth.knows_ground, trained_start))
            site_of[scene.name] = f"site {number}"
        sites.append(judged)
    metres = [scene.metres for scene in scenes if scene.metres is not None]
    knows_ground = _knows_ground([each for site in sites for each in site])
    return Data(
        list(scenes),
        _division(sites, options, knows_ground),
        site_of,
        exp(np.mean([log(each) for each in metres])) if metres else None,
        knows_ground,
    )


def _division(sites: Sequence[Sequence[Judged]], options: LearnOptions, knows_ground: bool) -> Division:
    """With a part kept apart for the threshold; without one only where ground is not known, and there is too little."""
    try:
        return divide(sites, options.held_out, options.seed, chooses=True)
    except DataError:
        if knows_ground:
            raise
        return divide(sites, options.held_out, options.seed, chooses=False)


def _knows_ground(scenes: Sequence[Judged]) -> bool:
    """Whether ground beside the places is known: of all results; where there are labels alone, of any."""
    results = [each.knows_ground for each in scenes if each.scene.detector is not None]
    return all(results) if results else any(each.knows_ground for each in scenes)


@dataclass(frozen=True)
class Pairs:
    """Pairs that were cut for training and for choosing, and how many were `drawn` beside them; `side` of each."""

    train: Cut
    choose: Cut
    drawn: int
    side: int


def write_pairs(
    data: Data, start: ChangeDetector, folder: Path, options: LearnOptions, reporter: TrainingReporter
) -> Pairs:
    """Written to `folder`. DataError where too little of them is known."""
    parts = data.division.parts
    side = side_of([*parts["train"], *parts["choose"]])
    cut = {
        use: cut_pairs(
            parts[use],
            start,
            folder / split,
            side=side,
            seed=options.seed,
            progress=partial(reporter.progress, "read"),
        )
        for use, split in SPLIT_OF.items()
        if parts[use]
    }
    if not (cut["train"].changed and cut["train"].unchanged):
        raise DataError(
            "Known pixels of change and of no change are needed to learn from, of those that are not held out one "
            "kind has none: judge more polygons."
        )
    share = rehearsed_share(start, options)
    drawn = drawn_beside(cut["train"].pairs, share)
    if drawn:
        draw_pairs(
            folder / "train", drawn,
            side=side, metres=data.metres, seed=options.seed, progress=partial(reporter.progress, "draw"),
        )  # fmt: skip
    return Pairs(cut["train"], cut.get("choose", NOTHING_CUT), drawn, side)


def training_images(detector: ChangeDetector) -> frozenset[str]:
    """Checksums of the images that it learned from by `learn`, in this round or an earlier one."""
    kept = detector.provenance.extra.get(TRAINING_IMAGES)
    return frozenset(map(str, kept)) if isinstance(kept, Sequence) and not isinstance(kept, str) else frozenset()


def rehearsed_share(start: ChangeDetector, options: LearnOptions) -> float:
    """The share of drawn pairs; those have three bands, and are shown to a detector that may have learned from such."""
    if len(start.bands) != 3:
        return 0.0
    if options.rehearsal is not None:
        return options.rehearsal
    return REHEARSAL if has_drawn_scenes(start) else 0.0


def has_drawn_scenes(start: ChangeDetector) -> bool:
    """Whether its weights learned from scenes that this package draws, as far as anybody says."""
    trained = start.provenance.trained_on
    return trained is not None and (trained.drawn is True or drawn_scheme(trained.source) is not None)
