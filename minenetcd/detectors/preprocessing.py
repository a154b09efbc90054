"""What stands between a file's numbers and a network: bands, value range, mean and deviation, order of the dates."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.errors import OptionError

#: Share of pixels left outside the value range at either end, for images that are not 8-bit. [percent]
STRETCH_PERCENTILE = 1.0


class Limits(NamedTuple):
    """The values that become 0 and 1, per band (C,)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class Preprocessing:
    """How pixels become what the network was trained on.

    Values are first brought to 0..1 (8-bit: / 255; other types: stretched between percentiles), then
    normalised by `mean` and `std` per band. `date_order` is the order in which the network takes the dates, `tile`
    the side of the squares a scene is read in [pixels].
    """

    bands: tuple[str, ...] = ("red", "green", "blue")
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    metres_per_pixel: float | None = 1.2
    date_order: tuple[str, str] = ("before", "after")
    tile: int = 256

    def __post_init__(self) -> None:
        if not len(self.bands) == len(self.mean) == len(self.std):
            raise OptionError(
                f"Preprocessing needs one mean and one std for each of {len(self.bands)} bands, got "
                f"{len(self.mean)} and {len(self.std)}: give as many of each."
            )
        if not all(deviation > 0 for deviation in self.std):
            raise OptionError(f"Preprocessing needs standard deviations above 0, got {self.std}: correct std.")
        if sorted(self.date_order) != ["after", "before"]:
            raise OptionError(f"date_order needs 'before' and 'after' once each, got {self.date_order}: order them.")

    def normalise(self, image: Tensor) -> Tensor:
        """(B, C, H, W) in 0..1 -> zero mean and unit variance per band, on the image's device."""
        mean, std = (image.new_tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (image - mean) / std
