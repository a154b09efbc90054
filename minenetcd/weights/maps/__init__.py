"""One file a method: name rules and options of its published weights, and what they are called.

The file's name is the method's: no other table of these names is kept.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

_NAMES = tuple(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))


class _Maps(Mapping[str, ModuleType]):
    """Method -> its file, imported when it is asked for."""

    def __getitem__(self, method: str) -> ModuleType:
        if method not in _NAMES:
            raise KeyError(method)
        return import_module(f"{__name__}.{method}")

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


MAPS = _Maps()
