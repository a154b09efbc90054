"""A whole configuration, checked before anything starts: a detector, and how a training run goes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from minenetcd.configs.detector import DetectorSettings
from minenetcd.configs.numbers import Number
from minenetcd.configs.recipe import Recipe
from minenetcd.configs.section import Section
from minenetcd.errors import UnknownNameError
from minenetcd.files import write_json

#: Begins what stands in place of a name for a network or pairs that were handed over in Python.
HANDED_OVER = "object:"


class DataSettings(Section):
    """Where the pairs come from."""

    named_by = "name"

    name: str = Field(
        description="A named data set, a hub id, a folder, synthetic:NAME?sites=20 or pasted:FOLDER?pairs=1000."
    )
    train_split: str = "train"
    val_split: str = Field(default="val", description="Chooses the checkpoint and the threshold.")
    val_name: str | None = Field(default=None, description="The data set of val_split, where it is another than name.")
    val_share: Number | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Cut the validation pairs out of train_split, by site where sites are known.",
    )
    workers: int = Field(default=2, ge=0, description="Processes that read and augment, for each training process.")

    @model_validator(mode="after")
    def _nothing_is_chosen_on_the_test_split(self) -> Self:
        if "test" in (self.train_split, self.val_split):
            raise ValueError("the test split is read by 'minenetcd test' only: train on train, choose on val")
        if self.val_name is not None and self.val_share is not None:
            raise ValueError("val_name and val_share both say which pairs choose: leave one out")
        is_other = self.val_name not in (None, self.name)
        if self.val_share is None and self.train_split == self.val_split and not is_other:
            raise ValueError(
                f"train_split and val_split are both {self.train_split!r}: name two splits, or set val_share"
            )
        return self


class TrainerSettings(Section):
    """How the machine is used, and how often it validates and saves."""

    mixed_precision: Literal["no", "fp16", "bf16"] = "no"
    accumulation: PositiveInt = Field(default=1, description="Batches whose gradients are summed before a step.")
    sharding: Literal["none", "ddp", "fsdp"] = Field(
        default="ddp",
        description="Of several processes: copies that average gradients (ddp), or shares of one model (fsdp).",
    )
    batch_norm: Literal["own", "sync", "frozen"] = Field(
        default="own", description="Statistics of each process, of all processes (GPU only), or those it starts with."
    )
    compile: bool = False
    validate_epochs: PositiveInt = 1
    validate_steps: PositiveInt | None = Field(
        default=None, description="Validate every so many steps, instead of epochs."
    )
    checkpoint_steps: PositiveInt | None = Field(
        default=None, description="Save the state of the run every so many steps, instead of after each validation."
    )
    keep: PositiveInt = Field(default=2, description="Checkpoints kept.")
    patience: PositiveInt | None = Field(
        default=None, description="Stop after so many validations without a better score."
    )
    trackers: tuple[Literal["tensorboard", "wandb", "trackio"], ...] | None = Field(
        default=None, description="Where curves go as well; null: tensorboard if it is installed."
    )

    @field_validator("mixed_precision", mode="before")
    @classmethod
    def _no_without_quotes(cls, value: Any) -> Any:
        """In YAML, and so on the command line, a bare no is false."""
        return "no" if value is False else value


class Settings(DetectorSettings):
    """A whole configuration."""

    base: str | None = Field(default=None, description="Name or path of the configuration this one changes.")
    pretrained_backbone: bool | None = Field(
        default=None, description="Start the trunk from ImageNet; null: where it can."
    )
    start_from: str | None = Field(default=None, description="Trained detector whose weights the run starts from.")
    data: DataSettings
    recipe: Recipe = Recipe()
    trainer: TrainerSettings = TrainerSettings()
    seed: int = Field(default=8888, ge=0)
    device: str = "auto"

    @property
    def is_handed_over(self) -> bool:
        """Whether the network or the pairs come from Python, so that no file and no command names them."""
        return any((text or "").startswith(HANDED_OVER) for text in (self.start_from, self.data.name))


def detector_part(config: Mapping[str, Any]) -> DetectorSettings:
    """What `config` says of the detector; the rest of it, which belongs to training, need not be complete.

    Raises UnknownNameError for a key no configuration has, OptionError for a value that does not fit.
    """
    for key in config:
        if key not in Settings.model_fields:
            raise UnknownNameError("configuration key", key, Settings.model_fields)
    return DetectorSettings.read({key: config[key] for key in DetectorSettings.model_fields if key in config})


def write_schema(path: Path, names: Mapping[str, Iterable[str]]) -> Path:
    """Write the JSON schema of a configuration, for editors that check and complete YAML.

    `names`: the names that are known for a key of the recipe, which takes others too.
    """
    schema = Settings.model_json_schema()
    keys = schema["$defs"]["Recipe"]["properties"]
    for key, known in names.items():
        del keys[key]["type"]
        keys[key]["anyOf"] = [{"enum": list(known)}, {"type": "string"}]
    write_json(path, schema)
    return path
