"""What moves the weights: optimisers, and the running average of the weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from minenetcd.configs.recipe import Recipe
from minenetcd.errors import OptionError
from minenetcd.registry import Table

Groups = list[dict[str, Any]]  # of parameters, with their own weight decay, as torch's optimisers take them


class OptimiserMaker(Protocol):
    """A torch optimiser that moves `groups` at `recipe.learning_rate`; the loop changes the rate step by step."""

    def __call__(self, groups: Groups, recipe: Recipe, /) -> Optimizer: ...


def adam(groups: Groups, recipe: Recipe) -> Optimizer:
    """Kingma and Ba, ICLR 2015; decay is part of the gradient."""
    return Adam(groups, lr=recipe.learning_rate, betas=recipe.betas)


def adamw(groups: Groups, recipe: Recipe) -> Optimizer:
    """Loshchilov and Hutter, ICLR 2019; decay stands beside the gradient."""
    return AdamW(groups, lr=recipe.learning_rate, betas=recipe.betas)


def sgd(groups: Groups, recipe: Recipe) -> Optimizer:
    """Gradient descent with momentum; decay is part of the gradient."""
    return SGD(groups, lr=recipe.learning_rate, momentum=recipe.momentum)


OPTIMISERS: Table[OptimiserMaker] = Table(
    "optimiser", "minenetcd.optimisers", {"adam": adam, "adamw": adamw, "sgd": sgd}
)

#: Options of a recipe that these read, and no others do.
READ_BY = {"adam": ("betas",), "adamw": ("betas",), "sgd": ("momentum",)}


def make_optimiser(model: nn.Module, recipe: Recipe) -> Optimizer:
    """Weight decay acts on matrices and kernels only: not on biases and scales, nor on what a layer spares from it.

    OptionError where what the recipe names makes no optimiser.
    """
    spared = {id(getattr(layer, name)) for layer in model.modules() for name in getattr(layer, "no_weight_decay", ())}
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.ndim >= 2 and id(p) not in spared]
    others = [p for p in trained if p.ndim < 2 or id(p) in spared]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    with OPTIMISERS.called(recipe.optimiser) as maker:
        optimiser = maker([group for group in groups if group["params"]], recipe)
    if not isinstance(optimiser, Optimizer):
        raise OptionError(
            f"The optimiser {recipe.optimiser!r} needs to give a torch optimiser, got {type(optimiser).__name__}: mend "
            "it, or choose another optimiser."
        )
    return optimiser


class RunningAverage:
    """Exponential moving average of the parameters and floating-point buffers of `model`, kept beside them.

    Early on it follows faster, so that the start is forgotten. BatchNorm's statistics are averaged as well: those of
    the newest weights alone would not be the averaged weights' own.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay, self.updates = decay, 0
        buffers = (buffer for buffer in model.buffers() if buffer.is_floating_point())
        self.tensors = [*model.parameters(), *buffers]
        self.values = [tensor.detach().clone() for tensor in self.tensors]

    @torch.no_grad()
    def update(self) -> None:
        """Move towards the tensors as they are now; one that never changes stays the same bit for bit."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for value, tensor in zip(self.values, self.tensors, strict=True):
            value.lerp_(tensor.detach(), 1 - decay)

    def restart(self, updates: int) -> None:
        """Begin again from the tensors as they are now, as after `updates` updates."""
        self.updates = updates
        self.values = [tensor.detach().clone() for tensor in self.tensors]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within the block the model holds the averages."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        for value, tensor in zip(self.values, self.tensors, strict=True):
            kept = tensor.detach().clone()
            tensor.copy_(value)
            value.copy_(kept)
