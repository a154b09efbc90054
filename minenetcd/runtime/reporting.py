"""How a task reports its progress: to a terminal, a log, another process; by default nowhere."""

from typing import Self


class Reporter:
    """Entered when the task starts and left when it ends, however it does.

    Nothing here shows anything: derive from it, and override what is to be shown.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None: ...

    def progress(self, phase: str, done: int, of: int) -> None:
        """`done` of `of` parts of a phase ("train", "validate", "test") are done."""

    def note(self, text: str) -> None:
        """Something worth a line."""
