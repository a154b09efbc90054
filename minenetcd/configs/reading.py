"""Configurations by name, path or mapping; `base: NAME` inherits from another file key by key."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from minenetcd.configs.yaml_text import parse_yaml
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.foreign import DEEPEST, NOT_THERE, read_text, refused
from minenetcd.registry import is_path

CONFIGS = Path(__file__).parent
MOST_BASES = 20


def list_configs() -> list[str]:
    """Names of the configurations shipped as files."""
    return sorted(path.stem for path in CONFIGS.glob("*.yaml") if path.stem != "base")


#: Name -> model section of a configuration that needs no file: the base with this model.
Known = Mapping[str, Mapping[str, Any]]


def read_config(source: str | Path | Mapping[str, Any], known: Known = MappingProxyType({})) -> dict[str, Any]:
    """The configuration `source` with its bases merged in: a mapping, a path to YAML, or a name.

    A name is that of a shipped file, of `known`, or a network's "package.module:Name". Raises UnknownNameError for
    what is not there, OptionError for text that is not YAML.
    """
    if isinstance(source, Mapping):
        return _with_bases(dict(source), CONFIGS, (), known)
    return _read(source, CONFIGS, (), known)


def merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` over `base`, mapping by mapping; `model` is replaced whole where it names another model.

    What `base` chooses on, where it is another data set (`data.val_name`), goes with the data set or for a `val_share`.
    """
    merged = dict(base)
    for key, value in own.items():
        under = merged.get(key)
        merged[key] = value
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            renames = value.get("name", under.get("name")) != under.get("name")
            if key == "data" and ((renames and "name" in under) or "val_share" in value):
                under = {of_data: kept for of_data, kept in under.items() if of_data != "val_name"}
            merged[key] = value if key == "model" and renames else merge(under, value)
    return merged


def parse_overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """`["recipe.steps=100", "model.backbone=swin_t"]` as a nested mapping; values are read as YAML.

    A bare name with keys beside it (`recipe=paper recipe.steps=100`) is the `name` of that section.
    """
    overrides: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, value = assignment.partition("=")
        if not (path and equals):
            raise OptionError(f"An override needs the form key=value, got {assignment!r}: e.g. recipe.steps=100.")
        try:
            nested: Any = parse_yaml(value, path)
        except OptionError as error:
            raise OptionError(
                f"{path} needs a value in YAML, got {value!r:.200}: quote it, or close what is open."
            ) from error
        section, *keys = path.split(".")
        if len(keys) >= DEEPEST:
            raise OptionError(f"A key has at most {DEEPEST} parts, got {path!r:.60}...: e.g. recipe.steps=100.")
        if keys and section in overrides and not isinstance(overrides[section], Mapping):
            overrides[section] = {"name": overrides[section]}
        for key in reversed([section, *keys]):
            nested = {key: nested}
        overrides = merge(overrides, nested)
    return overrides


def _with_bases(config: dict[str, Any], folder: Path, read: tuple[Path, ...], known: Known) -> dict[str, Any]:
    """`config`, which stands in `folder`, over its bases; none of the files `read` before is one of them."""
    base = config.pop("base", None)
    if base is None:
        return config
    if not isinstance(base, str | Path):
        raise OptionError(f"base needs the name or the path of one configuration, got {base!r:.60}: correct it.")
    return merge(_read(base, folder, read, known), config)


def _read(source: str | Path, folder: Path, read: tuple[Path, ...], known: Known) -> dict[str, Any]:
    path = _find(source, folder, besides=read)
    if len(read) == MOST_BASES:
        raise OptionError(f"A configuration has at most {MOST_BASES} bases, got {_chain(read)}: write them into one.")
    if path is not None:
        return _with_bases(_parse(path), path.parent, (*read, path), known)
    name = str(source)
    if name in known or is_path(name):
        return _with_bases({"base": "base", "model": known.get(name, {"name": name})}, CONFIGS, read, known)
    if read and (again := _find(source, folder)) is not None:
        raise OptionError(f"A configuration cannot be its own base, got {_chain((*read, again))}: take one base out.")
    _refuse_what_is_no_file(name)
    raise UnknownNameError("configuration", name, {*list_configs(), *known})


def _chain(files: tuple[Path, ...]) -> str:
    """Of the files, the last few, by name."""
    return "... -> " * (len(files) > 5) + " -> ".join(file.name for file in files[-5:])


def _refuse_what_is_no_file(name: str) -> None:
    """OptionError for a device, a pipe or a folder, which has the name of a configuration."""
    reason = refused(name) if name else NOT_THERE
    if reason != NOT_THERE:
        raise OptionError(f"A configuration is a name or a file, {name!r:.200} is neither ({reason}): name another.")


def _find(source: str | Path, folder: Path, *, besides: tuple[Path, ...] = ()) -> Path | None:
    for path in (Path(source), folder / str(source), folder / f"{source}.yaml", CONFIGS / f"{source}.yaml"):
        if os.path.isfile(path) and not any(path.samefile(other) for other in besides):
            return path
    return None


def _parse(path: Path) -> dict[str, Any]:
    config = parse_yaml(read_text(path, OptionError), repr(str(path)))
    if not isinstance(config, dict):
        raise OptionError(f"{str(path)!r} needs to hold keys and values, got {type(config).__name__}: see docs/.")
    return config
