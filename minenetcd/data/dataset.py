"""What every source of image pairs looks like to training and testing, whatever it is read from."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd
from torch import Tensor
from torch.utils.data import Dataset

from minenetcd.configs.value_range import ValueRange
from minenetcd.errors import DataError
from minenetcd.secrets import without_secrets
from minenetcd.types import ChangeSample

#: What can be wrong with a pair.
Fault = Literal["unequal sizes", "mask values", "unreadable"]


class PairError(DataError):
    """A pair that cannot be used; `fault` says in what way."""

    def __init__(self, message: str, fault: Fault = "unreadable") -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True)
class ColourPlaces:
    """Where red, green and blue stand among the bands of either date, counted from 0."""

    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True)
class DatasetFacts:
    """What identifies a split: where it came from, and that it is the same data as another time.

    `fingerprint` is a short hexadecimal digest that changes when the data or their order change.
    """

    source: str  # as the user asked for it, revision included, without the secrets of a URL
    split: str
    fingerprint: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", without_secrets(self.source))


class ChangeDataset(Dataset[ChangeSample], ABC):
    """The pairs of one split, in a fixed order, as tensors straight from the files, in their number type.

    `names[i]` is unique within the split. `places` has one row a pair, in order, with those of the columns
    site, country, row, column, crs, left, bottom, right, top, before_date, after_date that the source
    knows, and is None where it knows none of them. `value_range`: the values that become 0 and 1, where that was said
    ("?range=0,10000"). `band_numbers`: of those read, in their files, from 1, where these were chosen.
    """

    names: Sequence[str]
    places: pd.DataFrame | None = None
    value_range: ValueRange | None = None
    band_numbers: tuple[int, ...] | None = None

    @cached_property
    def facts(self) -> DatasetFacts:
        """What identifies the pairs: each source sets it, or finds it here when it is first asked for.

        DataError where it does neither.
        """
        raise DataError(f"{type(self).__name__} needs facts, which identify its pairs: set self.facts to DatasetFacts.")

    @cached_property
    def colour_places(self) -> ColourPlaces | None:
        """Where files of more than three bands call some red, green and blue; None where nobody says it.

        OptionError where the files of one data set say different things.
        """
        return None

    def __len__(self) -> int:
        return len(self.names)

    @abstractmethod
    def __getitem__(self, index: int) -> ChangeSample:
        """Pair `index`, each of its images decoded once; DataError names a pair that cannot be read."""

    def mask(self, index: int) -> Tensor:
        """The mask (H, W) of pair `index`, as stored: where a date has no data it may still say 0 or 1.

        A source that can reads it without the dates.
        """
        return self[index].mask

    @property
    def sites(self) -> list[str] | None:
        """The site each pair was cut from, where the source knows sites."""
        if self.places is None or "site" not in self.places:
            return None
        return self.places["site"].astype(str).tolist()
