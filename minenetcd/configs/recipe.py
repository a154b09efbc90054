"""How the weights move: recipes by name, checked when they are read."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from minenetcd.configs.numbers import NonNegativeNumber, Number, PositiveNumber
from minenetcd.configs.section import Section
from minenetcd.constants import UNKNOWN, check_threshold

#: What each named recipe says of itself; keys a configuration gives win over these.
RECIPES: dict[str, dict[str, Any]] = {
    # MineNetCD, section 5.3; "momentum 0.9" there is Adam's first beta
    "paper": {
        "optimiser": "adam",
        "learning_rate": 1e-4,
        "betas": (0.9, 0.99),
        "weight_decay": 0.0,
        "schedule": "cosine",
        "warmup_share": 0.0,
        "final_learning_rate": 1e-7,
        "batch_size": 32,
        "loss": "bce",
        "auxiliary": False,
        "augmentation": "none",
        "crop": None,
        "clip_norm": None,
        "ema_decay": None,
        "threshold": 0.5,
    },
    "strong": {},  # the defaults below
}


#: Share of a running mean that stays at each step.
Beta = Annotated[Number, Field(ge=0, lt=1)]


class Recipe(Section):
    """How the weights move. The defaults are the recipe `strong`."""

    name: Literal["strong", "paper"] = "strong"
    epochs: PositiveInt = 100
    steps: PositiveInt | None = Field(
        default=None, description="Length of the run in optimiser steps, instead of epochs."
    )
    batch_size: PositiveInt = Field(default=16, description="Pairs per process and forward pass.")

    sampling: Literal["uniform", "balanced"] = Field(
        default="uniform",
        description="Each training pair once an epoch, or as many with change as without (see docs/training.md).",
    )

    optimiser: str = Field(default="adamw", description="By name, or package.module:Name.")
    learning_rate: PositiveNumber = 3e-4
    betas: tuple[Beta, Beta] = Field(default=(0.9, 0.99), description="Of adam and adamw.")
    momentum: Number = Field(default=0.9, ge=0, lt=1, description="Of sgd.")
    weight_decay: NonNegativeNumber = 0.01
    schedule: str = Field(default="cosine", description="By name, or package.module:Name.")
    warmup_share: NonNegativeNumber = Field(
        default=0.05, le=1, description="Share of all steps in which the rate rises."
    )
    final_learning_rate: NonNegativeNumber = Field(default=1e-5, description="At the end of cosine and poly.")
    power: PositiveNumber = Field(default=0.9, description="Of poly; 1 is a straight line.")
    milestones: tuple[Number, ...] = Field(
        default=(0.5, 0.75), description="Of step: shares of the run, after the warm-up, from which the rate is lower."
    )
    drop: Number = Field(default=0.1, gt=0, le=1, description="Of step: what the rate is multiplied by each time.")
    clip_norm: PositiveNumber | None = Field(default=1.0, description="Largest norm of the gradient.")
    ema_decay: Number | None = Field(
        default=0.998, ge=0, lt=1, description="Of the running average of the weights; null: none."
    )

    loss: str = Field(default="bce_dice", description="By name, or package.module:Name.")
    class_weights: tuple[Number, ...] | None = Field(
        default=None, description="Weight of unchanged and of changed pixels."
    )
    ignore_label: int = UNKNOWN
    auxiliary: bool = Field(default=True, description="Whether auxiliary outputs add to the loss.")

    augmentation: str = Field(default="strong", description="By name, or package.module:Name.")
    crop: PositiveInt | None = Field(
        default=None, description="Side of a training window [pixels]; null: the whole patch."
    )
    threshold: Literal["val"] | Number = Field(
        default="val", description="Chosen on the validation split, or a number."
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        """A bare name is a recipe; keys that are given win over those of the named one."""
        values = {"name": values} if isinstance(values, str) else dict(values)
        name = values.get("name", "strong")
        return {**(RECIPES.get(name, {}) if isinstance(name, str) else {}), **values}

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if isinstance(self.threshold, float):
            check_threshold(self.threshold)
        if not all(0 < share < 1 for share in self.milestones):
            raise ValueError(f"milestones need shares of the run between 0 and 1, got {self.milestones}")
        return self
