"""One pass over the probability of a scene: each strip of it becomes mask and measures while it is at hand.

Changed pixels of a strip that touch are a group, numbered from strip to strip. A polygon is made of one or several
groups, so that what is summed over groups needs no pixel a second time once the polygons are traced.
"""

from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.prediction.rasters.outline import Outlines
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.rasters.stored import STEPS


class StripGroups(NamedTuple):
    """The G groups of the strip `window`, by a pixel of each."""

    window: Window
    places: NDArray[np.intp]  # (G,), row by row in the window
    pixels: NDArray[np.intp]  # (G,)
    probability: NDArray[np.float64]  # (G,), summed over pixels
    highest: NDArray[np.float32]  # (G,), of all pixels
    steps: NDArray[np.int64]  # (3, S): group, step of probability (of 254), pixels of it that have it
    outline: NDArray[np.int64]  # (G, 2), see `rasters.outline`


class ScenePass:
    """The mask of `scene`, written beside its probability; a context manager, like a RasterWriter, that ends it.

    Strips come as `strips` of the grid has them. Counted meanwhile: `pixels` changed and valid; `hectares` changed,
    valid and of the whole grid, where that has a place on Earth; and the `groups` of all strips.
    """

    def __init__(self, scene: SceneRasters) -> None:
        self.scene = scene
        self.pixels = np.zeros(2, dtype=np.int64)
        self.hectares = np.zeros(3)
        self.groups: list[StripGroups] = []
        self._outlines = Outlines(scene.grid.width)
        self._mask = scene.mask_writer()

    def add(self, window: Window, stored: NDArray[Any]) -> None:
        """The next strip of probability, as it is stored."""
        mask = self.scene.stored.mask(stored)
        self._mask.write(mask, window)
        changed = mask == 1
        self.count(window, changed, mask != UNKNOWN, np.ones_like(changed))
        labels, numbers, places, count = grouped(changed)
        one_of = np.zeros(count, dtype=np.intp)
        one_of[numbers[::-1]] = places[::-1]
        probability = self.scene.stored.decode(stored.ravel()[places])
        sums = np.bincount(numbers, probability, count).astype(np.float64)
        highest = np.zeros(count, dtype=np.float32)
        np.maximum.at(highest, numbers, probability)
        self.groups.append(
            StripGroups(
                window, one_of, np.bincount(numbers, minlength=count), sums, highest,
                _steps(numbers, probability), self._outlines.of(mask, labels),
            )
        )  # fmt: skip

    def end_outlines(self) -> None:
        """All strips were added."""
        self._outlines.end()

    def count(self, window: Window, *kinds: NDArray[np.bool_]) -> None:
        """Add what is changed in `window`, and perhaps what is valid, and all of it, to the sums."""
        from minenetcd.geo.polygons.hectares import changed_hectares  # here: tiles need not wait for polygons

        self.pixels[: len(kinds)] += [np.count_nonzero(kind) for kind in kinds[:2]]
        if self.scene.grid.is_georeferenced:
            part = self.scene.grid.part(window)
            areas = [changed_hectares(kind, part) for kind in kinds[:2]]
            areas += [areas[1] if kinds[1].all() else changed_hectares(every, part) for every in kinds[2:]]
            self.hectares[: len(kinds)] += areas

    @property
    def mask(self) -> DatasetWriter:
        """What is written of it, to be read; nothing of it is compressed yet."""
        return self._mask.draft

    def read(self, window: Window) -> NDArray[np.uint8]:
        """The mask of a strip that was added."""
        return np.asarray(self.mask.read(1, window=window))

    def rewrite(self, window: Window, mask: NDArray[np.uint8]) -> None:
        """Another mask of a strip that was added."""
        self._mask.write(mask, window)

    def __enter__(self) -> Self:
        self._mask.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._mask.__exit__(kind, error, trace)


class SecondOpinion:
    """The mask of `rasters`, another detector's, strip by strip beside that of `first`, which has the same already.

    `pixels` changed and valid in it. Of each group of the first in turn: `known`, its pixels that are valid here, too,
    and `agreed`, those that are changed.
    """

    def __init__(self, rasters: SceneRasters, first: ScenePass) -> None:
        self.rasters = rasters
        self.pixels = np.zeros(2, dtype=np.int64)
        self.known: list[NDArray[np.intp]] = []
        self.agreed: list[NDArray[np.intp]] = []
        self._first = first

    def compare(self, window: Window, mask: NDArray[np.uint8]) -> None:
        """The next strip of it."""
        self.pixels += np.count_nonzero(mask == 1), np.count_nonzero(mask != UNKNOWN)
        _, numbers, places, count = grouped(self._first.read(window) == 1)
        there = mask.ravel()[places]
        self.known.append(np.bincount(numbers[there != UNKNOWN], minlength=count))
        self.agreed.append(np.bincount(numbers[there == 1], minlength=count))

    @property
    def changed_share(self) -> float:
        """Of its valid pixels."""
        return float(self.pixels[0] / max(self.pixels[1], 1))


def grouped(changed: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.intp], int]:
    """Groups of touching pixels in `changed` (H, W), in which N are True.

    The group of each pixel (H, W), from 1 on; of the True ones alone (N,), from 0 on; their places (N,), row by row;
    the number of groups.
    """
    from scipy import ndimage  # here: tiles need not wait for it

    labels, count = ndimage.label(changed, structure=np.ones((3, 3), dtype=np.int8))
    places = np.flatnonzero(changed)
    return labels, labels.ravel()[places] - 1, places, count


def _steps(numbers: NDArray[np.int32], probability: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many pixels of each group have each step of probability: groups, steps, counts (3, S)."""
    keys = numbers.astype(np.int64) * (STEPS + 1) + np.rint(probability * STEPS).astype(np.int64)
    found, counts = np.unique(keys, return_counts=True)
    return np.stack([*np.divmod(found, STEPS + 1), counts])
