"""Which images a verdict was given on: their names, their dates, and the checksums of what was read of them."""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from minenetcd.errors import InputError
from minenetcd.foreign import LARGEST_JSON, read_json, refuse_links_out
from minenetcd.labelling.verdicts.tables import LAYER, columns_of
from minenetcd.prediction.outputs import SUMMARY

_COLUMNS = {
    "image_before": "source_before", "image_after": "source_after",
    "date_before": "date_before", "date_after": "date_after",
}  # fmt: skip


def images_of(database: sqlite3.Connection, folder: Path) -> dict[str, str | None]:
    """Both images by the columns of a verdict: as the polygons name them, checksums as summary.json has them.

    None where nobody says. The checksum of a date of several files is that of theirs in their order.
    """
    row = database.execute(f"SELECT * FROM {LAYER} LIMIT 1").fetchone()
    held = columns_of(database, LAYER)
    named = {column: row[source] if source in held else None for column, source in _COLUMNS.items()}
    summary = _summary(folder)
    return {**named, **{f"sha256_{side}": _checksum(summary.get(side)) for side in ("before", "after")}}


def _summary(folder: Path) -> Mapping[str, Any]:
    if not (folder / SUMMARY).exists():  # as results of version 0.2 have none
        return {}
    try:
        refuse_links_out(folder, SUMMARY)
        kept = read_json(folder / SUMMARY, InputError, most_bytes=LARGEST_JSON)
    except InputError:  # a verdict counts, whatever is wrong with it
        return {}
    return kept if isinstance(kept, Mapping) else {}


def _checksum(image: Any) -> str | None:
    files = image.get("files") if isinstance(image, Mapping) else None
    sums = [_of_file(file) for file in files] if isinstance(files, list) else []
    if not sums or None in sums:
        return None
    return sums[0] if len(sums) == 1 else _of_all(each for each in sums if each is not None)


def _of_file(file: Any) -> str | None:
    digest = file.get("sha256") if isinstance(file, Mapping) else None
    return digest if isinstance(digest, str) else None


def _of_all(sums: Iterable[str]) -> str:
    return hashlib.sha256("".join(sums).encode()).hexdigest()
