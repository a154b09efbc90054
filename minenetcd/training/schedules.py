"""The learning rate over a run: a linear warm-up, then a schedule by name."""

import math
from typing import Protocol

from minenetcd.configs.recipe import Recipe
from minenetcd.errors import OptionError
from minenetcd.registry import Table


class Schedule(Protocol):
    """The learning rate when the share `done`, 0 to 1, of the steps after the warm-up lies behind."""

    def __call__(self, done: float, recipe: Recipe, /) -> float: ...


def constant(done: float, recipe: Recipe) -> float:
    """The recipe's rate throughout."""
    return recipe.learning_rate


def cosine(done: float, recipe: Recipe) -> float:
    """Half a cosine, from the recipe's rate to its final one (Loshchilov and Hutter, ICLR 2017)."""
    return _between(0.5 * (1 + math.cos(math.pi * done)), recipe)


def poly(done: float, recipe: Recipe) -> float:
    """(1 - done) ** power, from the recipe's rate to its final one; with power 1 a straight line."""
    return _between((1 - done) ** recipe.power, recipe)


def step(done: float, recipe: Recipe) -> float:
    """The recipe's rate, times `drop` for each milestone reached."""
    return recipe.learning_rate * recipe.drop ** sum(done >= milestone for milestone in recipe.milestones)


SCHEDULES: Table[Schedule] = Table(
    "schedule", "minenetcd.schedules", {"constant": constant, "cosine": cosine, "poly": poly, "step": step}
)

#: Options of a recipe that these read, and no others do.
READ_BY = {
    "constant": (),
    "cosine": ("final_learning_rate",),
    "poly": ("final_learning_rate", "power"),
    "step": ("milestones", "drop"),
}


def learning_rate(number: int, steps: int, recipe: Recipe) -> float:
    """Rate of optimiser step `number` (from 0) of `steps`; OptionError where the schedule gives none."""
    warmup = round(steps * recipe.warmup_share)
    if number < warmup:
        return recipe.learning_rate * ((number + 1) / warmup)
    done = (number - warmup) / max(1, steps - 1 - warmup)
    with SCHEDULES.called(recipe.schedule) as schedule:
        rate = float(schedule(min(1.0, done), recipe))
    if not 0 <= rate < math.inf:
        raise OptionError(
            f"The schedule {recipe.schedule!r} needs to give a rate of 0 or more, got {rate:g} for step {number + 1} "
            f"of {steps}: mend it, or choose another schedule."
        )
    return rate


def _between(share: float, recipe: Recipe) -> float:
    """The final rate at 0, the recipe's at 1."""
    return recipe.learning_rate * share + recipe.final_learning_rate * (1 - share)
