"""Strips of a scene that are finished, kept in a file, so that a run that was killed need not do them again."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.files import unwritable
from minenetcd.prediction.inference import SceneStrip
from minenetcd.prediction.rasters.stored import StoredProbability

#: Before each strip: a mark, its first row, its rows, the tile to go on from, the bytes that follow, their checksum.
HEADER = struct.Struct("<4sQQQQI")
MARK = b"row\n"


@dataclass(frozen=True)
class Record:
    """`values` (R, W) as they are stored, from `row` on; what lies below is made from the tile `restart` on."""

    row: int
    values: NDArray[Any]
    restart: int

    @property
    def end(self) -> int:
        return self.row + len(self.values)


@dataclass(frozen=True)
class FinishedStrips:
    """The file `path`: strips `width` pixels wide, encoded by `stored`, from top to bottom."""

    path: Path
    width: int
    stored: StoredProbability

    def read(self) -> Iterator[Record]:
        """Those that are whole; the file ends with the last of them, where a kill tore the next."""
        if not self.path.exists():
            return
        good = 0
        with self.path.open("rb") as file:
            while (record := self._next(file)) is not None:
                good = file.tell()
                yield record
        with self.path.open("rb+") as file:
            file.truncate(good)

    def keep(self, strip: SceneStrip) -> Record:
        """`strip` encoded and added to the file. OutputError where the disk is full."""
        record = Record(strip.row, self.stored.encode(strip.values), strip.restart)
        body = zlib.compress(record.values.tobytes(), level=1)
        head = HEADER.pack(MARK, record.row, len(record.values), record.restart, len(body), zlib.crc32(body))
        try:
            with self.path.open("ab") as file:
                file.write(head + body)
        except OSError as error:
            raise unwritable(self.path, error) from error
        return record

    def _next(self, file: Any) -> Record | None:
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        mark, row, rows, restart, length, checksum = HEADER.unpack(head)
        body = file.read(length)
        if mark != MARK or len(body) < length or zlib.crc32(body) != checksum:
            return None
        values = np.frombuffer(zlib.decompress(body), dtype=self.stored.dtype)
        return Record(row, values.reshape(rows, self.width), restart)
