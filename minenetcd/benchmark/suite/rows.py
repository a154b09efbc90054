"""The rows of a suite's tables: its methods, an option at a time, and what stands beside them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from minenetcd.benchmark.suite.labels import TRUNKS, method_label, option_label
from minenetcd.configs.suite import MethodEntry, Suite
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.evaluation.beside import list_beside
from minenetcd.files import slug
from minenetcd.training.settings import read_settings


@dataclass(frozen=True)
class Row:
    """One line of a table, before data, recipe and seed are chosen."""

    slug: str
    label: str
    group: str | None
    entry: MethodEntry
    options: dict[str, Any]
    beside: bool = False

    @property
    def is_named_without_training(self) -> bool:
        """Whether its method is the name of a detector without training, or of everything changed."""
        return self.entry.config in list_beside()

    @property
    def config(self) -> str | dict[str, Any]:
        """The configuration of its method; of a detector without training, one that holds its name."""
        return _config(self.entry)


def rows_of(suite: Suite) -> list[Row]:
    """Those of its methods, then those that stand beside them and are none of the methods."""
    alone = len(suite.methods) == 1
    rows = [row for entry in suite.methods for row in _rows_of(entry, alone=alone)]
    taken = {row.label for row in rows}
    return rows + [
        Row(slug(name), name, None, MethodEntry(config=name), {}, beside=True)
        for name in _beside(suite)
        if name not in taken
    ]


def _beside(suite: Suite) -> list[str]:
    """Names of what stands beside the methods."""
    known = list_beside()
    unknown = next((name for name in suite.beside or () if name not in known), None)
    if unknown is not None:
        raise UnknownNameError("row to stand beside", unknown, known)
    return known if suite.beside is None else list(suite.beside)


def _rows_of(entry: MethodEntry, *, alone: bool) -> Iterator[Row]:
    choices = {key: value if isinstance(value, list | tuple) else [value] for key, value in entry.options.items()}
    name = read_settings(_config(entry), data="none").model.name
    for values in itertools.product(*choices.values()):
        options = dict(zip(choices, values, strict=True))
        words = ", ".join(option_label(key, value) for key, value in options.items() if len(choices[key]) > 1)
        own = entry.label or (None if alone and words else method_label(name))
        label = ", ".join(part for part in (own, words) if part)
        trunk = TRUNKS.get(options.get("backbone", "")) if len(choices.get("backbone", ())) > 1 else None
        group = entry.group or (trunk.family if trunk else None)
        first = slug(entry.label or name) if entry.label or name in list_beside() else name
        parts = [first, *(slug(str(value)) for value in options.values())]
        yield Row("-".join(parts), label, group, entry, options)


def _config(entry: MethodEntry) -> str | dict[str, Any]:
    if entry.config not in list_beside():
        return entry.config
    if entry.weights is not None:
        raise OptionError(f"{entry.config} needs no weights, got {entry.weights!r}: leave weights out of its row.")
    return {"base": "base", "model": {"name": entry.config}}
