"""What a training run is told: checked when it is read, with errors that name the right key."""

import difflib
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, ValidationError

from minenetcd.errors import OptionError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=_Section)


class Recipe(_Section):
    """How the weights move. Defaults are the recipe `strong` without pretrained trunk."""

    loss: Literal["bce", "dice", "bce_dice"] = "bce_dice"
    learning_rate: PositiveFloat = 1e-3
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.99)
    warmup_share: float = 0.05  # of all steps
    final_rate: float = 1e-2  # of learning_rate, at the end of the cosine
    steps: PositiveInt = 3000
    batch_size: PositiveInt = 8
    crop: PositiveInt = 256  # side of a training window [pixels]
    clip_norm: PositiveFloat = 1.0
    ema_decay: float = 0.998
    seed: int = 8888  # section 5.3


class SyntheticData(_Section):
    """How many synthetic scenes train, and how many others choose the threshold."""

    name: Literal["synthetic"] = "synthetic"
    train_scenes: PositiveInt = 2000
    val_scenes: PositiveInt = 100
    size: PositiveInt = 320  # side of a scene [pixels]


def read_sections(config: Mapping[str, Any]) -> tuple[Recipe, SyntheticData]:
    """The sections `recipe` and `data` of a configuration; OptionError suggests the right key for a misspelt one."""
    return _read(Recipe, config, "recipe"), _read(SyntheticData, config, "data")


def _read(section: type[S], config: Mapping[str, Any], name: str) -> S:
    values = config.get(name, {})
    for key in values:
        if key not in section.model_fields:
            near = difflib.get_close_matches(key, section.model_fields, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(section.model_fields)}."
            raise OptionError(f"{name} has no key {key!r}: {advice}")
    try:
        return section(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise OptionError(f"{name}.{first['loc'][0]} needs another value ({first['msg']}): correct it.") from error
