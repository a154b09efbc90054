"""What is pasted into pairs of real images, how often, and what of it counts as a change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.random import Generator


@dataclass(frozen=True)
class PastingRules:
    """Shares are 0 to 1, lengths in pixels; colours are those of images scaled to 0..1.

    A paste is of one of three kinds: the same ground in another light (`light`), ground of the same kind (`alike` of
    the others), both distractors that are not labelled, or a change. It is a change where its colour differs by
    `colour` or its share of bare ground by `bareness` from what it covers. `faint` of the changes let what they cover
    shine through; edges of `soft` of the pastes fade over `soft_edge`, and are not labelled where they do. In
    `elsewhere` of the pairs the whole second date is another place: change without an edge, labelled where colours
    differ.
    """

    changed: float = 0.85  # of the pairs; nothing is pasted into the others
    most: int = 5  # pastes of a pair
    light: float = 0.25
    alike: float = 0.4
    bare: float = 0.3  # of the fillings that are restyled to bright bare ground
    colour: float = 0.15
    bareness: float = 0.3
    radius: tuple[float, float] = (6.0, 70.0)
    feather: tuple[float, float] = (0.3, 4.0)  # width of the edge over which a paste fades in
    faint: float = 0.25
    strength: tuple[float, float] = (0.35, 0.8)  # of a faint change, of 1
    soft: float = 0.25
    soft_edge: tuple[float, float] = (6.0, 32.0)
    elsewhere: float = 0.05
    season: float = 0.5  # of the dates
    shift: float = 0.5  # of the pairs
    haze: float = 0.2  # of the dates
    shadow: float = 0.25  # of the dates


#: What else a pair may be, each as often as the others: faint change, much of it in large pieces, small pieces.
VARIETIES: tuple[Mapping[str, Any], ...] = (
    {"most": 7, "light": 0.2, "alike": 0.25, "bare": 0.15, "faint": 0.5, "colour": 0.08, "bareness": 0.2},
    {"most": 14, "light": 0.15, "alike": 0.25, "radius": (12.0, 110.0), "elsewhere": 0.15},
    {"most": 14, "bare": 0.2, "radius": (2.0, 12.0)},
)


def varied(rng: Generator, rules: PastingRules, share: float) -> PastingRules:
    """The rules of one pair: in `share` of the pairs one of the VARIETIES of `rules`."""
    return replace(rules, **VARIETIES[rng.integers(len(VARIETIES))]) if rng.random() < share else rules
