"""What builds a detector: network, preprocessing, threshold; the part of a configuration that is saved with weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from minenetcd.configs.numbers import Number, WholeNumber
from minenetcd.configs.section import Section, Threshold
from minenetcd.configs.value_range import ValueRange, check_value_range
from minenetcd.constants import IMAGENET_MEAN, IMAGENET_STD, LEAST_SIDE, check_temperature
from minenetcd.errors import OptionError

#: Side [pixels]; a larger square fits no memory.
LARGEST_TILE = 16_384

#: Metres a pixel of anything that is analysed.
FINEST_METRES, COARSEST_METRES = 0.001, 100_000.0

#: Of means, and of deviations and their inverse: values are 0 to 1 where they are normalised.
LARGEST_NUMBER = 1e6

#: More are no image.
MOST_BANDS = 4096

#: Of a band or a detector. [letters]
LONGEST_NAME = 200

#: The format of config.json beside weights, which counts up where an earlier version could not read it.
FORMAT = 1

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

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    bands: tuple[str, ...] = COLOURS
    mean: tuple[Number, ...] = IMAGENET_MEAN
    std: tuple[Number, ...] = IMAGENET_STD
    metres_per_pixel: Number | None = 1.2
    date_order: tuple[str, str] = ("before", "after")
    tile: WholeNumber = 256
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
        self._check_bands()
        if self.metres_per_pixel is not None and not FINEST_METRES <= self.metres_per_pixel <= COARSEST_METRES:
            raise OptionError(
                f"metres_per_pixel needs a number above 0, from {FINEST_METRES:g} to {COARSEST_METRES:g}, got "
                f"{self.metres_per_pixel}: correct it."
            )
        if not all(1 / LARGEST_NUMBER <= deviation <= LARGEST_NUMBER for deviation in self.std):
            raise OptionError(
                f"Preprocessing needs standard deviations above 0, from {1 / LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}, "
                f"got {self.std}: correct std."
            )
        if not all(abs(mean) <= LARGEST_NUMBER for mean in self.mean):
            raise OptionError(
                f"Preprocessing needs means from {-LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}, got {self.mean}: correct "
                "mean."
            )
        if sorted(self.date_order) != ["after", "before"]:
            raise OptionError(f"date_order needs 'before' and 'after' once each, got {self.date_order}: order them.")
        if self.value_range is not None:
            check_value_range(self.value_range, len(self.bands))

    def _check_bands(self) -> None:
        """OptionError for too many bands, or a name of one that nobody can read."""
        if not 1 <= len(self.bands) <= MOST_BANDS:
            raise OptionError(f"Preprocessing needs 1 to {MOST_BANDS} bands, got {len(self.bands)}: correct bands.")
        odd = [name for name in self.bands if not (0 < len(name) <= LONGEST_NAME and name.isprintable())]
        if odd:
            raise OptionError(
                f"A band needs a name of one line, at most {LONGEST_NAME} letters, got {odd[0]!r:.60}: correct bands."
            )


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
        if "bands" in given and given["bands"] not in (COLOURS, list(COLOURS)):
            return values
        if count > MOST_BANDS:
            raise OptionError(f"A network reads at most {MOST_BANDS} bands, got {count}: correct in_channels.")
        return {**values, "preprocessing": {**given, **unnamed_bands(range(1, count + 1))}}


class SavedDetector(DetectorSettings):
    """What config.json beside the weights says."""

    minenetcd_format: Literal[1]  # FORMAT
    model_class: str | None = Field(
        default=None, description="Of a network that is not of this package: where its class is, 'package.module:Name'."
    )
    temperature: Annotated[Number, AfterValidator(check_temperature)] = Field(
        default=1.0, description="Divides the logits: 1, unless the detector was calibrated."
    )
    provenance: dict[str, Any] = Field(default_factory=dict)
