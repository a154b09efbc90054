"""Verdicts that people gave on the polygons of a result lie in its GeoPackage: what would replace them is refused."""

from pathlib import Path

from minenetcd.display.words import counted
from minenetcd.errors import OutputPathError
from minenetcd.files.database import Database

#: Where they lie, also of a picture, whose polygons are GeoJSON else; the table, and those of it that stand.
GEOPACKAGE, VERDICTS = "change.gpkg", "verdicts"
_STANDING = f"SELECT count(*) FROM {VERDICTS} WHERE undone_in IS NULL"
_IS_THERE = f"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{VERDICTS}'"

_ADVICE = f"choose another folder, or move {GEOPACKAGE} away first"


def refuse_to_lose_verdicts(folder: str | Path) -> None:
    """OutputPathError where the result in `folder` holds verdicts that somebody gave: that is hours of work."""
    path = Path(folder) / GEOPACKAGE
    if count := _standing(path):
        raise OutputPathError(
            f"{path} holds {counted(count, 'verdict')} that somebody gave, and a new result would replace it: "
            f"{_ADVICE}."
        )


def _standing(path: Path) -> int:
    """How many verdicts a GeoPackage holds that were not undone; 0 where there is none.

    OutputPathError where it cannot be read, since it may hold some, or another program is writing to it.
    """
    if not path.is_file():
        return 0
    advice = f"it may hold verdicts, which a new result would replace: {_ADVICE}"
    with Database(path, kind="result", advice=advice, error=OutputPathError, tables=(VERDICTS,)).reading() as database:
        if database.execute(_IS_THERE).fetchone() is None:
            return 0
        return int(database.execute(_STANDING).fetchone()[0])
