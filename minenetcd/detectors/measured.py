"""How detectors did on real pairs with labels, by the size of their pixels: what may be expected of a map.

Nothing is chosen by these numbers. `benchmarks/real_pairs.py` measures them and writes real_pairs.csv beside this file,
one row for each detector and set of pairs: F1 of the pooled counts.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from minenetcd.display.words import counted, three_figures

TABLE = Path(__file__).with_name("real_pairs.csv")

#: The rows of what `minenetcd predict` does by itself.
AUTOMATIC = "automatic"

#: Sets count as of one scale up to this factor in metres per pixel.
SCALE_FACTOR = 2.0


class Measured(NamedTuple):
    """One detector on one set of real pairs; `metres_per_pixel` is None where it is not known."""

    detector: str
    set: str
    metres_per_pixel: float | None
    pairs: int
    f1: float


def measured_in_words(detector: str, metres: float | None) -> str:
    """What `detector` reached on real pairs with pixels of about `metres` (None: of unknown size), as a sentence.

    That of the automatic choice is not of one detector: other sets of that scale may have been read by another.
    """
    rows = [row for row in read_measured() if row.detector == detector]
    size = "pixels of unknown size" if metres is None else f"pixels of about {three_figures(metres)} m"
    near = [row for row in rows if _is_near(row.metres_per_pixel, metres)]
    if not rows:
        return "It was not measured on real pairs."
    if not near:
        return f"It was measured on no real pairs with {size}."
    scores, pairs = sorted(row.f1 for row in near), sum(row.pairs for row in near)
    reached = f"{scores[0]:.2f}" if len(scores) == 1 else f"{scores[0]:.2f} to {scores[-1]:.2f}"
    whose = "the F1 of the detectors chosen for them" if detector == AUTOMATIC else "its F1"
    return f"On real pairs with {size} ({counted(len(near), 'set')}, {counted(pairs, 'pair')}) {whose} was {reached}."


def read_measured() -> list[Measured]:
    """Every row of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Measured(
                row["detector"],
                row["set"],
                float(row["metres_per_pixel"]) if row["metres_per_pixel"] else None,
                int(row["pairs"]),
                float(row["f1"]),
            )
            for row in csv.DictReader(file)
        ]


def _is_near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return max(one, other) <= SCALE_FACTOR * min(one, other)
