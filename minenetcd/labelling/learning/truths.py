"""What is known of a scene, window by window: 1 changed, 0 unchanged, 255 not known, and which place a pixel is of."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.windows import Window
from scipy import ndimage

from minenetcd.constants import UNKNOWN
from minenetcd.geo.grid import Grid, apply
from minenetcd.geo.polygons.tracing import burn
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.training_mask import Claims, background, training_mask

#: Around an outline nobody is exact, whatever is said of the ground. [pixels]
RIM = 2

#: Reads a stored probability (H, W) in a window of the grid, NaN where there is no data.
ReadProbability = Callable[[Window], NDArray[np.float32]]


class Boxes(NamedTuple):
    """Of N places that were judged: (left, top, right, bottom) (N, 4) in pixels, whether each is change (N,)."""

    ends: NDArray[np.float64]
    changed: NDArray[np.bool_]

    def inside(self, part: Window) -> NDArray[np.bool_]:
        """Which lie in `part` as a whole (N,)."""
        left, top, right, bottom = self.ends.T
        inside: NDArray[np.bool_] = (
            (left >= part.col_off) & (top >= part.row_off)
            & (right <= part.col_off + part.width) & (bottom <= part.row_off + part.height)
        )  # fmt: skip
        return inside

    def meeting(self, window: Window) -> NDArray[np.bool_]:
        """Which have anything in common with `window` (N,)."""
        left, top, right, bottom = self.ends.T
        meeting: NDArray[np.bool_] = (
            (left < window.col_off + window.width) & (top < window.row_off + window.height)
            & (right > window.col_off) & (bottom > window.row_off)
        )  # fmt: skip
        return meeting

    def and_those(self, others: "Boxes") -> "Boxes":
        """These, and those of `others`."""
        return Boxes(*(np.concatenate(both) for both in zip(self, others, strict=True)))


class Known(NamedTuple):
    """A window: `mask` of uint8 (H, W), and the number of the place that a pixel is of (H, W), 0 for other ground."""

    mask: NDArray[np.uint8]
    places: NDArray[np.int32]

    def under(self, labels: "Known", places: int) -> "Known":
        """The same, but where `labels` say something; their places are counted on from the number of `places`."""
        numbers = np.where(labels.places > 0, labels.places + places, self.places)
        return Known(np.where(labels.mask != UNKNOWN, labels.mask, self.mask), numbers.astype(np.int32))


class Truth(Protocol):
    """What is known of a scene."""

    @property
    def boxes(self) -> Boxes:
        """Of the places that were judged."""

    @property
    def knows_ground(self) -> bool:
        """Whether it says of ground beside the places that it is unchanged."""

    def read(self, window: Window, part: Window, *, by_claim: bool = False) -> Known:
        """What is known in `window`, from the places that lie in `part` as a whole; others are not known.

        `by_claim`: of a result that was looked at as a whole all ground is unchanged, as whoever looked says. Trained
        is less, in case something was overlooked; judged is all of it, or a detector that starts to call ground
        changed where another was not quite sure would get away with it.
        """


@dataclass(frozen=True)
class PolygonTruth:
    """Of a result: N polygons on its `grid`, `status` of each ("" not judged), as they are and as they were.

    `first`, `current`: geometries (N,) in the CRS of the grid. `labels`: what was labelled beside on the same images,
    which stands where it says something.
    """

    grid: Grid
    status: NDArray[np.str_]
    first: NDArray[np.object_]
    current: NDArray[np.object_]
    options: LearnOptions
    threshold: float
    probability: ReadProbability
    labels: "MaskTruth | None" = None

    @property
    def boxes(self) -> Boxes:
        own = Boxes(self._polygons.ends[self._judged], self._polygons.changed[self._judged])
        return own if self.labels is None else own.and_those(self.labels.boxes)

    @property
    def knows_ground(self) -> bool:
        return self.options.complete

    def read(self, window: Window, part: Window, *, by_claim: bool = False) -> Known:
        around = _around(window, self.options.distance if self.knows_ground else 1, self.grid)
        own = self._read(around, part, by_claim)
        place = np.s_[
            window.row_off - around.row_off : window.row_off - around.row_off + window.height,
            window.col_off - around.col_off : window.col_off - around.col_off + window.width,
        ]
        mask = np.where(np.isnan(self.probability(window)), np.uint8(UNKNOWN), own.mask[place])
        return Known(mask, own.places[place])

    def _read(self, window: Window, part: Window, by_claim: bool) -> Known:
        """What is right in the middle: at the edges of `window` nothing is known of polygons beyond."""
        grid, inside = self.grid.part(window), self._polygons.inside(part)
        near = np.flatnonzero(self._polygons.meeting(window)).tolist()
        claims = self._claims(near, inside, grid)
        labels = None if self.labels is None else self.labels.read(window, part)
        if labels is not None:  # ground lies apart from what was labelled, too
            claims = replace(claims, undecided=claims.undecided | (labels.mask == 1))
        sure = None
        if self.knows_ground:
            below, distance = self.options.far_below * self.threshold, self.options.distance
            limits = (np.inf, RIM) if by_claim else (below, distance)
            sure = background(claims, self.probability(window), below=limits[0], distance=limits[1])
        own = Known(training_mask(claims, sure), self._places([number for number in near if inside[number]], grid))
        return own if labels is None else own.under(labels, len(self.status))

    @cached_property
    def _judged(self) -> NDArray[np.bool_]:
        return np.isin(self.status, ("accepted", "rejected"))

    @cached_property
    def _polygons(self) -> Boxes:
        """Of all, judged or not: around both outlines of each."""
        bounds = np.stack([shapely.bounds(self.first), shapely.bounds(self.current)])
        low, high = np.nanmin(bounds[..., :2], axis=0), np.nanmax(bounds[..., 2:], axis=0)
        corners = [apply(~self.grid.transform, x, y) for x in (low[:, 0], high[:, 0]) for y in (low[:, 1], high[:, 1])]
        columns, rows = (np.stack(axis) for axis in zip(*corners, strict=True))
        ends = np.column_stack([columns.min(0), rows.min(0), columns.max(0), rows.max(0)]).round(6)
        return Boxes(ends, self.status == "accepted")

    def _claims(self, near: list[int], inside: NDArray[np.bool_], part: Grid) -> Claims:
        accepted = [n for n in near if self.status[n] == "accepted" and inside[n]]
        rejected = [n for n in near if self.status[n] == "rejected" and inside[n]]
        undecided = [n for n in near if n not in {*accepted, *rejected}]
        edited = [n for n in accepted if not shapely.equals(self.first[n], self.current[n])]
        return Claims(
            accepted=burn(self.current[accepted], part),
            rejected=burn([*self.first[rejected], *self.current[rejected]], part),
            undecided=burn([*self.first[undecided], *self.current[undecided]], part),
            before_edits=burn(self.first[edited], part),
            edited=burn(self.current[edited], part),
        )

    def _places(self, near: list[int], part: Grid) -> NDArray[np.int32]:
        """The number from 1 of the judged polygon on each pixel, of what an edit cut away, too."""
        drawn = [
            (outline, number + 1)
            for number in near
            if self._judged[number]
            for outline in (self.first[number], self.current[number])
        ]
        if not drawn:
            return np.zeros(part.shape, np.int32)
        places: NDArray[np.int32] = rasterize(drawn, out_shape=part.shape, transform=part.transform, dtype=np.int32)
        return places


@dataclass(frozen=True)
class MaskTruth:
    """Of a mask (H, W) of 0, 1 and 255 that somebody drew: each group of touching pixels of one kind is a place."""

    mask: NDArray[np.uint8]
    numbers: NDArray[np.int32]
    boxes: Boxes

    @property
    def knows_ground(self) -> bool:
        return not bool(self.boxes.changed.all())

    @classmethod
    def of(cls, mask: NDArray[np.uint8]) -> "MaskTruth":
        numbers = np.zeros(mask.shape, np.int32)
        ends: list[tuple[int, int, int, int]] = []
        kinds: list[bool] = []
        for kind in (1, 0):
            groups, count = ndimage.label(mask == kind, np.ones((3, 3), int))
            numbers[groups > 0] = groups[groups > 0] + len(ends)
            ends += [(cols.start, rows.start, cols.stop, rows.stop) for rows, cols in ndimage.find_objects(groups)]
            kinds += [kind == 1] * count
        return cls(mask, numbers, Boxes(np.array(ends, float).reshape(-1, 4), np.array(kinds, bool)))

    def read(self, window: Window, part: Window, *, by_claim: bool = False) -> Known:
        place = np.s_[window.row_off : window.row_off + window.height, window.col_off : window.col_off + window.width]
        mask, numbers = self.mask[place].copy(), self.numbers[place]
        crossing = np.flatnonzero(~self.boxes.inside(part) & self.boxes.changed) + 1
        mask[np.isin(numbers, crossing)] = UNKNOWN  # of change alone: ground goes on everywhere
        return Known(mask, np.where(mask == 1, numbers, 0))


def _around(window: Window, by: int, grid: Grid) -> Window:
    """`window` with so many pixels more on each side, as far as `grid` goes."""
    left, top = max(0, window.col_off - by), max(0, window.row_off - by)
    right = min(grid.width, window.col_off + window.width + by)
    bottom = min(grid.height, window.row_off + window.height + by)
    return Window(left, top, right - left, bottom - top)
