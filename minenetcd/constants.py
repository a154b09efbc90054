"""Values, names and types that every room shares: plain Python."""

from collections.abc import Callable

#: In a mask or a result: no data, not labelled, not looked at.
UNKNOWN = 255

#: The parts a data set is divided into, in the order in which they are listed.
SPLITS = ("train", "val", "test")

#: Called with how many are done, of how many.
Progress = Callable[[int, int], None]


def no_progress(done: int, of: int) -> None:
    """The `Progress` of whoever does not watch."""
