"""What moves the weights: optimiser, learning rate over the run, and the running average of the weights."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from minenetcd.configs.recipe import Recipe

OPTIMISERS: dict[str, type[Optimizer]] = {"adam": Adam, "adamw": AdamW}


def make_optimiser(model: nn.Module, recipe: Recipe) -> Optimizer:
    """Weight decay acts on matrices and kernels only: not on biases and scales, nor on what a layer spares from it."""
    spared = {id(getattr(layer, name)) for layer in model.modules() for name in getattr(layer, "no_weight_decay", ())}
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.ndim >= 2 and id(p) not in spared]
    others = [p for p in trained if p.ndim < 2 or id(p) in spared]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return OPTIMISERS[recipe.optimiser](
        [group for group in groups if group["params"]], lr=recipe.learning_rate, betas=recipe.betas
    )


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """Rate of optimiser step `step` (from 0) of `steps`: linear warm-up, then a cosine, or a constant."""
    warmup = round(steps * recipe.warmup_share)
    if step < warmup:
        return recipe.learning_rate * ((step + 1) / warmup)
    if recipe.schedule == "constant":
        return recipe.learning_rate
    done = (step - warmup) / max(1, steps - 1 - warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return recipe.learning_rate * cosine + recipe.final_learning_rate * (1 - cosine)


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
