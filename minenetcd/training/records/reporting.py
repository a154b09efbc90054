"""Who is told how a training goes."""

from typing import TYPE_CHECKING

from minenetcd.runtime.reporting import Reporter

if TYPE_CHECKING:
    from minenetcd.training.loop import Step, Validation


class TrainingReporter(Reporter):
    """Shows nothing, as every Reporter; its phase of `progress` is "validate"."""

    def step(self, step: "Step", of: int, validation: "Validation | None") -> None:
        """Optimiser step `step.step` of `of` is done; `validation` where one followed it."""
