"""What a recipe may name: the tables behind its keys, of this package and of plug-ins."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from minenetcd.configs.recipe import Recipe
from minenetcd.data.augmentation import AUGMENTERS
from minenetcd.registry import Table
from minenetcd.training.losses import LOSSES
from minenetcd.training.optimise import OPTIMISERS
from minenetcd.training.schedules import SCHEDULES

#: Key of a recipe -> what its values name.
NAMES: Mapping[str, Table[Any]] = MappingProxyType(
    {"optimiser": OPTIMISERS, "schedule": SCHEDULES, "loss": LOSSES, "augmentation": AUGMENTERS}
)


def check_names(recipe: Recipe) -> None:
    """UnknownNameError where `recipe` names something that is not there, OptionError where it cannot be imported."""
    for key, table in NAMES.items():
        _ = table[getattr(recipe, key)]
