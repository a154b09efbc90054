"""What every data set that this package draws itself promises, however its pairs are made."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from minenetcd.constants import Progress, no_progress
from minenetcd.data.reading.read_options import ReadOptions


class DrawnSet(ABC):
    """What decides every pixel of the data set.

    `splits` are those it has, `read_options` how its files are read. `limits` is what the card of a detector trained on
    it states, `caution` the sentence that reports set beside scores on it.
    """

    splits: ClassVar[tuple[str, ...]]
    read_options: ClassVar[ReadOptions]
    limits: ClassVar[str]
    caution: ClassVar[str]

    @classmethod
    @abstractmethod
    def parse(cls, source: str) -> Self:
        """What `source` asks for; OptionError or UnknownNameError, in one line, where it cannot be read."""

    @property
    @abstractmethod
    def patches(self) -> int:
        """The pairs of all splits."""

    @property
    @abstractmethod
    def split_patches(self) -> Mapping[str, int] | None:
        """Those of each split; None where they are not known before it is drawn."""

    @property
    @abstractmethod
    def side(self) -> int:
        """The side of a pair. [pixels]"""

    @abstractmethod
    def check(self) -> None:
        """DataError where what it is drawn from is not there."""

    @abstractmethod
    def build(self, split: str, cache: Path, *, workers: int | None = None, progress: Progress = no_progress) -> Path:
        """The folder in `cache` that holds the pairs of `split`, one of `splits`; they are drawn unless they are there.

        `progress` counts what is drawn.
        """
