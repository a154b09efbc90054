"""What stands between a file's numbers and a network: bands, value range, mean and deviation, order of the dates."""

from dataclasses import asdict, dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.configs.detector import PreprocessingSettings

#: Share of pixels left outside the value range at either end, for images that are not 8-bit. [percent]
STRETCH_PERCENTILE = 1.0


class Limits(NamedTuple):
    """The values that become 0 and 1, per band (C,)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class Preprocessing(PreprocessingSettings):
    """The settings of that name, at work on tensors."""

    @classmethod
    def of(cls, settings: PreprocessingSettings) -> Self:
        """The one that `settings` describe."""
        return cls(**asdict(settings))

    def normalise(self, image: Tensor) -> Tensor:
        """(B, C, H, W) in 0..1 -> zero mean and unit variance per band, on the image's device."""
        mean, std = (image.new_tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (image - mean) / std
