"""One file that appears complete or not at all; text and JSON."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minenetcd.errors import OutputPathError
from minenetcd.files.failing import FORBIDDEN, FULL, unwritable
from minenetcd.files.hidden import hidden_folder
from minenetcd.files.places import refuse_folder, refuse_name
from minenetcd.files.sqlite_files import ENDINGS
from minenetcd.files.switch import make_durable, make_names_durable, switch


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A path to write to instead of `path`, moved there when the block ends well, removed when it fails.

    It has the same name in a hidden folder beside the target, so drivers that look at a name see the right one.
    OutputError, in one line, where the folder cannot be written, is full, or the block wrote nothing.
    """
    path = Path(path)
    refuse_name(path)
    if not path.parent.is_dir():
        raise OutputPathError(f"{path} cannot be written: there is no folder {path.parent}; make it first.")
    refuse_folder(path)
    with hidden_folder(path.parent, path) as hidden:
        try:
            yield hidden / path.name
        except OSError as error:
            if error.errno in FULL | FORBIDDEN:
                raise unwritable(path, error) from error
            raise
        try:
            if path.suffix.lower() in ENDINGS:  # a database may have files beside it
                switch(path.parent, hidden, [Path(path.name)])
                return
            make_durable(hidden / path.name)
            os.replace(hidden / path.name, path)
            make_names_durable(path.parent)
        except OSError as error:
            raise unwritable(path, error) from error


def write_text(path: str | Path, text: str) -> None:
    """`text` as UTF-8, with its line ends as they are."""
    with atomic_path(path) as target:
        target.write_text(text, encoding="utf-8", newline="")


def write_json(path: str | Path, values: Any) -> None:
    """`values` as `json_text`."""
    write_text(path, json_text(values))


def json_text(values: Any) -> str:
    """`values` as indented JSON that every parser reads, its last line ended: what is not a finite number is null."""
    return json.dumps(finite(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finite(values: Any) -> Any:
    """`values` with None for every number that JSON has no word for."""
    if isinstance(values, Mapping):
        return {key: finite(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [finite(value) for value in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values
