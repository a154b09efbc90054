"""Suites by name, path or mapping, checked as a whole before anything starts."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minenetcd.configs.reading import merge, read_config
from minenetcd.configs.suite import Suite
from minenetcd.errors import OptionError, UnknownNameError

SUITES = Path(__file__).parent / "ready"


def list_suites() -> list[str]:
    """Names of the suites shipped with the package."""
    return sorted(path.stem for path in SUITES.glob("*.yaml"))


def read_suite(source: str | Path | Mapping[str, Any], **overrides: Any) -> Suite:
    """The suite `source`: a mapping, a YAML file, or the name of a shipped one; `overrides` win.

    Raises UnknownNameError for a name or a key that is not there, OptionError for a value that does not fit.
    """
    values = merge(dict(source) if isinstance(source, Mapping) else read_config(_find(source)), overrides)
    if "name" not in values and not isinstance(source, Mapping):
        values["name"] = Path(source).stem
    values.setdefault("title", values.get("name", ""))
    for key in ("methods", "datasets", "recipes", "seeds"):
        if key in values and not isinstance(values[key], list | tuple):
            raise OptionError(f"A suite needs a list of {key}, got {values[key]!r}: write {key}: [{values[key]}].")
    return Suite.read(values)


def _find(source: str | Path) -> Path:
    for path in (Path(source), SUITES / f"{source}.yaml"):
        if os.path.isfile(path):
            return path
    raise UnknownNameError("suite", str(source), list_suites())
