"""Things known by name, loaded when they are asked for."""

from importlib import import_module
from typing import Any


def resolve(path: str) -> Any:
    """What "package.module:Name" or "package.module:Class.method" stands for; its module is imported here."""
    module, _, name = path.partition(":")
    value: Any = import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value
