"""What a caller may choose about a sample."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from minenetcd.accuracy.classes import MapClass
from minenetcd.errors import OptionError
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.date_files.finding import Image

#: Points in a small stratum: Olofsson et al. 2014, section 5.1.1, name 50 to 100.
LEAST_POINTS = 50
#: Of the overall accuracy, where nobody says how large the sample is to be: that of the paper's example.
STANDARD_ERROR = 0.01
#: Somebody looks at each of them.
MOST_POINTS = 20_000
SEED = 8888


@dataclass(frozen=True)
class SampleOptions:
    """How a map is sampled. OptionError for a value out of range, and for two that contradict each other.

    The size is `points`, or follows from a wanted standard error: `standard_error` of the overall accuracy (0 to 1), or
    `standard_error_ha` of the area of a class; STANDARD_ERROR where all are None. `expected`: user's accuracy of a
    stratum, by its name or that of its class, where it is thought to be another than the usual one.
    """

    points: int | None = None
    standard_error: float | None = None
    standard_error_ha: float | None = None
    expected: Mapping[str, float] = field(default_factory=dict)
    least: int = LEAST_POINTS  # points in a stratum whose share of the sample is smaller
    confidence: tuple[float, ...] = ()  # mapped probabilities at which change is divided into strata
    buffer: float | None = None  # metres around change that are a stratum of their own
    seed: int = SEED
    # of a raster that is no result of a prediction
    classes: tuple[MapClass, ...] = ()  # () : every number found is a class
    change: int | None = None  # the number of the class that is change
    metres_per_pixel: float | None = None  # of pictures, which do not say
    # what the person who judges sees
    before: Image | None = None  # None: the images of the result
    after: Image | None = None
    bands: Wanted | None = None  # as red, green, blue; None: by what the files say, or as in the result's report
    bands_after: Wanted | None = None
    pictures: bool = True
    context: int = 64  # pixels a side

    def __post_init__(self) -> None:
        sizes = {
            "--points": self.points, "--standard-error": self.standard_error,
            "--standard-error-ha": self.standard_error_ha,
        }  # fmt: skip
        given = [name for name, value in sizes.items() if value is not None]
        if len(given) > 1:
            raise OptionError(f"One size of the sample is needed, got {' and '.join(given)}: leave one of them out.")
        points = MOST_POINTS if self.points is None else self.points
        _require(2 <= points <= MOST_POINTS, f"2 to {MOST_POINTS:,} points", self.points, "500")
        error = STANDARD_ERROR if self.standard_error is None else self.standard_error
        _require(0 < error < 0.5, "a standard error of the overall accuracy from 0 to 0.5", error, "0.01")
        in_hectares = 1.0 if self.standard_error_ha is None else self.standard_error_ha
        _require(_is_positive(in_hectares), "a standard error of more than 0 hectares", in_hectares, "10")
        _require(self.least >= 2, "at least 2 points in a stratum", self.least, str(LEAST_POINTS))
        for name, value in self.expected.items():
            _require(0 < value < 1, f"an expected user's accuracy of {name!r} between 0 and 1", value, "0.8")
        ascending = all(low < high for low, high in zip(self.confidence, self.confidence[1:], strict=False))
        inside = all(0 < bound < 1 for bound in self.confidence)
        _require(ascending and inside, "ascending confidences between 0 and 1", self.confidence, "0.7,0.9")
        _require(self.buffer is None or _is_positive(self.buffer), "a buffer of metres", self.buffer, "50")
        _require(self.seed >= 0, "a seed of 0 or more", self.seed, str(SEED))
        metres = 1.0 if self.metres_per_pixel is None else self.metres_per_pixel
        _require(0.001 <= metres <= 100_000, "0.001 to 100000 metres per pixel", metres, "1.2")
        _require(8 <= self.context <= 512, "a context of 8 to 512 pixels a side", self.context, "64")
        if (self.before is None) != (self.after is None):
            raise OptionError("Both dates are needed for the pictures, got one: give --before and --after, or neither.")


def _is_positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _require(holds: bool, need: str, value: object, advice: str) -> None:
    if not holds:
        raise OptionError(f"A sample needs {need}, got {value}: try {advice}.")
