"""What a person says of the points of a sample, kept in its samples.gpkg one by one, as they are judged."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from minenetcd.accuracy.classes import UNSURE, Legend
from minenetcd.accuracy.record import POINTS, TO_FILL_IN, StoredSample, points_file, read_sample
from minenetcd.accuracy.references import refuse_second_table
from minenetcd.errors import OptionError
from minenetcd.files import in_turn

LONGEST_COMMENT = 500  # [characters]
_LAYER = "samples"


class Said(NamedTuple):
    """Of one point: a class by its number, "u" for unsure, or "" for nothing; and a comment."""

    reference: str
    comment: str


class Judging:
    """The sample in a folder while it is judged, by one or several people; nothing of it is kept in memory.

    Each answer is a transaction, so that a kill loses none. DataError where the folder holds no sample, or references
    were filled in elsewhere, in samples.csv; OutputError where it cannot be written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.sample: StoredSample = read_sample(folder)
        self.folder = self.sample.folder
        refuse_second_table(self.folder / TO_FILL_IN, self.folder / POINTS)
        self._legend = Legend(self.sample.record.classes)
        self._ids = frozenset(self.sample.points["id"])
        self._points = points_file(self.folder / POINTS)

    def said(self) -> dict[str, Said]:
        """By the id of a point; those of which nothing was said are not in it."""
        with self._points.reading() as database:
            rows = database.execute(f"SELECT id, reference, comment FROM {_LAYER}").fetchall()
        every = {str(row["id"]): Said(_text(row["reference"]), _text(row["comment"])) for row in rows}
        return {id: said for id, said in every.items() if any(said)}

    def say(self, said: Mapping[str, Said]) -> None:
        """Keep what is said of some points, in place of what was said before; all of it, or nothing.

        OptionError for a point, a class or a comment that cannot be.
        """
        rows = [(*self._checked(id, one), id) for id, one in said.items()]
        with in_turn(self.folder), self._points.writing() as database:
            database.executemany(f"UPDATE {_LAYER} SET reference = ?, comment = ? WHERE id = ?", rows)

    def _checked(self, id: str, said: Said) -> tuple[str | None, str | None]:
        if id not in self._ids:
            raise OptionError(f"There is no point {id!r:.40} in {self.folder}: take one of the sample.")
        if len(said.comment) > LONGEST_COMMENT:
            raise OptionError(f"A comment has {LONGEST_COMMENT} letters at most, got {len(said.comment)}: shorten it.")
        return self._code(said.reference) or None, " ".join(said.comment.split()) or None

    def _code(self, word: str) -> str:
        """As a table has it."""
        if not word:
            return ""
        try:
            place = self._legend.place(word)
        except KeyError:
            raise OptionError(f"An answer is {self._legend.in_words}, got {word!r:.40}: choose one of them.") from None
        return UNSURE[0] if place is None else str(self._legend.classes[place].code)


def _text(cell: object) -> str:
    """Of a cell that somebody may have filled in elsewhere as a number."""
    if cell is None:
        return ""
    return str(cell).removesuffix(".0") if isinstance(cell, float) else str(cell)
