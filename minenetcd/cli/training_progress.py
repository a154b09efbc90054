"""A run on the terminal: how far, how fast, how good."""

from types import MappingProxyType
from typing import Self

from minenetcd.cli.console import bars
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation


class RunProgress(TrainingReporter):
    """One bar for the run, one for the validation while it lasts, and a line that stays for each validation."""

    def __init__(self) -> None:
        self.bars = bars()
        self.run = self.bars.add_task("Training", total=None, facts="")
        self.validation = self.bars.add_task("Validating", total=None, facts="", visible=False)

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.bars.stop()

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        facts = f"loss {step.loss:.4f}  lr {step.learning_rate:.1e}  {step.samples_per_second:.1f} pairs/s"
        self.bars.update(self.run, completed=step.step, total=of, facts=facts)
        if validation is not None:
            self.bars.update(self.validation, visible=False)
            self.note(
                f"step {validation.step}: validation F1 {validation.f1:.4f}, cIoU {validation.ciou:.4f} at threshold "
                f"{validation.threshold:.2f}, loss {step.loss:.4f}"
            )

    def progress(self, phase: str, done: int, of: int) -> None:
        self.bars.update(self.validation, completed=done, total=of, visible=done < of)

    def note(self, text: str) -> None:
        self.bars.console.print(text, markup=False, highlight=False)


class AdaptProgress(RunProgress):
    """The same, with a bar for what is done before and after the run."""

    PHASES = MappingProxyType({"read": "Cutting", "draw": "Pasting", "judge": "Judging", "validate": "Validating"})

    def __init__(self) -> None:
        super().__init__()
        self.bars.update(self.run, visible=False)

    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        self.bars.update(self.run, visible=False)  # it stays where it ended, and is not to stand there twice

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        self.bars.update(self.run, visible=True)
        super().step(step, of, validation)

    def progress(self, phase: str, done: int, of: int) -> None:
        self.bars.update(self.validation, description=self.PHASES[phase])
        super().progress(phase, done, of)


class LearnProgress(AdaptProgress):
    """The same, of what was judged; a validation within the run, which chooses nothing here, is not told."""

    PHASES = MappingProxyType({**AdaptProgress.PHASES, "draw": "Drawing"})

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        super().step(step, of, None)
