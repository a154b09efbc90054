"""Where two real dates of a ground may have changed in truth: there was building work, and no paste says so."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.building.pasted_sets.pictures import ImageFile, decoded, empty_pixels, image_file
from minenetcd.building.pasted_sets.recent import RecentArrays
from minenetcd.classical.mad import IRMAD
from minenetcd.constants import VERSION
from minenetcd.errors import RasterError
from minenetcd.files import atomic_path, make_folder
from minenetcd.geo.align import Pair

_DOUBTING = IRMAD(threshold_rule="k-means-guarded", smooth=4)
_CHANGED = 255
_KEPT = RecentArrays(64 * 2**20)  # of them, of each process


def changed_between(folder: Path, images: tuple[str, str], extent: tuple[int, int], kept: Path) -> NDArray[np.uint8]:
    """255 where IR-MAD calls the first `extent` (height, width) of two images in `folder` changed, 0 elsewhere.

    It takes seconds: processes and data sets share what is found, in the folder `kept`.
    """
    first, second = (image_file(folder, image) for image in images)
    return _KEPT.get((first, second, extent, kept), lambda: _changed_between(first, second, extent, kept))


def _changed_between(first: ImageFile, second: ImageFile, extent: tuple[int, int], kept: Path) -> NDArray[np.uint8]:
    name = hashlib.sha256(repr((VERSION, first, second, extent)).encode()).hexdigest()
    path = make_folder(kept) / f"{name[:32]}.png"
    if not path.exists():
        with atomic_path(path) as target:
            Image.fromarray(_found(first, second, extent)).save(target, compress_level=1)
    with Image.open(path) as stored:
        return np.asarray(stored)


def _found(first: ImageFile, second: ImageFile, extent: tuple[int, int]) -> NDArray[np.uint8]:
    """Statistics are learned on every other pixel of each row and column, which is a quarter of the work."""
    before, after = (decoded(file)[: extent[0], : extent[1]] for file in (first, second))
    valid = ~empty_pixels(before, after)
    thin = (slice(None, None, 2), slice(None, None, 2))
    try:
        scene = _DOUBTING.for_scene([Pair.of_arrays(before[thin], after[thin], valid[thin])])
    except RasterError:  # a date of one colour, or hardly any data: nothing to learn from
        return np.zeros(extent, np.uint8)
    scores = scene.scores((before[np.newaxis], after[np.newaxis]), valid[np.newaxis])[0, 0]
    return np.where(valid & (scores >= _DOUBTING.threshold), _CHANGED, 0).astype(np.uint8)
