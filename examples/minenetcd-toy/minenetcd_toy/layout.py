"""A layout of files: the three images of a pair stand side by side, as in train/7_before.png."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from minenetcd.constants import SPLITS
from minenetcd.data.reading.file_pairs import FilePairs, PairFiles
from minenetcd.data.reading.read_options import ReadOptions


@dataclass(frozen=True)
class SideBySide:
    """The names of the pairs of each split below `folder`."""

    folder: Path
    names: dict[str, list[str]]

    @classmethod
    def find(cls, path: Path) -> Self | None:
        """What lies at `path`; None where it is laid out otherwise."""
        found = {split: sorted((path / split).glob("*_before.png")) for split in SPLITS}
        names = {split: [file.name.removesuffix("_before.png") for file in files] for split, files in found.items()}
        return cls(path, names) if any(names.values()) else None

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(split for split in SPLITS if self.names[split])

    def open(self, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None) -> FilePairs:
        """The pairs of one split, decoded and checked as those of any other layout."""
        names = self.names[split]
        files = [(f"{name}_before.png", f"{name}_after.png", f"{name}_mask.png") for name in names]
        return FilePairs(PairFiles(self.folder / split, names, files), source, split, options)
