"""What a caller may choose about learning from verdicts and labels."""

import math
from dataclasses import dataclass

from minenetcd.errors import OptionError

#: Chosen on drawn sites other than those that it was measured on (docs/experiments.md).
STEPS, LEARNING_RATE, REHEARSAL = 40, 5e-4, 0.5


@dataclass(frozen=True)
class LearnOptions:
    """How a detector learns from what people said. OptionError for a value out of range.

    `complete`: the results were looked at as a whole, and what nobody marked is unchanged where the detector saw next
    to nothing: farther than `distance` pixels from every polygon, at a probability below `far_below` times the
    threshold. `rehearsal`: the share of drawn pairs that train beside; None: REHEARSAL, where the detector can have
    learned from such.
    """

    complete: bool = False
    far_below: float = 0.5
    distance: int = 8
    held_out: float = 0.25  # the share of the sites, or of the polygons of a single one
    rehearsal: float | None = None
    steps: int = STEPS
    learning_rate: float = LEARNING_RATE
    seed: int = 1

    def __post_init__(self) -> None:
        _require(
            0 < self.far_below <= 1, "a share of the threshold (far_below) above 0, 1 at most", self.far_below, "0.5"
        )
        _require(self.distance >= 0, "a distance of 0 pixels or more", self.distance, "8")
        _require(0 < self.held_out < 1, "a share to hold out between 0 and 1", self.held_out, "0.25")
        rehearsal = 0.0 if self.rehearsal is None else self.rehearsal
        _require(0 <= rehearsal < 1, "a share of drawn pairs (rehearsal) of 0 to below 1", rehearsal, f"{REHEARSAL:g}")
        _require(self.steps >= 1, "one step or more", self.steps, str(STEPS))
        is_rate = math.isfinite(self.learning_rate) and self.learning_rate > 0
        _require(is_rate, "a learning rate above 0", self.learning_rate, f"{LEARNING_RATE:g}")
        _require(0 <= self.seed < 2**31, f"a seed of 0 to {2**31 - 1}", self.seed, "1")


def _require(holds: bool, need: str, value: object, advice: str) -> None:
    if not holds:
        raise OptionError(f"Learning needs {need}, got {value}: try {advice}.")
