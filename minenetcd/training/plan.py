"""The length of a run, and when it validates and saves, in optimiser steps."""

from dataclasses import dataclass
from typing import Self

from minenetcd.configs.schema import Settings
from minenetcd.errors import OptionError


@dataclass(frozen=True)
class Plan:
    """`steps` of `pairs_per_step` pairs, `batches_per_step` forward passes each; `batches_per_epoch` fit one epoch."""

    steps: int
    pairs_per_step: int
    batches_per_step: int
    batches_per_epoch: int
    validate_every: int
    checkpoint_every: int | None  # None: after each validation

    @classmethod
    def of(cls, settings: Settings, *, pairs: int, processes: int) -> Self:
        """The plan for `pairs` training pairs; OptionError where they do not fill one batch."""
        recipe, trainer = settings.recipe, settings.trainer
        batch = recipe.batch_size * processes
        batches = pairs // batch
        if not batches:
            each = f" on each of {processes} processes" if processes > 1 else ""
            raise OptionError(
                f"A batch needs {recipe.batch_size} pairs{each}, the training split has {pairs}: "
                "lower recipe.batch_size."
            )
        steps_per_epoch = max(1, batches // trainer.accumulation)
        return cls(
            steps=recipe.steps or recipe.epochs * steps_per_epoch,
            pairs_per_step=batch * trainer.accumulation,
            batches_per_step=trainer.accumulation,
            batches_per_epoch=batches,
            validate_every=trainer.validate_steps or trainer.validate_epochs * steps_per_epoch,
            checkpoint_every=trainer.checkpoint_steps,
        )

    def position(self, step: int) -> tuple[int, int]:
        """Epoch, and pairs of it already used, after `step` steps."""
        epoch, batches = divmod(step * self.batches_per_step, self.batches_per_epoch)
        return epoch, batches * (self.pairs_per_step // self.batches_per_step)

    def validates(self, step: int) -> bool:
        """Whether the weights after `step` steps are validated; the last ones always are."""
        return step % self.validate_every == 0 or step == self.steps

    def saves(self, step: int) -> bool:
        """Whether the state after `step` steps is written."""
        if self.checkpoint_every is None:
            return self.validates(step)
        return step % self.checkpoint_every == 0 or step == self.steps
