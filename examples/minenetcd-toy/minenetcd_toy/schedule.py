"""A schedule: a cosine that starts again, Loshchilov and Hutter, "SGDR", ICLR 2017."""

import math

from minenetcd.configs.recipe import Recipe

CYCLES = 4


def restarts(done: float, recipe: Recipe) -> float:
    """The learning rate when the share `done`, 0 to 1, of the run lies behind."""
    in_cycle = done * CYCLES % 1
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * in_cycle))
