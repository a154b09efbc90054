"""Who is told how a task goes: a terminal, a log, another process; by default nobody."""

from typing import Self


class Reporter:
    """Entered when the task starts and left when it ends, however it does.

    Nothing here shows anything: derive from it, and override what is to be shown.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None: ...

    def progress(self, phase: str, done: int, of: int) -> None:
        """So far is a phase ("train", "validate", "test")."""

    def note(self, text: str) -> None:
        """Something worth a line."""
