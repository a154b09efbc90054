"""What builds a detector: network, preprocessing, threshold; the part of a configuration that is saved with weights."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from minenetcd.configs.section import Section, Threshold
from minenetcd.constants import IMAGENET_MEAN, IMAGENET_STD, LEAST_SIDE
from minenetcd.errors import OptionError

#: Side [pixels]; a larger square fits no memory.
LARGEST_TILE = 16_384


class ModelSettings(Section):
    """An architecture by name, and its options, which its constructor checks."""

    model_config = ConfigDict(extra="allow")
    named_by = "name"

    name: str = Field(description="A name of 'minenetcd models'.")

    @property
    def options(self) -> dict[str, Any]:
        """Everything but the name."""
        return dict(self.model_extra or {})


@dataclass(frozen=True)
class PreprocessingSettings:
    """How pixels become what the network was trained on.

    Values are first brought to 0..1 (8-bit: / 255; other types: stretched between percentiles), then
    normalised by `mean` and `std` per band. `date_order` is the order in which the network takes the dates, `tile`
    the side of the squares a scene is read in [pixels].
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    bands: tuple[str, ...] = ("red", "green", "blue")
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    metres_per_pixel: float | None = 1.2
    date_order: tuple[str, str] = ("before", "after")
    tile: int = 256

    def __post_init__(self) -> None:
        if not len(self.bands) == len(self.mean) == len(self.std):
            raise OptionError(
                f"Preprocessing needs one mean and one std for each of {len(self.bands)} bands, got "
                f"{len(self.mean)} and {len(self.std)}: give as many of each."
            )
        if not LEAST_SIDE <= self.tile <= LARGEST_TILE:
            raise OptionError(
                f"A tile needs a side of {LEAST_SIDE} to {LARGEST_TILE} pixels, got {self.tile}: e.g. 256."
            )
        if self.metres_per_pixel is not None and not 0 < self.metres_per_pixel < math.inf:
            raise OptionError(f"metres_per_pixel needs a number above 0, got {self.metres_per_pixel}: correct it.")
        if not all(deviation > 0 for deviation in self.std):
            raise OptionError(f"Preprocessing needs standard deviations above 0, got {self.std}: correct std.")
        if sorted(self.date_order) != ["after", "before"]:
            raise OptionError(f"date_order needs 'before' and 'after' once each, got {self.date_order}: order them.")


class DetectorSettings(Section):
    """A network with everything a prediction needs."""

    name: str | None = None
    model: ModelSettings
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    threshold: Threshold = Field(default=0.5, description="Probability from which a pixel counts as changed.")


class SavedDetector(DetectorSettings):
    """What config.json beside the weights says."""

    minenetcd_format: Literal[1]
    model_class: str | None = Field(
        default=None, description="Of a network that is not of this package: where its class is, 'package.module:Name'."
    )
    provenance: dict[str, Any] = Field(default_factory=dict)
