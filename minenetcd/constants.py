"""Values, names, types and one rule that every room shares: plain Python."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from minenetcd.errors import OptionError

#: Of this package.
VERSION = "0.2.0"

#: In a mask or a result: no data, not labelled, not analysed.
UNKNOWN = 255

#: The parts a data set is divided into, in the order in which they are listed.
SPLITS = ("train", "val", "test")

#: Height and width that every network takes at least [pixels].
LEAST_SIDE = 32

#: Least part of its side that a tile shares with the next, where a network maps a scene (docs/performance.md).
OVERLAP = 0.15

#: Pages of a result's sheets, where nobody says how many.
USUAL_SHEETS = 50

#: Of ImageNet's red, green and blue, from 0 to 1: what trunks that saw it first were given.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

#: Longitude and latitude (WGS 84), as a CRS.
DEGREES = "EPSG:4326"

HECTARES_PER_KM2 = 100

#: Called with how many are done, of how many.
Progress = Callable[[int, int], None]


def no_progress(done: int, of: int) -> None:
    """The `Progress` that shows nothing."""


#: Called with what whoever waits may want to know before the end, as a sentence.
Note = Callable[[str], None]


def no_note(sentence: str) -> None:
    """The `Note` that nobody reads."""


def check_threshold(threshold: float) -> float:
    """The probability from which a pixel counts as changed, as it is. OptionError outside 0 to 1."""
    if not 0 < threshold < 1:
        raise OptionError(f"Threshold must lie between 0 and 1, got {threshold}: try 0.5.")
    return threshold


def check_temperature(temperature: float) -> float:
    """What logits are divided by, as it is. OptionError unless it is a number above 0."""
    if not 0 < temperature < float("inf"):
        raise OptionError(f"A temperature needs to be above 0, got {temperature}: try 1.")
    return temperature


@dataclass(frozen=True)
class TrainedOn:
    """The pairs that weights were trained on, as far as they are known; `str` gives them in words.

    `source` is the data set as it was asked for, or, where no more is known, what is said of it. `split` and
    `fingerprint` are those of its pairs, as a data set states them; `sites` is None where they are not known. `drawn`:
    whether scenes that this package draws are among them, where the name of the data set does not say so.
    """

    source: str
    split: str | None = None
    fingerprint: str | None = None
    pairs: int | None = None
    sites: int | None = None
    drawn: bool | None = None

    def __str__(self) -> str:
        counted = self.source if self.pairs is None else f"{self.pairs} pairs of {self.source}"
        return counted if self.fingerprint is None else f"{counted} (fingerprint {self.fingerprint})"

    @classmethod
    def read(cls, stored: Any) -> Self | None:
        """From what `as_json` gave, or from words; None for nothing (not trained).

        Version 0.2 kept "12 pairs of SOURCE (fingerprint 0f3a)": such a sentence is taken apart, its split is unknown.
        """
        kinds = {"source": str, "split": str, "fingerprint": str, "pairs": int, "sites": int, "drawn": bool}
        named = isinstance(stored, Mapping) and "source" in stored
        if named and all(isinstance(value, kinds.get(name, ())) for name, value in stored.items()):
            return cls(**stored)
        words = _in_words(stored)
        sentence = re.fullmatch(r"(\d+) pairs of (.+) \(fingerprint ([0-9a-f]+)\)", words or "", re.DOTALL)
        if sentence:
            return cls(sentence[2], fingerprint=sentence[3], pairs=int(sentence[1]))
        return cls(words) if words else None

    def as_json(self) -> str | dict[str, str | int | bool]:
        """The words where there is nothing else, else what is known by name."""
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        known = {name: value for name, value in known.items() if value is not None}
        return self.source if len(known) == 1 else known


@dataclass(frozen=True)
class Provenance:
    """Where the weights of a detector come from, as far as it is known.

    `trained_on` is None for a network that was not trained, as far as anybody says, and for a detector without training
    (`learns_each_scene`). `recipe` is a sentence or options by name, `metrics` numbers (or printed digits) by name,
    `extra` whatever else was stored with the weights.
    """

    name: str | None = None
    trained_on: TrainedOn | None = None
    recipe: str | Mapping[str, Any] | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    limits: str | None = None
    license: str | None = None
    learns_each_scene: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trained_on_in_words(self) -> str | None:
        if self.learns_each_scene:
            return "nothing: it learns each scene by itself"
        return None if self.trained_on is None else str(self.trained_on)

    @property
    def is_ready(self) -> bool:
        """Whether its maps mean something: it was trained, or needs no training."""
        return self.trained_on is not None or self.learns_each_scene

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From what `as_json` gave, or version 0.2 stored; what has no field goes to `extra`, nothing is refused."""
        names = {each.name for each in fields(cls)} - {"extra"}
        recipe, metrics = stored.get("recipe"), stored.get("metrics")
        return cls(
            name=_in_words(stored.get("name")),
            trained_on=TrainedOn.read(stored.get("trained_on")),
            recipe=recipe if isinstance(recipe, Mapping) else _in_words(recipe),
            metrics=metrics if isinstance(metrics, Mapping) else {} if metrics is None else {"metrics": metrics},
            limits=_in_words(stored.get("limits")),
            license=_in_words(stored.get("license")),
            learns_each_scene=stored.get("learns_each_scene") is True,
            extra={key: value for key, value in stored.items() if key not in names},
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values by name: `trained_on` always, the rest where it is known, `extra` beside them."""
        known = {
            "name": self.name,
            "trained_on": self.trained_on and self.trained_on.as_json(),
            "recipe": self.recipe,
            "metrics": self.metrics,
            "limits": self.limits,
            "license": self.license,
            "learns_each_scene": self.learns_each_scene,
            **self.extra,
        }
        return {key: value for key, value in known.items() if value or key == "trained_on" or key in self.extra}


def _in_words(value: Any) -> str | None:
    """A stored value as a text, of anything but a text its JSON; None where nothing was stored."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str)
