"""What is pasted into pairs of real images, how often, and what of it counts as a change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PastingRules:
    """Shares are 0 to 1, lengths in pixels; colours are those of images scaled to 0..1.

    A paste is of one of three kinds: the same ground in another light (`light`), ground of the same kind (`alike` of
    the others), both distractors that are not labelled, or a change. It is a change where its colour differs by
    `colour` or its share of bare ground by `bareness` from what it covers.
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
    season: float = 0.5  # of the dates
    shift: float = 0.5  # of the pairs
    haze: float = 0.2  # of the dates
    shadow: float = 0.25  # of the dates
