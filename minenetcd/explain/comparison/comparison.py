"""Two detectors compared: where they differ, which is right, and how far that can be trusted."""

from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from minenetcd.explain.comparison.joint_counts import JointCounts
from minenetcd.files import slug

#: As many parts are shown, unless another number is asked for.
EXAMPLES = 8


@dataclass(frozen=True)
class Example:
    """A part in which the detectors differ: pictures (H, W, 3), what each calls changed, and the truth if known."""

    name: str
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    a: NDArray[np.bool_]
    b: NDArray[np.bool_]
    truth: NDArray[np.uint8] | None
    valid: NDArray[np.bool_]


def prediction_folder(detector: str) -> Path:
    """Where, beside the results of two images, the prediction of a detector is."""
    return Path(slug(detector, longest=200))


@dataclass(frozen=True)
class Comparison:
    """Counts of detectors `a` and `b` (names) on `source`, and the parts with the largest differences.

    `hectares` of change that a alone, and b alone, sees, where pixels have an area. `notes`: which bands were read.
    """

    a: str
    b: str
    source: str
    joint: JointCounts
    examples: list[Example]
    hectares: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def short_source(self) -> str:
        """`source` for a heading: of paths, the last folder and the name."""
        return ", ".join("/".join(PurePath(part).parts[-2:]) for part in self.source.split(", "))
