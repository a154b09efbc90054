"""One file a method: name rules and options of its published weights, and what they are called.

The file's name is the method's: no other table of these names is kept.
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

MAPS: dict[str, ModuleType] = {
    found.name: import_module(f"{__name__}.{found.name}")
    for found in iter_modules(__path__)
    if not found.name.startswith("_")
}
