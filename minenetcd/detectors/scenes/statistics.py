"""Mean and deviation of a scene's dates, by which a network standardises all of its tiles.

Standardised by its own, a tile with much forest or much change shows the same ground in other numbers than the tile
beside it, which is what most seams are made of (docs/performance.md).
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.geo.align import Pair
from minenetcd.geo.values import Limits
from minenetcd.types import BandStatistics

#: More pixels than these say nothing new of a mean and a deviation; beyond, every k-th row and column is read.
MOST_PIXELS = 2**20
#: Of 8 bits.
LEVELS = 256
_PROCESSOR = torch.device("cpu")


class _Sums:
    """Of the pixels of one date, in double precision."""

    def __init__(self) -> None:
        self.count = 0
        self._sum: Tensor | float = 0.0
        self._squares: Tensor | float = 0.0

    def add(self, pixels: Tensor) -> None:
        """Pixels (C, N)."""
        exact = pixels.double()
        self._add(exact.shape[1], exact.sum(dim=1), exact.square().sum(dim=1))

    def add_counted(self, numbers: Tensor, counts: Tensor) -> None:
        """`counts` (C, N) pixels of each of `numbers` (C, N)."""
        exact = numbers.double()
        self._add(int(counts[0].sum()), (exact * counts).sum(dim=1), (exact.square() * counts).sum(dim=1))

    def _add(self, count: int, total: Tensor, squares: Tensor) -> None:
        self.count += count
        self._sum = self._sum + total
        self._squares = self._squares + squares

    def statistics(self, device: torch.device) -> BandStatistics:
        mean = torch.as_tensor(self._sum) / self.count
        variance = (torch.as_tensor(self._squares) - self.count * mean**2).clamp(min=0) / max(1, self.count - 1)
        return BandStatistics(*(each.float().view(1, -1, 1, 1).to(device) for each in (mean, variance.sqrt())))


def scene_statistics(
    sample: Sequence[Pair], limits: tuple[Limits, Limits], preprocessing: Preprocessing, device: torch.device
) -> tuple[BandStatistics, BandStatistics]:
    """Of both dates as the network takes them, in its order, over the valid pixels of `sample`, of which there are."""
    step = math.ceil(math.sqrt(len(sample) * sample[0].valid.size / MOST_PIXELS))  # the first window is the largest
    are_eight_bits = sample[0].before.dtype == sample[0].after.dtype == np.uint8
    summed = _counted if are_eight_bits else _summed
    sums = summed(sample, step, limits, preprocessing)
    if not sums[0].count:  # what is valid lies between those rows and columns
        sums = summed(sample, 1, limits, preprocessing)
    of_before, of_after = (each.statistics(device) for each in sums)
    return of_before, of_after


def _summed(
    sample: Sequence[Pair], step: int, limits: tuple[Limits, Limits], preprocessing: Preprocessing
) -> tuple[_Sums, _Sums]:
    """Of every `step`-th row and column."""
    sums = _Sums(), _Sums()
    for pair in sample:
        images = (pair.before, pair.after, pair.valid)
        before, after, valid = (np.ascontiguousarray(each[::step, ::step]) for each in images)
        if not valid.any():
            continue
        dates = (
            preprocessing.to_unit(date[None], valid[None], limit, _PROCESSOR)
            for date, limit in zip((before, after), limits, strict=True)
        )
        height, width = valid.shape
        known, is_whole = torch.from_numpy(valid), bool(valid.all())
        for each, date in zip(sums, preprocessing.inputs(*dates), strict=True):
            pixels = date[0, :, :height, :width]
            each.add(pixels.reshape(len(pixels), -1) if is_whole else pixels[:, known])
    return sums


def _counted(
    sample: Sequence[Pair], step: int, limits: tuple[Limits, Limits], preprocessing: Preprocessing
) -> tuple[_Sums, _Sums]:
    """The same of 8 bits: each of their 256 numbers is made ready once, and counted."""
    bands = len(preprocessing.bands)
    counts = {date: torch.zeros(bands, LEVELS, dtype=torch.long) for date in ("before", "after")}
    for pair in sample:
        valid = torch.from_numpy(pair.valid[::step, ::step])
        is_whole = bool(valid.all())
        for date, count in counts.items():
            pixels = torch.from_numpy(getattr(pair, date)[::step, ::step])
            for band in range(bands):
                seen = pixels[..., band] if is_whole else pixels[..., band][valid]
                count[band] += torch.bincount(seen.reshape(-1), minlength=LEVELS)
    levels = np.arange(LEVELS, dtype=np.uint8).reshape(1, 1, LEVELS, 1).repeat(bands, axis=3)
    known = np.ones((1, 1, LEVELS), bool)
    dates = (preprocessing.to_unit(levels, known, limit, _PROCESSOR) for limit in limits)
    sums = _Sums(), _Sums()
    for each, numbers, date in zip(sums, preprocessing.inputs(*dates), preprocessing.date_order, strict=True):
        each.add_counted(numbers[0, :, 0], counts[date])
    return sums
