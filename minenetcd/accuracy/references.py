"""What a person has said of the points of a sample: the table to fill in, and how it is read again."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from minenetcd.accuracy.classes import Legend
from minenetcd.accuracy.record import POINTS, RECORD, TO_FILL_IN, StoredSample, read_points
from minenetcd.display.escaping import from_csv
from minenetcd.display.words import counted, some_of
from minenetcd.errors import DataError, OutputPathError
from minenetcd.foreign import read_text, table_rows

#: Of a table of references; interpret.html writes the same.
HEAD = ("id", "reference", "comment", "sample")
LARGEST_TABLE = 64 * 2**20  # [bytes]


@dataclass(frozen=True)
class References:
    """What was said of N points, in their order: `places` of classes, None where nothing that counts was said.

    `unsure` (N): a person looked, and could not tell. `source`: the file they stand in.
    """

    places: tuple[int | None, ...]
    unsure: tuple[bool, ...]
    source: Path

    @property
    def missing(self) -> int:
        """Points that nobody has judged."""
        return sum(place is None and not unsure for place, unsure in zip(self.places, self.unsure, strict=True))


def point_ids(points: int) -> list[str]:
    """0001, 0002, ..., all of one length."""
    digits = max(4, len(str(points)))
    return [f"{number:0{digits}}" for number in range(1, points + 1)]


def table_to_fill_in(ids: Iterable[str], identity: str) -> str:
    """CSV with a row for each point, and nothing said of any."""
    lines = [",".join(HEAD), *(f"{each},,,{identity}" for each in ids)]
    return "\n".join(lines) + "\n"


def refuse_to_lose(folder: Path) -> None:
    """OutputPathError where a sample in `folder` has references that somebody filled in: that is hours of work."""
    if not (folder / RECORD).exists():
        return
    for name in (POINTS, TO_FILL_IN):
        try:
            filled = _is_filled(_read(folder / name)) if (folder / name).exists() else False
        except DataError:  # it cannot be read, and nothing in it be lost
            filled = False
        if filled:
            raise OutputPathError(
                f"{folder / name} holds references that somebody filled in, and a new sample would replace it: choose "
                "another folder."
            )


def refuse_second_table(other: Path, table: Path) -> None:
    """DataError where references are to be kept in `table`, and somebody filled in `other`: an estimate takes one."""
    if other.exists() and _is_filled(_read(other)):
        raise DataError(
            f"One table of references is needed, {other} is filled in, and answers would go to {table.name}: estimate "
            "from that, or move it away."
        )


def read_references(sample: StoredSample, legend: Legend, labels: str | Path | None = None) -> References:
    """What was said of the points: in the table `labels`, else in the sample's own files, whichever is filled in.

    DataError where nothing was said, for ids that repeat, are missing or unknown, for words that are no class, and for
    a table of another sample.
    """
    path = _filled_in(sample) if labels is None else Path(labels)
    table = _read(path)
    _check_ids(table, sample, path)
    said = table.set_index("id")["reference"].reindex(sample.points["id"]).tolist()
    places, unsure = [], []
    for id, word in zip(sample.points["id"], said, strict=True):
        try:
            place = legend.place(word) if word else None
        except KeyError:
            raise DataError(
                f"References need to be {legend.in_words}, {path} has {word!r:.60} for point {id}: correct it."
            ) from None
        places.append(place)
        unsure.append(bool(word) and place is None)
    if not any(said):
        raise DataError(f"References are needed, {path} has none: judge the points, and fill in 'reference'.")
    return References(tuple(places), tuple(unsure), path)


def _filled_in(sample: StoredSample) -> Path:
    """The file of the sample in which somebody has written."""
    here = [path for path in (sample.folder / POINTS, sample.folder / TO_FILL_IN) if path.exists()]
    filled = [path for path in here if _is_filled(_read(path))]
    if len(filled) > 1:
        raise DataError(
            f"One table of references is needed, {filled[0]} and {filled[1]} have some: say which (--labels)."
        )
    if not filled:
        raise DataError(
            f"References are needed, nothing is filled in in {sample.folder}: name the table that the page of "
            "interpretation saved (--labels references.csv), or fill in 'reference'."
        )
    return filled[0]


def _is_filled(table: pd.DataFrame) -> bool:
    return bool((table["reference"] != "").any())


def _read(path: Path) -> pd.DataFrame:
    """A table with the columns HEAD, all of it text, "" where nothing stands. DataError where it is none."""
    is_vector = path.suffix.lower() == Path(POINTS).suffix
    table = _texts(read_points(path)) if is_vector else _csv(read_text(path, DataError, most_bytes=LARGEST_TABLE), path)
    if missing := [name for name in HEAD if name not in table and name != "comment"]:
        raise DataError(
            f"A table of references needs the columns {', '.join(HEAD)}, {path} lacks {missing[0]!r}: fill in "
            f"{TO_FILL_IN}, or save the table from the page of interpretation."
        )
    return table


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Of numbers that a GIS made of 0 and 1, too."""
    return pd.DataFrame({name: ["" if pd.isna(cell) else str(cell) for cell in frame[name]] for name in frame})


def _csv(text: str, path: Path) -> pd.DataFrame:
    """A table of cells of one line each, its columns in small letters."""
    try:
        rows = [[from_csv(cell.strip()) for cell in row] for row in table_rows(text)]
    except ValueError as error:
        raise DataError(f"{path} cannot be read as a table ({error}): save it as CSV.") from error
    names = [name.lower() for name in rows[0]] if rows else []
    if len({*names}) < len(names):
        raise DataError(f"{path} needs columns of different names, got {', '.join(names):.80}: correct its head.")
    if uneven := [number for number, row in enumerate(rows, start=1) if len(row) != len(names)]:
        raise DataError(
            f"{path} needs {counted(len(names), 'cell')} in each row, row {uneven[0]} has others: correct it."
        )
    return pd.DataFrame(rows[1:], columns=names, dtype=str)


def _check_ids(table: pd.DataFrame, sample: StoredSample, path: Path) -> None:
    """DataError unless `table` has one row for each point of `sample`; its ids are as these are afterwards."""
    identity = sample.record.identity
    if others := [name for name in table["sample"].unique() if name != identity]:
        raise DataError(
            f"References of the sample {identity} are needed, {path} has some of {others[0] or 'none'!r:.40} in its "
            "column 'sample': name the table that belongs to it."
        )
    wanted = [*sample.points["id"]]
    table["id"] = ids = _as_drawn(table["id"].tolist(), len(wanted[0]))
    known, given = set(wanted), set(ids)
    faults = {
        "repeats": [id for id, times in Counter(ids).items() if times > 1],
        "lacks": [id for id in wanted if id not in given],
        "has the unknown": [id for id in ids if id not in known],
    }
    for what, found in faults.items():
        if found:
            raise DataError(
                f"One row for each of {len(wanted):,} points is needed, {path} {what} {some_of(found, 3):.60}: correct "
                "it."
            )


def _as_drawn(ids: Sequence[str], digits: int) -> list[str]:
    """With the zeros in front that spreadsheets drop."""
    return [id.zfill(digits) if id.isdecimal() else id for id in ids]
