"""A suite of a benchmark: methods x data sets x recipes x seeds in one file."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from minenetcd.configs.numbers import Number
from minenetcd.configs.schema import DataSettings
from minenetcd.configs.section import Section, Threshold

#: What `weights` may say besides the place of a trained detector, and what it says of one that has none.
TRAIN, PUBLISHED, NO_WEIGHTS = "train", "published", "none"


class MethodEntry(Section):
    """One method, or, with options that list several values, one row for each combination of them."""

    named_by = "config"

    config: str | dict[str, Any] = Field(
        description="Name of a shipped configuration, a YAML file, a mapping, or a detector without training."
    )
    label: str | None = Field(default=None, description="What the row is called; by default the method's name.")
    group: str | None = Field(default=None, description="Rows of one group stand together, e.g. a family of backbones.")
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the model; a list of values makes a row for each of them."
    )
    weights: str | None = Field(default=None, description="As the suite's, for this method alone.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Further changes to the configuration.")


class DatasetEntry(DataSettings):
    """A data set as in the section `data` of a configuration, and what it is called."""

    label: str | None = None


class ProtocolSettings(Section):
    """The one protocol every cell is tested by."""

    split: str = "test"
    threshold: Threshold | None = Field(default=None, description="For all; null: each detector's own.")
    batch_size: PositiveInt = 8


class SampleSettings(Section):
    """Which pairs the qualitative sheets may show, and which of them they do.

    Of each data set the `kept` pairs whose names come first by their hash are kept with the masks of all methods;
    of those with change, the sheet shows the ones whose mean F1 over the methods is nearest to these quantiles.
    """

    kept: NonNegativeInt = 100
    quantiles: tuple[Annotated[Number, Field(ge=0, le=1)], ...] = (0.1, 0.3, 0.5, 0.7, 0.9)


class Suite(Section):
    """A whole suite."""

    name: str = Field(pattern=r"^[^\s./\\][^/\\]*$", description="Also the folder in results/.")
    title: str
    description: str = ""
    methods: tuple[MethodEntry, ...] = Field(min_length=1)
    datasets: tuple[DatasetEntry, ...] = Field(min_length=1)
    recipes: tuple[str | dict[str, Any], ...] = Field(default=("strong",), min_length=1)
    seeds: tuple[NonNegativeInt, ...] = Field(default=(8888,), min_length=1)
    weights: str = Field(
        default=TRAIN, description="'train', 'published', or a folder, hub id or embedded name of trained weights."
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Changes to the configuration of all methods.")
    test: ProtocolSettings = ProtocolSettings()
    samples: SampleSettings = SampleSettings()
    beside: tuple[str, ...] | None = Field(
        default=None,
        description="Rows below the methods: 'everything changed', cva, irmad, ...; null: all without training.",
    )
    published: Literal["framework", "paper"] = Field(
        default="framework",
        description="Whose printed scores stand beside: the unified framework's, or table 2 of the paper.",
    )

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        for what in ("seeds", "recipes"):
            values = [str(value) for value in getattr(self, what)]
            if len(set(values)) < len(values):
                raise ValueError(f"{what} holds a value twice: {', '.join(values)}")
        return self
