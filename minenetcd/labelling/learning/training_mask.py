"""The rule by which verdicts become a mask that trains: 1 changed, 0 unchanged, 255 not known.

- The outline of an accepted polygon, as the person left it, is changed. What the person cut away from it is unchanged,
  but for a rim of one pixel along the new outline: nobody draws more exactly.
- A rejected polygon is unchanged.
- An unsure polygon, and one that nobody judged, is not known.
- What an accepted and a rejected polygon both claim is not known.
- All else is not known either: a verdict on a polygon says nothing of a place where there is none, and change that was
  missed must not train as unchanged. Only where somebody says that the whole result was looked at (`complete`), the
  ground that the detector itself was sure of is unchanged: far from every polygon, far below the threshold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt

from minenetcd.constants import UNKNOWN

Where = NDArray[np.bool_]


@dataclass(frozen=True)
class Claims:
    """Which pixels (H, W) the polygons of a result lie on, by what was said of them.

    `accepted`: their outlines as they are now. `before_edits`: the earlier outlines of accepted polygons that were
    edited, and `edited` those outlines as they are now. `undecided`: unsure, not judged, or left out of a part.
    """

    accepted: Where
    rejected: Where
    undecided: Where
    before_edits: Where
    edited: Where

    @property
    def any(self) -> Where:
        """Where any polygon lies, or lay."""
        return self.accepted | self.rejected | self.undecided | self.before_edits


def training_mask(claims: Claims, background: Where | None = None) -> NDArray[np.uint8]:
    """The mask (H, W) of uint8; `background`: what is unchanged by the rule of a result looked at as a whole."""
    unchanged = claims.rejected | cut_away(claims)
    if background is not None:
        unchanged |= background & ~claims.any
    mask = np.full(claims.accepted.shape, UNKNOWN, np.uint8)
    mask[unchanged & ~claims.accepted & ~claims.undecided] = 0
    mask[claims.accepted & ~claims.rejected] = 1
    return mask


def cut_away(claims: Claims) -> Where:
    """What edits took from accepted polygons, without the rim along the new outline."""
    if not claims.before_edits.any():
        return claims.before_edits
    around: Where = binary_dilation(claims.edited, np.ones((3, 3), bool))
    return claims.before_edits & ~around


def background(claims: Claims, probability: NDArray[np.float32], *, below: float, distance: int) -> Where:
    """Where a detector was sure that nothing changed: under `below`, and more than `distance` pixels from any polygon.

    `probability` (H, W) is NaN without data, which is no background. Pixels near the border see no polygons beyond it:
    hand over as much more around.
    """
    sure = probability < below  # NaN is not
    if not claims.any.any():
        return sure
    apart: Where = distance_transform_edt(~claims.any) > distance
    return sure & apart
