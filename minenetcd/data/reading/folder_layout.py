"""Folders of images: which file is which date of which pair, from the names of folders and files alone.

A file's role and split are those its folders are named for, in any order and depth (train/A/x.png, A/train/x.png,
site_3/before/x.tif), or, for the role, its own name (site_3/before.tif; x_pre_disaster.png of xView2 and BRIGHT). What
is left of its path without ending is the pair it belongs to.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Self

from minenetcd.constants import SPLITS
from minenetcd.data.reading.disaster_names import DAMAGED_FROM, disaster_image, is_damage_map
from minenetcd.data.reading.file_pairs import ROLES, FilePairs, PairFiles
from minenetcd.data.reading.inside import InsideFolder
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.split_names import WHOLE, ordered, split_word
from minenetcd.display.words import some_of
from minenetcd.errors import DataError
from minenetcd.foreign import read_text

#: Of a list of pairs. [bytes]
LARGEST_LIST = 2**28
#: Folders below a data set; more are a circle of links, or no data set.
MOST_FOLDERS = 200_000
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_ROLE_WORDS = {
    "before": ("a", "before", "pre", "t1", "im1", "img1", "image1", "imagea", "time1", "date1"),
    "after": ("b", "after", "post", "t2", "im2", "img2", "image2", "imageb", "time2", "date2"),
    "mask": ("label", "labels", "mask", "masks", "gt", "groundtruth", "ground_truth", "change", "cm", "out"),
}
_ROLE_OF = {word: role for role, words in _ROLE_WORDS.items() for word in words}
_LIST_FOLDERS = ("", "list", "lists", "split", "splits")

Files = dict[str, dict[str, str]]  # pair -> role -> file


@dataclass(frozen=True)
class FolderLayout:
    """The images below `root`: split -> pair -> role -> file relative to it; the split None without split folders."""

    root: Path
    found: dict[str | None, Files]
    lists: dict[str, Path]

    @classmethod
    def scan(cls, root: Path) -> Self | None:
        """What lies below `root`; None where no image has a role. DataError for two images of one role and pair."""
        found: dict[str | None, Files] = {}
        for file in image_files(root):
            split, role, pair = classify(file)
            if role is None:
                continue
            files = found.setdefault(split, {}).setdefault(pair or root.name, {})
            if role in files:
                raise DataError(
                    f"{root} holds two {role} images of pair {pair!r}, {files[role]} and {file}: remove one."
                )
            files[role] = file
        return cls(root, found, _lists(root)) if found else None

    @property
    def splits(self) -> tuple[str, ...]:
        """Those there are folders or lists for; ("all",) without any."""
        return ordered(self.lists if set(self.found) == {None} else filter(None, self.found))

    def open(self, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None) -> FilePairs:
        """The pairs of one of `splits`, see `pairs`."""
        pairs = self.pairs(split, options)
        if options.changed_from is None and all(is_damage_map(mask) for _, _, mask in pairs.files):
            options = replace(options, changed_from=DAMAGED_FROM)
        return FilePairs(pairs, source, split, options)

    def pairs(self, split: str, options: ReadOptions) -> PairFiles:
        """The pairs of `split` by name, or in the order of its list.

        DataError naming files without partners, and files that are not to be read; of `options.keep_unusable` only
        where no image has a role.
        """
        if None in self.found and len(self.found) > 1:
            stray = next(iter(next(iter(self.found[None].values())).values()))
            folders = ", ".join(sorted(filter(None, self.found)))
            raise DataError(
                f"{self.root} has images both in split folders ({folders}) and outside of them ({stray}): move or "
                "remove the latter."
            )
        files = self.found[None if None in self.found else split]
        names = self._listed_pairs(split, options) if None in self.found and split != WHOLE else sorted(files)
        _check_complete(self.root, names, files, keep_unusable=options.keep_unusable)
        before, after, mask = ([files[name].get(role, "") for name in names] for role in ROLES)
        paths = list(zip(before, after, mask, strict=True))
        if not options.keep_unusable:
            folder = InsideFolder.of(self.root, options)
            for file in (file for pair in paths for file in pair):
                folder.check(file)
        return PairFiles(self.root, names, paths)

    def _listed_pairs(self, split: str, options: ReadOptions) -> list[str]:
        """Pairs named in the list of `split`: a line is a file name, with or without ending and folders.

        Where no pair is called as the whole line, its first word counts: lists of before, after and mask are usual.
        """
        path = self.lists[split]
        InsideFolder.of(self.root, options).check(path.relative_to(self.root))
        text = read_text(path, DataError, most_bytes=LARGEST_LIST)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        pairs = [self._pair_named(line) or self._pair_named(line.split()[0]) for line in lines]
        missing = [line for line, pair in zip(lines, pairs, strict=True) if pair is None]
        if missing or not pairs:
            what = f"{len(missing)} that are not there, {some_of(missing)}" if missing else "nothing"
            raise DataError(f"{path} names {what}: correct the list.")
        repeated = [pair for pair, count in Counter(pairs).items() if count > 1]
        if repeated:
            raise DataError(f"{path} names {some_of(list(map(str, repeated)))} more than once: correct the list.")
        return [pair for pair in pairs if pair is not None]

    def _pair_named(self, line: str) -> str | None:
        text = line.replace("\\", "/")
        whole = text if PurePosixPath(text).suffix.lower() in IMAGE_ENDINGS else f"{text}.png"
        names = (classify(whole)[2], PurePosixPath(whole).stem)
        return next((name for name in names if name in self.found[None]), None)


def classify(file: str) -> tuple[str | None, str | None, str]:
    """Split, role and pair of an image by its path, relative, with / between the parts."""
    *folders, name = PurePosixPath(file).parts
    stem = PurePosixPath(name).stem
    disaster = disaster_image(stem)
    if disaster is not None:
        split = next((word for folder in folders if (word := split_word(folder))), None)
        return split, *disaster
    roles = [index for index, folder in enumerate(folders) if folder.lower() in _ROLE_OF]
    splits = [index for index, folder in enumerate(folders) if split_word(folder)]
    used = {*roles[-1:], *splits[:1]}
    split = split_word(folders[splits[0]]) if splits else None
    rest = [folder for index, folder in enumerate(folders) if index not in used]
    if roles:
        return split, _ROLE_OF[folders[roles[-1]].lower()], "/".join([*rest, stem])
    role = _ROLE_OF.get(stem.lower()) if len(stem) > 1 else None  # a.png may be anything
    return split, role, "/".join(rest)


def image_files(root: Path) -> Iterator[str]:
    """Image files below `root`, hidden ones left out, in a fixed order. DataError for folders without end."""
    for count, (folder, below, names) in enumerate(os.walk(root, followlinks=True)):
        if count == MOST_FOLDERS:
            raise DataError(f"A data set has at most {MOST_FOLDERS:,} folders, {root} has more: name one in it.")
        below[:] = sorted(name for name in below if not (name.startswith(".") or _leads_back(folder, name)))
        inside = Path(folder).relative_to(root).as_posix()
        for name in sorted(names):
            if name.lower().endswith(IMAGE_ENDINGS) and not name.startswith("."):
                yield name if inside == "." else f"{inside}/{name}"


def _leads_back(folder: str, name: str) -> bool:
    """Whether it is a link to a folder that it stands in."""
    path = os.path.join(folder, name)
    return os.path.islink(path) and Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(path))


def _lists(root: Path) -> dict[str, Path]:
    """Split -> its list file."""
    places = (root / folder / f"{split}.txt" for folder in _LIST_FOLDERS for split in SPLITS)
    found: dict[str, Path] = {}
    for path in places:
        if os.path.isfile(path):
            found.setdefault(path.stem, path)
    return found


def _check_complete(root: Path, names: Iterable[str], files: Files, *, keep_unusable: bool) -> None:
    """DataError naming images whose partners are missing; `keep_unusable`: where all of one role are."""
    names = list(names)
    for role in ROLES:
        lacking = [name for name in names if role not in files[name]]
        if len(lacking) == len(names):
            words = ", ".join(_ROLE_WORDS[role])
            raise DataError(
                f"{root} has no {role} images: they need a folder called {words}, with the names of the others in it."
            )
        if lacking and not keep_unusable:
            there = [next(iter(files[name].values())) for name in lacking]
            raise DataError(
                f"{root} lacks {len(lacking)} {role} image{'s' * (len(lacking) > 1)} (for {some_of(there)}): "
                "images of a pair need the same name, whatever their ending; add or remove them."
            )
