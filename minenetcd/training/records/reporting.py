"""What a training reports."""

from dataclasses import dataclass

from minenetcd.runtime.reporting import Reporter


@dataclass(frozen=True)
class Step:
    """What one optimiser step did."""

    step: int
    epoch: int
    loss: float
    learning_rate: float
    samples_per_second: float
    interrupted: bool


@dataclass(frozen=True)
class Validation:
    """What the weights after `step` steps give on the validation split, at its best threshold or a fixed one."""

    step: int
    f1: float
    ciou: float
    threshold: float


class TrainingReporter(Reporter):
    """Shows nothing, as every Reporter; its phase of `progress` is "validate"."""

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        """Optimiser step `step.step` of `of` is done; `validation` where one followed it."""
