"""How a pair is segmented."""

import itertools
import math
from dataclasses import dataclass

from minenetcd.errors import OptionError

#: From segments of few pixels to segments as large as pits, each scale the square root of 2 times the one before.
USUAL_SCALES = tuple(round(5 * 2 ** (step / 2), 1) for step in range(13))


@dataclass(frozen=True)
class SegmentOptions:
    """What makes segments alike.

    `scales`, rising: regions merge where that adds less than the square of the scale to their heterogeneity, with
    images from 0 to 255. `shape`: the share of their shape in it, of 0 to 1; the rest is colour. `compactness`: in the
    shape, the share of compactness, the rest is smoothness; both were chosen on drawn scenes (docs/experiments.md).
    OptionError for values out of range.
    """

    scales: tuple[float, ...] = USUAL_SCALES
    shape: float = 0.3
    compactness: float = 0.9

    def __post_init__(self) -> None:
        rising = all(low < high for low, high in itertools.pairwise(self.scales))
        if not (self.scales and rising and self.scales[0] > 0 and math.isfinite(self.scales[-1])):
            raise OptionError(
                f"Scales of segments need to be positive and to rise, got {', '.join(f'{s:g}' for s in self.scales)}: "
                "try 10,20,40."
            )
        for name, share in (("shape", self.shape), ("compactness", self.compactness)):
            if not 0 <= share <= 1:
                raise OptionError(f"The share of {name} needs to be 0 to 1, got {share:g}: try 0.1 to 0.5.")
