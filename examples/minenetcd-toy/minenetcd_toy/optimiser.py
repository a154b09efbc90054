"""An optimiser: any of torch's, with what the recipe says."""

from typing import Any

from torch.optim import NAdam

from minenetcd.configs.recipe import Recipe


def nadam(groups: list[dict[str, Any]], recipe: Recipe) -> NAdam:
    """`groups` are parameters with their weight decay; the loop sets the learning rate at every step."""
    return NAdam(groups, lr=recipe.learning_rate, betas=recipe.betas)
