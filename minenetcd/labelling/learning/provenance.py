"""What is said of a detector that learned: its card, and what a reader of its scores should know."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from minenetcd.constants import Provenance, TrainedOn
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.display.words import counted, some_of
from minenetcd.labelling.learning.division import Part
from minenetcd.labelling.learning.material import TRAINING_IMAGES, Data, Pairs, has_drawn_scenes, training_images
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.outcome import Comparison, Learned
from minenetcd.labelling.learning.reading.sources import count_places
from minenetcd.training.start import without_calibration

#: Fewer held-out places than these are warned of.
FEW = 10

_SUFFIX = "-learned"
_LIMITS = (
    "Learned from verdicts of people on what an earlier detector had found: of change that this one missed they say "
    "nothing, unless it was labelled beside. Use it on places and sensors like those it learned from."
)


def source_in_words(data: Data) -> str:
    """What a card says that it learned from: names of folders alone, a path may say what a card should not."""
    trained = data.division.parts["train"]
    changed, unchanged = sum(part.changed for part in trained), sum(part.unchanged for part in trained)
    places = f"{counted(changed, 'place')} of change, {unchanged:,} of none"
    return f"what people said of {_folders(data, trained)} ({places})"


def _folders(data: Data, parts: Sequence[Part]) -> str:
    """In words, those of the scenes of `parts`."""
    return f"{'' if data.division.by_site else 'a part of '}{some_of(names_of(parts))}"


def names_of(parts: Sequence[Part]) -> list[str]:
    """Of the folders of their scenes, each once."""
    return list(dict.fromkeys(Path(part.scene.name).name for part in parts))


def learned_from(data: Data, cut: Pairs) -> dict[str, Any]:
    """What of the scenes trained, chose and judged; `said`: of all of them, how many places of each kind there are."""
    parts = data.division.parts
    kinds = ("accepted", "rejected", "unsure", "not judged", "changed", "unchanged")
    return {
        "scenes": _scenes_of(parts["train"]),
        "choosing_scenes": _scenes_of(parts["choose"]),
        "held_out_scenes": _scenes_of(parts["judge"]),
        "sites": data.division.sites,
        "held_out_sites": data.division.held_out_sites,
        "said": {kind: count_places(data.scenes, kind) for kind in kinds if count_places(data.scenes, kind)},
        "training_places": {
            "changed": sum(part.changed for part in parts["train"]),
            "unchanged": sum(part.unchanged for part in parts["train"]),
        },
        "training_pairs": cut.train.pairs,
        "choosing_pairs": cut.choose.pairs,
        "drawn_pairs": cut.drawn,
        "changed_pixels": cut.train.changed,
        "unchanged_pixels": cut.train.unchanged,
    }


def _scenes_of(parts: Sequence[Part]) -> list[str]:
    return list(dict.fromkeys(part.scene.name for part in parts))


def notes_on(data: Data, start: ChangeDetector, comparison: Comparison) -> tuple[str, ...]:
    """What a reader of the scores should know."""
    notes = []
    if not data.division.by_site:
        notes.append(
            "There is one site alone: a strip of it was held out, with a gap. Of other sites this says little; judge "
            "results of more."
        )
    elif data.division.sites == 2:
        notes.append("Of two sites one was held out: of others this says little; judge results of more.")
    seen = training_images(start)
    trained = names_of([part for part in data.division.parts["judge"] if not seen.isdisjoint(part.scene.checksums)])
    if trained:
        notes.append(
            f"{start.name} itself learned from {some_of(trained)}, which judges here: both scores are too good; judge "
            "results of other sites, too."
        )
    if not data.division.parts["choose"]:
        notes.append(
            "Too little was judged to keep a part apart for the threshold: it was set where the detector trained, and "
            "may be too high elsewhere; judge more."
        )
    if not data.knows_ground:
        notes.append(
            "Only places that somebody judged are counted, most of which an earlier detector found: what the new one "
            "finds beside them, right or wrong, is not seen. Map the held-out images with the new one, too, judge what "
            "it finds, and learn again; or look at results as a whole (--complete)."
        )
    makers = sorted({scene.detector for scene in data.scenes if scene.detector} - {start.name})
    if makers:
        notes.append(
            f"The polygons were found by {some_of(makers)}, not by {start.name}: what the former missed is in none of "
            "the scores."
        )
    places = comparison.before.accepted + comparison.before.rejected
    if places < FEW:
        notes.append(f"{counted(places, 'place')} are few to judge by.")
    return tuple(notes)


def describe(
    result: Learned, start: ChangeDetector, data: Data, options: LearnOptions, cut: Pairs, recipe: Mapping[str, Any]
) -> None:
    """The card of the new detector says where it comes from, and whether it became better."""
    began, comparison = start.provenance, result.comparison
    drawn = f" and {counted(cut.drawn, 'drawn pair')}" if cut.drawn else ""
    held_out = "held-out sites" if data.division.by_site else "a held-out strip of its one site"
    trained = result.detector.provenance.trained_on
    result.detector.provenance = Provenance(
        name=f"{start.name.removesuffix(_SUFFIX)}{_SUFFIX}",
        trained_on=TrainedOn(
            f"{source_in_words(data)}{drawn}, after {began.trained_on_in_words or 'nothing that is known'}",
            "train",
            None if trained is None else trained.fingerprint,
            cut.train.pairs,
            len({data.site_of[part.scene.name] for part in data.division.parts["train"]}),
            bool(cut.drawn) or has_drawn_scenes(start) or None,
        ),
        recipe={"learned, starting from": start.name, **asdict(options), **recipe},
        metrics={
            f"on {held_out}, before": str(comparison.before),
            f"on {held_out}, after": str(comparison.after),
            "answer": comparison.in_words,
        },
        limits=" ".join((_LIMITS, *result.notes)),
        license=began.license,
        extra={
            **without_calibration(began.extra),
            **_beside_training(data),
            TRAINING_IMAGES: sorted(
                training_images(start).union(*(p.scene.checksums for p in data.division.parts["train"]))
            ),
        },
    )


def _beside_training(data: Data) -> dict[str, str]:
    """What of the scenes did not train, for the card."""
    parts = data.division.parts
    chose = {"threshold chosen on": some_of(names_of(parts["choose"]))} if parts["choose"] else {}
    return {**chose, "held out": _folders(data, parts["judge"])}
