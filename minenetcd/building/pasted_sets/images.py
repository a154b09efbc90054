"""The images of a folder of sets: which show one place at several dates, and which are held out.

A folder in FOLDER is a set, its images lie in it or below it; images in FOLDER itself are one more, and so are those in
folders whose whole name is a date (2019/site.tif, 2021/site.tif). The name of an
image without dates is its place: 8 digits or YYYY-MM-DD anywhere in it, a year where it is all of a file's name or
stands in a folder's (20150820_00.png, 2019.tif, plots_2017/a.png). Images of a set with one place are its dates.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import rasterio
from rasterio.errors import RasterioError

from minenetcd.building.pasted_sets.set_table import Said, read_table, table_of
from minenetcd.data.reading.folder_layout import IMAGE_ENDINGS, image_files
from minenetcd.errors import DataError, one_line
from minenetcd.geo.orientation import upright_name
from minenetcd.geo.source import quiet_gdal

#: Of the places of a set, one in so many is held out for validation; of the dates of a single place, one in four.
HELD_OUT, HELD_OUT_DATES = 5, 4

_DATE = re.compile(r"(?<![a-z0-9])(?:19|20)\d\d(-?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?![a-z0-9])", re.I)
_YEAR = re.compile(r"(?<![a-z0-9])(?:19|20)\d\d(?![a-z0-9])", re.I)
_LARGEST_DIFFERENCE = 0.02  # in size, of the dates of one place


@dataclass(frozen=True)
class Place:
    """One place of a set: its images, relative to FOLDER, by date, and the pixels they share from the upper left."""

    name: str
    images: tuple[str, ...]
    height: int
    width: int


@dataclass(frozen=True)
class ImageSet:
    """Images of one kind. A sheet of `tile` x `tile` pictures of different places is cut there; `mines` are shown."""

    name: str
    places: tuple[Place, ...]
    tile: int | None = None
    mines: bool = False


def find_sets(folder: Path, table: Path | None = None) -> list[ImageSet]:
    """The sets of `folder`, by name; `table` stands for its own. DataError for what cannot be used."""
    check_folder(folder)
    files: dict[str, list[str]] = {}
    for file in image_files(folder):
        files.setdefault(_set_of(folder, file), []).append(file)
    if not files:
        raise DataError(f"{folder} needs folders of images ({', '.join(IMAGE_ENDINGS)}), it has none: name another.")
    found = table_of(folder, table)
    said = {} if found is None else read_table(found, files)
    return [_image_set(folder, name, files[name], said.get(name, Said())) for name in sorted(files)]


def check_folder(folder: Path) -> None:
    """DataError where it is not there."""
    if not os.path.isdir(folder):
        raise DataError(f"There is no folder {folder!s:.200}: check the path.")


def split_sets(sets: Iterable[ImageSet]) -> dict[str, list[ImageSet]]:
    """The sets as train and val see them; no image is in both.

    Held out is the fifth of a set's places, one at least, whose names have the smallest SHA-256; of a set of one place
    the fourth of its dates, two at least. A set of one place and fewer than four dates is for training alone.
    """
    found: dict[str, list[ImageSet]] = {"train": [], "val": []}
    for of in sets:
        for split, places in zip(found, _divided(of.places), strict=True):
            if places:
                found[split].append(ImageSet(of.name, places, of.tile, of.mines))
    return found


def _divided(places: tuple[Place, ...]) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Those, or the dates of the one, that train, and those that are held out."""
    if len(places) > 1:
        held = set(_smallest([place.name for place in places], max(1, len(places) // HELD_OUT)))
        return tuple(p for p in places if p.name not in held), tuple(p for p in places if p.name in held)
    place = places[0]
    if len(place.images) < HELD_OUT_DATES:
        return places, ()
    held = set(_smallest(place.images, max(2, len(place.images) // HELD_OUT_DATES)))
    dates = [tuple(i for i in place.images if (i in held) == is_held) for is_held in (False, True)]
    train, val = (Place(place.name, images, place.height, place.width) for images in dates)
    return (train,), (val,)


def _smallest(names: Iterable[str], count: int) -> list[str]:
    """The `count` names whose SHA-256 is smallest."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:count]


def _image_set(folder: Path, name: str, files: list[str], said: Said) -> ImageSet:
    named: dict[str, list[str]] = {}
    for file in files:
        named.setdefault(name if said.one_place else file if said.tile else _place_of(file), []).append(file)
    places = tuple(_place(folder, *item) for item in sorted(named.items()))
    for place in places:
        if said.tile is not None and said.tile > min(place.height, place.width):
            raise DataError(
                f"{folder} needs images that hold a tile of {said.tile} x {said.tile} pixels in its set {name}, "
                f"{place.images[0]} has {place.width} x {place.height}: correct tile in the table of sets."
            )
    return ImageSet(name, places, said.tile, said.mines)


def _set_of(folder: Path, file: str) -> str:
    inside = PurePosixPath(file).parts
    is_own = len(inside) == 1 or _YEAR.fullmatch(inside[0]) or _DATE.fullmatch(inside[0])
    return folder.name if is_own else inside[0]


def _place_of(file: str) -> str:
    """The name of an image without its dates."""
    path = PurePosixPath(file)
    folders = [_without(_YEAR, _without(_DATE, part)) for part in path.parts[:-1]]
    stem = "" if _YEAR.fullmatch(path.stem) else _without(_DATE, path.stem)
    return "/".join([*folders, stem]) if _has_date(path) else str(path.with_suffix(""))


def _has_date(path: PurePosixPath) -> bool:
    return bool(
        _DATE.search(path.stem)
        or _YEAR.fullmatch(path.stem)
        or any(_DATE.search(part) or _YEAR.search(part) for part in path.parts[:-1])
    )


def _without(pattern: re.Pattern[str], text: str) -> str:
    return re.sub(r"[-_. ]+", "_", pattern.sub("", text)).strip("_")


def _place(folder: Path, name: str, images: list[str]) -> Place:
    sizes = np.array([_size(folder / image) for image in images])
    shared, spread = sizes.min(axis=0), sizes.max(axis=0) / sizes.min(axis=0)
    if spread.max() > 1 + _LARGEST_DIFFERENCE:
        axis = int(spread.argmax())
        small, large = images[int(sizes[:, axis].argmin())], images[int(sizes[:, axis].argmax())]
        raise DataError(
            f"{folder} needs the dates of one place in one size, {small} and {large} differ: cut them alike, or give "
            "the places other names."
        )
    return Place(name, tuple(images), int(shared[0]), int(shared[1]))


def _size(path: Path) -> tuple[int, int]:
    """Height and width of an image of three bands or more, upright as it is read."""
    try:
        with quiet_gdal(), rasterio.open(path) as stored, rasterio.open(upright_name(stored, str(path))) as image:
            count, size = image.count, (image.height, image.width)
    except RasterioError as error:
        raise DataError(f"{path} cannot be read as an image ({one_line(error)}): replace or remove it.") from error
    if count < 3:
        raise DataError(f"{path} needs three bands or more, it has {count}: replace or remove it.")
    return size
