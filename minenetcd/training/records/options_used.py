"""Of a recipe, what a run goes by: the card of its detector lists no others."""

from collections.abc import Mapping
from typing import Any

from minenetcd.configs.recipe import Recipe
from minenetcd.models.base import ChangeModel
from minenetcd.training import optimise, schedules


def options_used(recipe: Recipe, model: ChangeModel) -> dict[str, Any]:
    """The options by name, as plain values; of an optimiser or a schedule from elsewhere all that it may read."""
    values = recipe.model_dump(mode="json")
    unused = _of_others(recipe.optimiser, optimise.READ_BY) | _of_others(recipe.schedule, schedules.READ_BY)
    if recipe.steps is not None:
        unused.add("epochs")
    if not model.auxiliary_weights:
        unused.add("auxiliary")
    return {name: value for name, value in values.items() if name not in unused and value is not None}


def _of_others(chosen: str, read_by: Mapping[str, tuple[str, ...]]) -> set[str]:
    """What only others than `chosen` read."""
    if chosen not in read_by:
        return set()
    return {option for options in read_by.values() for option in options} - set(read_by[chosen])
