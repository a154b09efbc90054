"""What a run tells whoever watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from minenetcd.training.loop import Step, Validation


class Reporter(Protocol):
    """Told of each step; entered when training starts and left when it ends, however it does."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        """Optimiser step `step.step` of `of` is done; `validation` where one followed it."""

    def validating(self, done: int, of: int) -> None:
        """Batches of the validation."""

    def note(self, text: str) -> None:
        """Something worth a line."""


class Silent:
    """Tells nobody."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        pass

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        pass

    def validating(self, done: int, of: int) -> None:
        pass

    def note(self, text: str) -> None:
        pass
