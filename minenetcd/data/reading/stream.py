"""Parquet files read from front to back, on the hub or on this disk, keeping nothing: for disks too small."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub import HfFileSystem
from huggingface_hub.errors import HTTPError
from torch.utils.data import IterableDataset, get_worker_info

from minenetcd.data.dataset import DatasetFacts
from minenetcd.data.reading.decode import decode_mask
from minenetcd.data.reading.headers import DecodeError
from minenetcd.data.reading.image_table import image_columns
from minenetcd.data.reading.mask_values import MaskValues, values_of
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.reading.stored_pairs import MASKS_READ, EncodedPair, decode_pair
from minenetcd.errors import DataError, one_line
from minenetcd.types import ChangeSample

_ROWS_AT_A_TIME = 32
_HUB = "hf://"

Row = tuple[str, EncodedPair]


class ChangeStream(IterableDataset[ChangeSample]):
    """The pairs of one split, one after the other.

    There is no length and no index: a `DataLoader` may batch it and share its files among workers, but not sample
    from it, and what needs all pairs at once (audit, statistics, exact resuming) needs a ChangeDataset. Shuffling
    mixes the order of files and the pairs of a buffer, not all pairs. `facts.fingerprint` is made of the names of the
    files and, on the hub, the commit, since the contents are not known.
    """

    def __init__(self, files: Sequence[str], source: str, split: str, options: ReadOptions) -> None:
        super().__init__()
        digest = hashlib.blake2b("\n".join(files).encode(), digest_size=8).hexdigest()
        self.facts = DatasetFacts(source, split, digest)
        self.files, self.options, self.value_range = list(files), options, options.value_range
        self.buffer, self.seed, self.epoch = 1, 0, 0
        self._mask_values: MaskValues | None = None

    def shuffled(self, *, seed: int, buffer: int = 512) -> "ChangeStream":
        """The same stream with its files, and the pairs within `buffer`, in an order of their own in each epoch."""
        other = ChangeStream(self.files, self.facts.source, self.facts.split, self.options)
        other.buffer, other.seed = buffer, seed
        return other

    def set_epoch(self, epoch: int) -> None:
        """The order of the next `iter`, set before a DataLoader makes its workers."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[ChangeSample]:
        worker = get_worker_info()
        part, parts = (worker.id, worker.num_workers) if worker else (0, 1)
        rng = np.random.default_rng((self.seed, self.epoch))
        numbers = rng.permutation(len(self.files)) if self.buffer > 1 else np.arange(len(self.files))
        rows = (row for number in numbers[part::parts] for row in self._rows(int(number)))
        meaning = self._meaning()
        for name, pair in _shuffled(rows, self.buffer, np.random.default_rng((self.seed, self.epoch, part))):
            yield decode_pair(pair, name, self.options, lambda: meaning, partial(self._describe, name))

    def _meaning(self) -> MaskValues:
        """What mask values mean, from the first masks of the first file, so that all workers find the same."""
        if self._mask_values is None:
            found: set[int] = set()
            for _, pair in self._rows(0, most=MASKS_READ):
                try:
                    found |= values_of(decode_mask(pair.mask, self.options))
                except DecodeError:  # its own turn will come
                    continue
            self._mask_values = self._checked(found)
        return self._mask_values

    def _checked(self, found: set[int]) -> MaskValues:
        try:
            return MaskValues.of(found, not_labelled=self.options.not_labelled)
        except DecodeError as error:
            raise DataError(f"{self.facts.source} ({self.facts.split}) cannot be used ({error}): recode it.") from error

    def _rows(self, number: int, *, most: int | None = None) -> Iterator[Row]:
        """Pairs of one file, still encoded, called by the column `name`, the image's own name, or file and number."""
        file, count = self.files[number], 0
        with self._reading(file), _opened(file) as opened, pq.ParquetFile(opened) as parquet:
            columns = image_columns(parquet.schema_arrow.names, file)
            wanted = [*columns.values(), *(["name"] if "name" in parquet.schema_arrow.names else [])]
            for batch in parquet.iter_batches(batch_size=min(_ROWS_AT_A_TIME, most or _ROWS_AT_A_TIME), columns=wanted):
                for row in batch.to_pylist():
                    images = EncodedPair(*(_content(row[column]) for column in columns.values()))
                    name = row.get("name") or _stem(row[columns["before"]]) or f"{Path(file).stem}-{count:06d}"
                    yield str(name), images
                    count += 1
                    if count == most:
                        return

    def _describe(self, name: str, part: str) -> str:
        what = {"pair": "Pair", "mask": "The mask of pair"}.get(part, f"The {part} image of pair")
        return f"{what} {name!r} in {self.facts.source} ({self.facts.split})"

    @contextmanager
    def _reading(self, file: str) -> Iterator[None]:
        try:
            yield
        except (OSError, HTTPError, pa.ArrowException) as error:
            reason = one_line(error)
            raise DataError(
                f"{file} cannot be read on ({reason}): check your connection; a stream starts again from its beginning."
            ) from error


def hub_file(repo_id: str, commit: str, file: str) -> str:
    """What a stream opens for a file of a data set on the hub."""
    return f"{_HUB}datasets/{repo_id}@{commit}/{file}"


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file.startswith(_HUB):
        with HfFileSystem().open(file.removeprefix(_HUB), "rb") as opened:
            yield opened
    else:
        with open(file, "rb") as opened:
            yield opened


def _stem(cell: Any) -> str | None:
    path = cell.get("path") if isinstance(cell, dict) else None
    return Path(path).stem if path else None


def _content(cell: Any) -> bytes:
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    if not isinstance(content, bytes):
        raise DataError(
            "A stream needs images inside its parquet files, these name paths: read them without streaming."
        )
    return content


def _shuffled(rows: Iterator[Row], buffer: int, rng: np.random.Generator) -> Iterator[Row]:
    """Rows in an order random within a window of `buffer`."""
    held: list[Row] = []
    for row in rows:
        held.append(row)
        if len(held) >= buffer:
            yield held.pop(int(rng.integers(len(held))))
    for index in rng.permutation(len(held)):
        yield held[index]
