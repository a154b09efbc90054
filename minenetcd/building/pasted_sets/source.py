"""Pairs pasted from real images as a data set: `pasted:FOLDER?pairs=1000&size=256&seed=1` wherever one is named.

FOLDER holds sets of images (`pasted_sets.images`). Whole images of each are held out for validation; there is no test
split, since what is measured on pasted change says nothing of real change.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from minenetcd.building.drawn.contract import DrawnSet
from minenetcd.building.drawn.once import made_once
from minenetcd.building.drawn.options import read_drawn, seed_of
from minenetcd.building.pasted_sets.crops import Crops
from minenetcd.building.pasted_sets.images import check_folder, find_sets, split_sets
from minenetcd.building.pasted_sets.pair_files import NOT_LABELLED, Mixture, draw_pairs, table_in
from minenetcd.building.pasted_sets.pictures import image_file
from minenetcd.building.pasted_sets.set_table import table_bytes, table_of
from minenetcd.constants import VERSION, Progress, no_progress
from minenetcd.data.reading.folder_layout import image_files
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.errors import DataError, OptionError
from minenetcd.files import from_home
from minenetcd.synthetic.pasting.rules import PastingRules

EXAMPLE = "pasted:images?pairs=1000&size=256&seed=1"
#: Whole numbers; shares are in percent, lengths in pixels.
LIMITS = {
    "pairs": (1, 1_000_000), "val": (1, 1_000_000), "size": (32, 2048), "seed": (0, 2**31 - 1),
    "two_dates": (0, 100), "changed": (0, 100), "pastes": (1, 50), "light": (0, 100), "alike": (0, 100),
    "bare": (0, 100), "colour": (1, 100), "bareness": (1, 101), "smallest": (2, 1024), "largest": (2, 1024),
    "faint": (0, 100), "soft": (0, 100), "soft_from": (4, 256), "soft_to": (4, 256), "elsewhere": (0, 100),
    "varied": (0, 100), "drawn": (0, 100), "season": (0, 100), "shift": (0, 100), "haze": (0, 100), "shadow": (0, 100),
}  # fmt: skip
#: Those that are shares and have the same name in PastingRules.
_SHARES = (
    "changed", "light", "alike", "bare", "colour", "bareness", "faint", "soft", "elsewhere", "season", "shift", "haze",
    "shadow",
)  # fmt: skip
_VAL_SHARE = 4  # without `val`, one pair is held out for so many that train


@dataclass(frozen=True)
class PastedSet(DrawnSet):
    """What decides every pixel, beside the images. `table` is read in place of FOLDER's own sets.csv."""

    splits = ("train", "val")
    read_options = ReadOptions(not_labelled=NOT_LABELLED)
    limits = (
        "Trained on change that was pasted into real images: figures measured on such pairs do not say how well it "
        "finds real change. Check it on a place you know before you report areas from it."
    )
    caution = "Changes were pasted into real images: scores on them say nothing about real change."

    folder: Path
    pairs: int = 1000
    val: int = 250
    size: int = 256
    seed: int = 1
    mixture: Mixture = field(default_factory=Mixture)
    rules: PastingRules = field(default_factory=PastingRules)
    table: Path | None = None

    @classmethod
    def parse(cls, source: str) -> Self:
        """Without `val`, it is a share of `pairs`."""
        name, numbers, texts = read_drawn(source, EXAMPLE, LIMITS, name="[^?]+", texts=("table",))
        pairs = numbers.get("pairs", cls.pairs)
        return cls(
            from_home(name),
            pairs,
            numbers.get("val", max(pairs // _VAL_SHARE, 1)),
            numbers.get("size", cls.size),
            numbers.get("seed", cls.seed),
            _mixture(numbers),
            _rules(numbers, source),
            _table(texts, source),
        )

    @property
    def patches(self) -> int:
        return self.pairs + self.val

    @property
    def split_patches(self) -> dict[str, int]:
        return {"train": self.pairs, "val": self.val}

    @property
    def side(self) -> int:
        return self.size

    def key(self) -> str:
        """A folder name of its own, for these images, by their names, sizes and times, and this version.

        DataError for an image that is named and not there, such as a broken link.
        """
        digest = hashlib.sha256(repr((self.val, self.pairs, self.size, self.seed, self.mixture, self.rules)).encode())
        for file in image_files(self.folder):
            _, size, modified = image_file(self.folder, file)
            digest.update(f"{file}:{size}:{modified}\n".encode())
        if table := table_of(self.folder, self.table):
            digest.update(table_bytes(table))
        return f"{self.folder.resolve().name}-size{self.size}-seed{self.seed}-{digest.hexdigest()[:12]}-v{VERSION}"

    def check(self) -> None:
        """Of the folder and the table alone; images are read when pairs are drawn."""
        check_folder(self.folder)
        table_of(self.folder, self.table)

    def build(self, split: str, cache: Path, *, workers: int | None = None, progress: Progress = no_progress) -> Path:
        """Each split has a folder.

        DataError for a folder without images, a split without any, and images smaller than `size`.
        """
        self.check()
        if cache.resolve().is_relative_to(self.folder.resolve()):
            raise OptionError(
                f"A folder outside {self.folder} is needed to keep pairs in, {cache} lies in it, and pairs would be "
                "pasted from pairs: name another (MINENETCD_CACHE)."
            )
        folder = cache / "pasted" / self.key() / split
        kept = cache / "pasted" / "true-changes"
        made_once(folder, table_in(folder), lambda: self._draw(split, folder, kept, workers, progress))
        return folder

    def _draw(self, split: str, folder: Path, kept: Path, workers: int | None, progress: Progress) -> None:
        sets = tuple(split_sets(find_sets(self.folder, self.table))[split])
        if not sets:
            raise DataError(
                f"{self.folder} has no images to hold out for val: it needs a set of two places, or of four dates of "
                "one."
            )
        crops = Crops(self.folder.resolve(), sets, self.size, kept)
        if self.mixture.two_dates == 1 and not crops.has_two_dates:
            raise DataError(
                f"{self.folder} needs places with two dates for two_dates=100, none of those of {split} with room for "
                f"{self.size} x {self.size} pixels has: name dates in file names, or leave two_dates out."
            )
        seeds = [seed_of("pasted", self.seed, split, number) for number in range(self.split_patches[split])]
        draw_pairs(
            folder, split, crops, seeds, mixture=self.mixture, rules=self.rules,
            workers=workers or os.cpu_count() or 1, progress=progress,
        )  # fmt: skip


def _table(texts: Mapping[str, str], source: str) -> Path | None:
    text = texts.get("table")
    if text is not None and not text.strip():
        raise OptionError(f"table needs the path of a CSV file, got {text!r} in {source!r}: give it, or leave it out.")
    return None if text is None else from_home(text)


def _mixture(numbers: Mapping[str, int]) -> Mixture:
    return Mixture(**{name: numbers[name] / 100 for name in ("two_dates", "varied", "drawn") if name in numbers})


def _rules(numbers: Mapping[str, int], source: str) -> PastingRules:
    usual = PastingRules()
    given: dict[str, Any] = {name: numbers[name] / 100 for name in _SHARES if name in numbers}
    return replace(
        usual,
        most=numbers.get("pastes", usual.most),
        radius=_ends(numbers, ("smallest", "largest"), usual.radius, source),
        soft_edge=_ends(numbers, ("soft_from", "soft_to"), usual.soft_edge, source),
        **given,
    )


def _ends(
    numbers: Mapping[str, int], names: tuple[str, str], usual: tuple[float, float], source: str
) -> tuple[float, float]:
    """The low and the high end that two options give."""
    low, high = (float(numbers.get(name, end)) for name, end in zip(names, usual, strict=True))
    if low > high:
        raise OptionError(
            f"{names[0]} must not be above {names[1]}, got {low:g} and {high:g} in {source!r}: correct one."
        )
    return low, high
