"""Which split a folder, a file or a word stands for, and which one is read when one is asked for."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from minenetcd.constants import SPLITS
from minenetcd.errors import DataError

#: The one split of a data set that is not divided.
WHOLE = "all"

_WORDS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


def split_word(text: str) -> str | None:
    """The split a word stands for: train, val (or validation) or test; None for any other."""
    return _WORDS.get(text.strip().lower())


def split_of(path: str) -> str | None:
    """The split of a data file, by the beginning of its name (data/train-00000.parquet), else by a folder's name."""
    *folders, name = PurePosixPath(path).parts
    words = [re.split(r"[-._]", name)[0], *reversed(folders)]
    return next((split for word in words if (split := split_word(word))), None)


def by_split(paths: Iterable[str], source: str) -> dict[str, list[str]]:
    """Data files by split, in the order of SPLITS; files named for none are one split, "all".

    DataError where the files of a split lie in several folders: those are several data sets.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        found.setdefault(split_of(path) or WHOLE, []).append(path)
    for split, files in found.items():
        folders = sorted({str(PurePosixPath(file).parent) for file in files})
        if len(folders) > 1:
            raise DataError(
                f"One data set is needed, {source} holds several, as {split} is in {', '.join(folders)}: name one of "
                "these folders (of a hub data set, after its download)."
            )
    return {split: found[split] for split in ordered(found)}


def ordered(splits: Iterable[str]) -> tuple[str, ...]:
    """Splits in the usual order, those of other names left out; ("all",) where none is left."""
    present = set(splits)
    return tuple(split for split in SPLITS if split in present) or (WHOLE,)


def choose_split(source: str, split: str, splits: tuple[str, ...]) -> str:
    """The one of `splits` to read when `split` is asked for. DataError where it is not there.

    A data set that is not divided is read whole when train, test or all of it is asked for. Not when val is: what is
    chosen on it must not be what was trained on.
    """
    if split in splits:
        return split
    if splits == (WHOLE,) and split in SPLITS:
        if split != "val":
            return WHOLE
        raise DataError(
            f"{source} is not divided into train, val and test, and choosing on the pairs trained on shows nothing: "
            "add folders or lists (train.txt, val.txt), or, to train, hold a share of train out (data.val_share=0.1)."
        )
    what = f"the splits {', '.join(splits)}" if len(splits) > 1 else f"the one split {splits[0]}"
    raise DataError(f"{source} has {what}, not {split!r}: ask for one it has.")
