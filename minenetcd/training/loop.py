"""The training loop: batches in, moving weights, and their running average out."""

import copy
import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from minenetcd.detector import ChangeDetector
from minenetcd.errors import MineNetCDError
from minenetcd.training.losses import change_loss
from minenetcd.training.recipe import Recipe
from minenetcd.types import ChangeSample

Progress = Callable[[int, int, float], None]


class RunningAverage:
    """Exponential moving average of a network's parameters; buffers are copied."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay, self.updates = decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move towards `model`; early on the average follows faster, so that the start is forgotten."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for average, value in zip(self.model.parameters(), model.parameters(), strict=True):
            average.lerp_(value, 1 - decay)
        for average, value in zip(self.model.buffers(), model.buffers(), strict=True):
            average.copy_(value)


def fit(
    detector: ChangeDetector, batches: Iterable[ChangeSample], recipe: Recipe, *, progress: Progress = lambda *_: None
) -> None:
    """Train `detector.model` for `recipe.steps` batches and leave the running average of its weights in it.

    `batches` yield uint8 (B, C, H, W) dates and (B, H, W) masks. Raises MineNetCDError where the loss stops
    being finite, naming the samples.
    """
    model = detector.model.train().to(memory_format=torch.channels_last)
    optimiser = AdamW(_groups(model, recipe.weight_decay), lr=recipe.learning_rate, betas=recipe.betas)
    schedule = LambdaLR(optimiser, lambda step: _rate(step, recipe))
    average = RunningAverage(model, recipe.ema_decay)
    for step, batch in zip(range(1, recipe.steps + 1), batches, strict=False):
        loss = _step(detector, batch, optimiser, recipe)
        schedule.step()
        average.update(model)
        progress(step, recipe.steps, loss)
    model.load_state_dict(average.model.state_dict())
    model.eval()


def _step(detector: ChangeDetector, batch: ChangeSample, optimiser: AdamW, recipe: Recipe) -> float:
    model = detector.model
    before, after = (_normalised(detector, date) for date in (batch.before, batch.after))
    loss = change_loss(
        model(before, after),
        batch.mask.to(detector.device),
        name=recipe.loss,
        auxiliary_weights=model.auxiliary_weights,
    )
    if not loss.isfinite():
        raise MineNetCDError(f"The loss became {loss.item()} on the samples {batch.name}: lower the learning rate.")
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
    optimiser.step()
    return loss.item()


def _normalised(detector: ChangeDetector, date: Tensor) -> Tensor:
    unit = date.to(detector.device).float().div(255).contiguous(memory_format=torch.channels_last)
    return detector.preprocessing.normalise(unit)


def _groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Weight decay for matrices and kernels only, not for biases and normalisation scales."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]


def _rate(step: int, recipe: Recipe) -> float:
    """Share of the learning rate: linear warm-up, then a cosine down to `final_rate`."""
    warmup = max(1, round(recipe.steps * recipe.warmup_share))
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, recipe.steps - warmup)
    return recipe.final_rate + (1 - recipe.final_rate) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
