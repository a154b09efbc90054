"""Images of sets as they are read: three bands of 8 bits, black where there is no data."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from minenetcd.building.pasted_sets.recent import RecentArrays
from minenetcd.data.reading.decode import decode_date
from minenetcd.data.reading.headers import DecodeError
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.errors import DataError
from minenetcd.geo.values import robust_limits, to_eight_bits

Picture = NDArray[np.uint8]  # (H, W, 3)
BLACK, _AREA = 3, 5  # levels, and the side of the least area without data [pixels]
_KEPT = RecentArrays(256 * 2**20)  # decoded images, of each process


class ImageFile(NamedTuple):
    """An image as it is now: what was decoded of an earlier one of that name is not what is in it."""

    path: str
    size: int
    modified: int


def read_image(folder: Path, image: str) -> Picture:
    """The first three bands of an image, where it has no data 0. DataError where it cannot be read.

    What is not 8-bit is stretched to 8 bits between its own limits.
    """
    return decoded(image_file(folder, image))


def decoded(file: ImageFile) -> Picture:
    """The image, as `read_image` has it; not to be written into."""
    return _KEPT.get(file, lambda: _decoded(file))


def _decoded(file: ImageFile) -> Picture:
    try:
        date = decode_date(file.path, ReadOptions())
    except DecodeError as error:
        raise DataError(f"{file.path} cannot be read ({error}): replace or remove it.") from error
    pixels = date.pixels[:3].permute(1, 2, 0).numpy().copy()
    valid = np.ones(pixels.shape[:2], bool) if date.valid is None else date.valid.numpy()
    if pixels.shape[-1] < 3:
        raise DataError(f"{file.path} has {pixels.shape[-1]} bands, three are needed: replace or remove it.")
    if pixels.dtype != np.uint8:
        pixels = to_eight_bits(pixels, robust_limits(pixels[valid]))
    pixels[~valid] = 0
    return pixels


def image_file(folder: Path, image: str) -> ImageFile:
    path = folder / image
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): replace or remove it.") from error
    return ImageFile(str(path), stat.st_size, stat.st_mtime_ns)


def empty_pixels(first: Picture, second: Picture) -> NDArray[np.bool_]:
    """Where either date has no data, bool (H, W): areas that are black in all bands, as images without a mask say it.

    Single dark pixels are dark ground.
    """
    black = ~(first.max(axis=-1) > BLACK) | ~(second.max(axis=-1) > BLACK)
    return ndimage.binary_opening(black, np.ones((_AREA, _AREA), bool)) if black.any() else black
