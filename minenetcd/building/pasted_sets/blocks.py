"""Dates of one place cut into blocks in 8 bits, each of them a place to make pairs on."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window

from minenetcd.building.pasted_sets.images import Place
from minenetcd.building.pasted_sets.pictures import BLACK
from minenetcd.constants import Progress, no_progress
from minenetcd.errors import DataError, RasterError, SizeError
from minenetcd.files import atomic_path, make_folder
from minenetcd.geo.series import AlignedSeries
from minenetcd.geo.values import Limits, to_eight_bits

#: The least side of a block, and others: the largest is taken that gives as many as are wanted. [pixels]
LEAST, SIDES, WANTED = 128, (512, 384, 256, 192), 10

#: So many blocks are cut at most, of dates that hold data in at least this share of their pixels.
MOST, LEAST_VALID = 48, 0.8


class Blocks(NamedTuple):
    """Those that were cut, each a place with the dates that hold data there, and how many the images divide into."""

    places: tuple[Place, ...]
    of: int


def cut_blocks(
    series: AlignedSeries, limits: Sequence[Limits], folder: Path, rng: Generator, progress: Progress = no_progress
) -> Blocks:
    """Write blocks of all dates to `folder`, with `limits` at 0 and 255, and no data black; drawn where there are many.

    Each holds data on two dates at least. SizeError for images that share less than two
    blocks, DataError where no data leaves fewer, RasterError for a date without variance.
    """
    windows = _windows(series.area)
    ends: list[list[NDArray[Any]]] = [[] for _ in series.images]
    places: list[Place] = []
    for number in rng.permutation(len(windows)).tolist():
        dates = [(index, *date) for index, date in enumerate(series.read(windows[number]))]
        dates = [date for date in dates if date[2].mean() >= LEAST_VALID]
        if len(dates) < 2:
            continue
        for index, pixels, valid in dates:
            ends[index] += [end(pixels[valid], axis=0) for end in (np.min, np.max)]
            _write(folder / _name(number, index), _shown(pixels, valid, limits[index]))
        names = tuple(_name(number, index) for index, _, _ in dates)
        places.append(Place(f"{number:06d}", names, windows[number].height, windows[number].width))
        progress(len(places), min(MOST, len(windows)))
        if len(places) == MOST:
            break
    _check(places, len(windows))
    _check_variance(series.images, ends)
    return Blocks(tuple(sorted(places, key=lambda place: place.name)), len(windows))


def unused_dates(places: Sequence[Place], count: int) -> list[int]:
    """Which of so many dates, from 0, no block shows: they hold data nowhere near everywhere."""
    return sorted(set(range(count)) - {int(Path(image).stem) for place in places for image in place.images})


def _windows(area: Window) -> list[Window]:
    """Windows of nearly one size that cover `area`."""
    if (area.height // LEAST) * (area.width // LEAST) < 2:
        raise SizeError(
            f"Images that share {2 * LEAST} x {LEAST} pixels or more are needed, these share {area.width} x "
            f"{area.height}: give larger ones."
        )
    side = next((side for side in SIDES if (area.height // side) * (area.width // side) >= WANTED), LEAST)
    rows, columns = (np.linspace(0, of, of // side + 1).astype(int).tolist() for of in (area.height, area.width))
    return [
        Window(area.col_off + left, area.row_off + top, right - left, bottom - top)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def _name(number: int, date: int) -> str:
    return f"{number:06d}/{date:03d}.png"


def _shown(pixels: NDArray[Any], valid: NDArray[np.bool_], limits: Limits) -> NDArray[np.uint8]:
    """In 8 bits, black where there is no data, and there alone."""
    shown = to_eight_bits(pixels, limits)
    shown[shown.max(axis=-1) <= BLACK] = BLACK + 1
    shown[~valid] = 0
    return shown


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    make_folder(path.parent)
    with atomic_path(path) as target:
        Image.fromarray(pixels).save(target, compress_level=1)


def _check(places: Sequence[Place], of: int) -> None:
    if len(places) < 2:
        raise DataError(
            f"Two parts of {LEAST} x {LEAST} pixels or more with data on two dates are needed, masks and nodata leave "
            f"{len(places)} of {of}: give images with fewer gaps."
        )


def _check_variance(images: Sequence[str], ends: Sequence[Sequence[NDArray[Any]]]) -> None:
    for image, of in zip(images, ends, strict=True):
        if of and not np.ptp(of, axis=0).any():
            raise RasterError(f"Images of some variance are needed, {image} is one colour all over: name another.")
