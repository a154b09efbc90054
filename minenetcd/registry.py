"""Things known by name: those of this package, of installed plug-ins, and those registered by a program.

A table holds names and, for each, the thing itself or where it is, as "package.module:Name", loaded when it is asked
for. Plug-ins bring theirs as entry points of the table's group. Nothing is imported to list names.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from minenetcd.errors import OptionError, UnknownNameError

#: Where a process hands its registered names on to those it starts: JSON, group -> name -> "package.module:Name".
HANDED_ON = "MINENETCD_REGISTERED"

T = TypeVar("T")

_registered: dict[str, dict[str, Any]] = {}


def resolve(path: str) -> Any:
    """What "package.module:Name" or "package.module:Class.method" stands for; its module is imported here."""
    module, _, name = path.partition(":")
    value: Any = import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


def path_of(thing: Any) -> str:
    """Where a class or function is defined, as "package.module:Name"."""
    return f"{thing.__module__}:{thing.__qualname__}"


def is_path(name: str) -> bool:
    """Whether `name` has the form "package.module:Name"."""
    module, colon, thing = name.partition(":")
    return bool(colon) and all(part.isidentifier() for part in [*module.split("."), *thing.split(".")])


class Table(Generic[T]):
    """Name -> thing. `kind` is what errors call it, `group` the entry points that add to it.

    `built_in`: the package's own, as things or as text. A name of the package cannot be given to anything else.
    """

    def __init__(self, kind: str, group: str, built_in: Mapping[str, T | str]) -> None:
        self.kind, self.group, self.built_in = kind, group, dict(built_in)

    def __iter__(self) -> Iterator[str]:
        """Every name, sorted; no plug-in is imported."""
        return iter(sorted({*self.built_in, *self._registered(), *self._installed()}))

    def __contains__(self, name: object) -> bool:
        return name in self.built_in or name in self._registered() or name in self._installed()

    def __getitem__(self, name: str) -> T:
        """The thing called `name`, or that stands at "package.module:Name".

        UnknownNameError with the nearest name; OptionError where its module cannot be imported or lacks it.
        """
        thing: Any = self.built_in.get(name, self._registered().get(name))
        if thing is None:
            installed = self._installed().get(name)
            if installed is None and not is_path(name):
                raise UnknownNameError(self.kind, name, self)
            thing = installed.value if installed is not None else name
        return self._loaded(name, thing) if isinstance(thing, str) else thing

    def register(self, name: str, thing: T) -> None:
        """Make `thing` known as `name` in this process and in those it starts. OptionError where it is taken."""
        known = self.built_in.get(name, self._registered().get(name))
        if known is not None and known is not thing and known != path_of(thing):
            raise OptionError(f"The {self.kind} {name!r} is there already: register yours by another name.")
        _registered.setdefault(self.group, {})[name] = thing

    def name_of(self, thing: T) -> str:
        """The name `thing` is known by, else where it is defined: "package.module:Name"."""
        path = path_of(thing)
        known = {**self.built_in, **self._registered()}
        named = next((name for name, other in known.items() if other is thing or other == path), None)
        installed = (name for name, point in self._installed().items() if point.value.replace(" ", "") == path)
        return named or next(installed, path)

    def is_at_hand(self, name: str) -> bool:
        """Whether loading `name` imports plug-ins at most: it is in the table, or its module is loaded already."""
        return name in self or (is_path(name) and name.partition(":")[0] in sys.modules)

    def _loaded(self, name: str, path: str) -> T:
        try:
            thing: T = resolve(path)
        except (ImportError, AttributeError) as error:
            package = path.partition(".")[0].partition(":")[0]
            raise OptionError(
                f"The {self.kind} {name!r} needs {path} ({error}): install or mend the package {package}."
            ) from error
        return thing

    def _registered(self) -> Mapping[str, Any]:
        handed = json.loads(os.environ.get(HANDED_ON, "{}")).get(self.group, {})
        return {**handed, **_registered.get(self.group, {})}

    def _installed(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group) if point.name not in self.built_in}


def handed_on() -> dict[str, str]:
    """The environment by which a process that is started knows what was registered in this one.

    OptionError for a thing another process cannot import: one made in a function, or typed in at a prompt.
    """
    handed: dict[str, dict[str, str]] = json.loads(os.environ.get(HANDED_ON, "{}"))
    for group, things in _registered.items():
        for name, thing in things.items():
            path = thing if isinstance(thing, str) else path_of(thing)
            if "<locals>" in path or path.startswith("__main__:"):
                raise OptionError(
                    f"Another process is to use {name!r}, which is defined in {path}: put it into a module of its own."
                )
            handed.setdefault(group, {})[name] = path
    return {HANDED_ON: json.dumps(handed)} if handed else {}
