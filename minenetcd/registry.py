"""Things known by name: those of this package, of installed plug-ins, and those registered by a program.

A table holds names and, for each, the thing itself or where it is, as "package.module:Name", loaded when it is asked
for. Plug-ins bring theirs as entry points of the table's group; they are looked for only where a name is not the
package's own, or all are listed. Nothing is imported to list names.
"""

import functools
import json
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from minenetcd.errors import OptionError, UnknownNameError, one_line

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

#: Where a process hands its registered names on to those it starts: JSON, group -> name -> "package.module:Name".
HANDED_ON = "MINENETCD_REGISTERED"

#: Packages whose classes a saved detector may ask for by their place, with commas between; for this process and those
#: it starts.
TRUSTED = "MINENETCD_TRUST"

T = TypeVar("T")


class NameTakenWarning(UserWarning):
    """A plug-in brings something by a name of the package, which keeps its own."""


_registered: dict[str, dict[str, Any]] = {}


def resolve(path: str) -> Any:
    """What "package.module:Name" or "package.module:Class.method" stands for; its module is imported here."""
    module, _, name = path.partition(":")
    value: Any = import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


def path_of(thing: Any) -> str:
    """Where a class or function is defined, as "package.module:Name"; text is such a place already.

    There is a "<" in it where nothing can be imported from there: what is made in a function, or has no name.
    """
    if isinstance(thing, str):
        return thing
    if not hasattr(thing, "__qualname__"):
        thing = type(thing)
        return f"{thing.__module__}:<{thing.__qualname__}>"
    return f"{thing.__module__}:{thing.__qualname__}"


def is_path(name: str) -> bool:
    """Whether `name` has the form "package.module:Name"."""
    module, colon, thing = name.partition(":")
    return bool(colon) and all(part.isidentifier() for part in [*module.split("."), *thing.split(".")])


def name_alone(name: str) -> str:
    """A name to show: of "package.module:Name" the last part, others as they are."""
    return name.rpartition(":")[2]


def package_of(path: str) -> str:
    """The package that "package.module:Name" is in."""
    return path.partition(":")[0].partition(".")[0]


class Table(Generic[T]):
    """Name -> thing. `kind` is what errors call it, `group` the entry points that add to it.

    `built_in`: the package's own, as things or as text. A name of the package always stands for the package's own.
    """

    def __init__(self, kind: str, group: str, built_in: Mapping[str, T | str]) -> None:
        self.kind, self.group, self.built_in = kind, group, dict(built_in)

    def __iter__(self) -> Iterator[str]:
        """Every name, sorted; no plug-in is imported. A warning names what plug-ins bring by a name of the package."""
        installed = self._installed()
        for name, (point, *_) in installed.items():
            if name in self.built_in:
                warnings.warn(self._brought_twice(point, "minenetcd"), NameTakenWarning, stacklevel=2)
        return iter(self._names(installed))

    def __contains__(self, name: object) -> bool:
        return name in self.built_in or name in self._registered() or name in self._installed()

    def __getitem__(self, name: str) -> T:
        """The thing called `name`, or that stands at "package.module:Name".

        UnknownNameError with the nearest name; OptionError where what brings it cannot be imported, or it is brought
        twice.
        """
        known = {**self._registered(), **self.built_in}
        if name in known:
            return self._loaded(name, known[name]) if isinstance(known[name], str) else known[name]
        if is_path(name):
            return self._loaded(name, name)
        installed = self._installed()
        if name not in installed:
            raise UnknownNameError(self.kind, name, self._names(installed))
        plug_in, *others = installed[name]
        if not plug_in.attr:
            raise OptionError(
                f"The package {_package(plug_in)} brings the {self.kind} {name!r} without saying what of "
                f"{plug_in.module} it is: write '{plug_in.module}:Name' into its entry point."
            )
        if others:
            raise OptionError(self._brought_twice(plug_in, _package(others[0])))
        return self._loaded(name, _place(plug_in), _package(plug_in))

    @contextmanager
    def called(self, name: str) -> Iterator[T]:
        """The thing called `name`, which the block calls; OptionError where it takes other arguments."""
        thing = self[name]
        try:
            yield thing
        except TypeError as error:
            reason = one_line(error).removesuffix(".")
            raise OptionError(
                f"The {self.kind} {name!r} cannot be called as one ({reason}): mend it, or choose another {self.kind}."
            ) from error

    def register(self, name: str, thing: T) -> None:
        """Make `thing` known as `name` in this process and in those it starts.

        OptionError where the name is taken; a class that is defined once more takes its own place.
        """
        if not (isinstance(name, str) and name.strip() == name != "" and name.isprintable() and ":" not in name):
            raise OptionError(f"A {self.kind} needs a name of one line without colons, got {name!r}: choose another.")
        mine = self._registered().get(name)
        if name in self and (mine is None or path_of(mine) != path_of(thing)):
            raise OptionError(f"The {self.kind} {name!r} is there already: register yours by another name.")
        _registered.setdefault(self.group, {})[name] = thing

    def name_of(self, thing: T) -> str:
        """The name `thing` is known by, else where it is defined: "package.module:Name"."""
        path = path_of(thing)
        known = {**self.built_in, **self._registered()}
        named = next((name for name, other in known.items() if other is thing or other == path), None)
        if named is None:
            installed = self._installed().items()
            named = next((name for name, points in installed if path in map(_place, points)), None)
        return named or path

    def is_trusted(self, name: str, trust: Iterable[str] = ()) -> bool:
        """Whether a file may ask for `name`: loading it imports nothing that nobody here asked for.

        So it is with what the table holds, with modules that are loaded already, and with packages that bring plug-ins
        to this table, are named in `trust` (or a class of them is), or in the environment variable MINENETCD_TRUST.
        """
        if not is_path(name):
            return name in self
        trusted = {*trust, *os.environ.get(TRUSTED, "").split(",")}
        plug_ins = (point.module for points in self._installed().values() for point in points)
        return (
            name.partition(":")[0] in sys.modules
            or package_of(name) in {package_of(each.strip()) for each in (*trusted, *plug_ins)}
            or any(name == path_of(thing) for thing in self._registered().values())
        )

    def _loaded(self, name: str, path: str, package: str | None = None) -> T:
        """What stands at `path`, of the installed `package`, by default the one the path names."""
        module, _, thing = path.partition(":")
        package = package or package_of(path)
        try:
            found: T = resolve(path)
        except (Exception, SystemExit) as error:  # whatever the import of somebody else's module may raise
            if isinstance(error, AttributeError) and module in sys.modules:
                names = [each for each in vars(sys.modules[module]) if not each.startswith("_")]
                raise UnknownNameError(f"{self.kind} in {module} of the package {package}", thing, names) from error
            reason = one_line(error, with_kind=True)
            raise OptionError(
                f"The {self.kind} {name!r} needs {path} ({reason}): install or mend the package {package}, or put the "
                "folder it is in on PYTHONPATH."
            ) from error
        return found

    def _registered(self) -> Mapping[str, Any]:
        handed = json.loads(os.environ.get(HANDED_ON, "{}")).get(self.group, {})
        return {**handed, **_registered.get(self.group, {})}

    def _installed(self) -> Mapping[str, "list[EntryPoint]"]:
        """What plug-ins bring, by name."""
        found: dict[str, list[EntryPoint]] = {}
        for point in _entry_points(self.group, tuple(sys.path)):
            found.setdefault(point.name, []).append(point)
        return found

    def _names(self, installed: Iterable[str]) -> list[str]:
        return sorted({*self.built_in, *self._registered(), *installed})

    def _brought_twice(self, point: "EntryPoint", other: str) -> str:
        return (
            f"The package {_package(point)} brings a {self.kind} {point.name!r}, and so does {other}: use "
            f"{_place(point)!r} instead of the name, or uninstall one of them."
        )


@functools.cache
def _entry_points(group: str, path: tuple[str, ...]) -> "EntryPoints":
    """What the packages installed on `path`, which is sys.path, bring to `group`: takes tens of milliseconds."""
    from importlib.metadata import entry_points  # here, because most programs use the package's own names only

    return entry_points(group=group)


def _place(point: "EntryPoint") -> str:
    return f"{point.module}:{point.attr}"


def _package(point: "EntryPoint") -> str:
    """The package that brings `point`, by the name it was installed by."""
    return point.module.partition(".")[0] if point.dist is None else point.dist.name


def handed_on() -> dict[str, str]:
    """The environment by which a process that is started knows what was registered in this one, and finds it.

    OptionError for a thing another process cannot import: one made in a function, or typed in at a prompt.
    """
    handed: dict[str, dict[str, str]] = json.loads(os.environ.get(HANDED_ON, "{}"))
    for group, things in _registered.items():
        for name, thing in things.items():
            path = path_of(thing)
            if "<" in path or path.startswith("__main__:"):
                raise OptionError(
                    f"Another process is to use {name!r}, which is defined in {path}: put it into a module of its own."
                )
            handed.setdefault(group, {})[name] = path
    folders = os.pathsep.join(folder for folder in sys.path if os.path.isdir(folder))
    return {HANDED_ON: json.dumps(handed), "PYTHONPATH": folders}
