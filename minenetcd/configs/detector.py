"""What builds a detector: network, preprocessing, threshold; the part of a configuration that is saved with weights."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from minenetcd.configs.section import Section, Threshold
from minenetcd.configs.value_range import ValueRange, check_value_range
from minenetcd.constants import IMAGENET_MEAN, IMAGENET_STD, LEAST_SIDE
from minenetcd.errors import OptionError

#: Side [pixels]; a larger square fits no memory.
LARGEST_TILE = 16_384

#: What a network reads unless it says otherwise.
COLOURS = ("red", "green", "blue")

#: Of 0..1, for bands of which nothing is known; training puts in their place what it finds.
NO_MEAN, NO_STD = 0.5, 0.25


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

    Values are first brought to 0..1: those of `value_range` (a low and a high end, of one number or one a band) become
    0 and 1; without one, 8 bits are / 255, and other types are stretched, both dates alike (`minenetcd.geo.values`).
    Then they are normalised by `mean` and `std` per band. `date_order` is the order in which the network takes the
    dates, `tile` the side of the squares a scene is read in [pixels].
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    bands: tuple[str, ...] = COLOURS
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    metres_per_pixel: float | None = 1.2
    date_order: tuple[str, str] = ("before", "after")
    tile: int = 256
    value_range: ValueRange | None = None

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
        if self.value_range is not None:
            check_value_range(self.value_range, len(self.bands))


def unnamed_bands(numbers: Iterable[int]) -> dict[str, tuple[Any, ...]]:
    """The keys of `preprocessing` for bands of which only the numbers in their files are known."""
    names = tuple(f"band{number}" for number in numbers)
    return {"bands": names, "mean": (NO_MEAN,) * len(names), "std": (NO_STD,) * len(names)}


class DetectorSettings(Section):
    """A network with everything a prediction needs."""

    name: str | None = None
    model: ModelSettings
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    threshold: Threshold = Field(default=0.5, description="Probability from which a pixel counts as changed.")
    scene_threshold: tuple[Threshold, Threshold] | None = Field(
        default=None,
        description="Between which probabilities a predicted scene's own threshold is looked for; null: nowhere.",
    )

    @model_validator(mode="before")
    @classmethod
    def _bands_follow_the_network(cls, values: Any) -> Any:
        """Of a network that says how many bands it reads, where nobody named them."""
        model = values.get("model") if isinstance(values, Mapping) else None
        count = model.get("in_channels") if isinstance(model, Mapping) else None
        given = values.get("preprocessing", {}) if count else None
        if not isinstance(count, int) or not isinstance(given, Mapping) or count < 1 or count == len(COLOURS):
            return values
        if tuple(given.get("bands", COLOURS)) != COLOURS:
            return values
        return {**values, "preprocessing": {**given, **unnamed_bands(range(1, count + 1))}}


class SavedDetector(DetectorSettings):
    """What config.json beside the weights says."""

    minenetcd_format: Literal[1]
    model_class: str | None = Field(
        default=None, description="Of a network that is not of this package: where its class is, 'package.module:Name'."
    )
    provenance: dict[str, Any] = Field(default_factory=dict)
