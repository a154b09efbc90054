"""What a caller may choose about an adaptation."""

import os
from dataclasses import dataclass
from pathlib import Path

from minenetcd.configs.value_range import ValueRange, check_value_range
from minenetcd.errors import OptionError
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.metadata.stated import Stated

#: A network of this package needs some minutes for it on two cores.
STEPS = 60


@dataclass(frozen=True)
class AdaptOptions:
    """How a detector is adapted to a place. OptionError for a value out of range."""

    bands: Wanted | None = None  # numbers from 1 or names, as red, green, blue; None: by what the images say
    value_range: ValueRange | None = None  # that becomes 0 and 1; None: the detector's, or as the images ask for
    coregister: bool = True  # a displacement of the later images is taken out, where it is known
    imagery: Path | None = None  # a folder of sets of images, from which pieces are pasted as well
    steps: int = STEPS
    seed: int = 1
    metres_per_pixel: float | None = None  # of pictures, which do not say
    crs: str | None = None  # of images with coordinates that name none
    nodata: float | None = None  # a number that means no data in all images, beside what the files say
    remote: bool = False  # to read files on the network that a STAC item names

    @property
    def stated(self) -> Stated:
        """What is said of the images that their files do not say."""
        return Stated(self.crs, self.nodata)

    def __post_init__(self) -> None:
        _ = self.stated
        if self.steps < 1:
            raise OptionError(f"An adaptation needs one step or more, got {self.steps}: try {STEPS}.")
        if not 0 <= self.seed < 2**31:
            raise OptionError(f"A seed needs to lie in 0 to {2**31 - 1}, got {self.seed}: try 1.")
        if self.metres_per_pixel is not None and not 0.001 <= self.metres_per_pixel <= 100_000:
            raise OptionError(f"Metres per pixel need to lie in 0.001 to 100000, got {self.metres_per_pixel}: try 1.2.")
        if self.bands is not None and len(self.bands) != 3:
            raise OptionError(
                f"Three bands are needed as red, green and blue, got {len(self.bands)}: e.g. --bands 4,3,2."
            )
        if self.imagery is not None:
            object.__setattr__(self, "imagery", Path(self.imagery))  # a text will do
        if self.imagery is not None and not os.path.isdir(self.imagery):
            raise OptionError(
                f"Imagery is a folder of sets of images, there is no folder {self.imagery!s:.200}: check it."
            )
        if self.value_range is not None:
            check_value_range(self.value_range)
