"""Data sets that plug-ins bring by name, or that stand at "package.module:Name"."""

import inspect
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl

from minenetcd.constants import SPLITS
from minenetcd.data.split_names import choose_split
from minenetcd.errors import OptionError
from minenetcd.registry import Table

if TYPE_CHECKING:
    from minenetcd.data.dataset import ChangeDataset
    from minenetcd.datasets.objects import Pairs


class PairsMaker(Protocol):
    """A class or function that gives the pairs of a split; options that follow the name after "?" come as words.

    Its attribute `splits`, where it has one, names those there are; else they are train, val and test.
    """

    def __call__(self, split: str, /, **options: str) -> "Pairs": ...


DATA_SETS: Table[PairsMaker] = Table("data set", "minenetcd.datasets", {})


def open_plugged(source: str, split: str) -> "ChangeDataset":
    """The pairs of one split of `source`: NAME, or NAME?option=value&option=value.

    OptionError for options it does not take, DataError for a split it does not have.
    """
    from minenetcd.datasets.objects import as_dataset  # here, because names are told apart without torch

    name, _, query = source.partition("?")
    maker, options = DATA_SETS[name], dict(parse_qsl(query, keep_blank_values=True))
    chosen = choose_split(source, split, splits_of(source))
    try:
        inspect.signature(maker).bind(chosen, **options)
    except TypeError as error:
        known = [f"{key}=..." for key in list(inspect.signature(maker).parameters)[1:]]
        taken = f"it takes {', '.join(known)}" if known else "it takes none"
        raise OptionError(f"The data set {name!r} cannot be made with {query!r} ({error}): {taken}.") from error
    return as_dataset(maker(chosen, **options), split=chosen, source=source)


def splits_of(source: str) -> tuple[str, ...]:
    """The splits of a data set of a plug-in."""
    return tuple(getattr(DATA_SETS[source.partition("?")[0]], "splits", SPLITS))
