"""Every pair of a split read once, in workers, and reduced to what audits and statistics need to know of it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d
from torch.utils.data import DataLoader, Dataset

from minenetcd.configs.value_range import ValueRange
from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.data.dataset import ChangeDataset, Fault, PairError
from minenetcd.data.fitting import known_pixels, tried
from minenetcd.errors import DataError
from minenetcd.geo.values import Limits, pair_limits, range_limits, robust_limits, to_eight_bits
from minenetcd.types import ChangeSample

LEVELS = 256
HASH_SIDE = 8  # a hash has 8 x 8 bits
THUMBNAIL_SIDE = 16
PAIRS_AT_A_TIME = 8
PAIRS_TRIED, PIXELS_TRIED = 16, 4096  # of each split, for what lies at levels 0 and 255


@dataclass(frozen=True)
class PairFacts:
    """One readable pair. Where an array has a leading 2, it is the before and the after image."""

    index: int
    name: str
    height: int
    width: int
    bands: int
    changed: int  # pixels
    labelled: int  # pixels
    tones: NDArray[np.float64]  # (2, 2 C): mean of each band, then standard deviation [levels of 0 to 255]
    hashes: NDArray[np.uint64]  # (2,): alike for images that look alike
    thumbnails: NDArray[np.float16]  # (2, 16, 16): mean grey levels
    digests: tuple[bytes, bytes, bytes]  # before, after, mask: equal for equal pixels only

    @property
    def pixels(self) -> int:
        return self.height * self.width


@dataclass(frozen=True)
class RefusedPair:
    """One pair that cannot be used, and why, in words."""

    index: int
    name: str
    reason: str
    fault: Fault


@dataclass
class ExaminedSplit:
    """All that is kept of a split once its pairs were read."""

    split: str
    places: pd.DataFrame | None = None
    pairs: list[PairFacts] = field(default_factory=list)
    refused: list[RefusedPair] = field(default_factory=list)
    #: Number of bands -> (2, C, 256): pixels of each level in all before and all after images.
    histograms: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    #: Number of bands -> the values at levels 0 and 255, of images that are not 8-bit; the same in all splits.
    limits: Mapping[int, Limits] = field(default_factory=dict)

    def add(self, pair: PairFacts, histograms: NDArray[np.int64]) -> None:
        """One more readable pair, and its histograms (2, C, 256)."""
        self.pairs.append(pair)
        self.histograms[pair.bands] = self.histograms.get(pair.bands, 0) + histograms

    def column(self, name: str) -> pd.Series | None:
        """One column of the places for the readable pairs, in their order; None where nothing of it is known."""
        if self.places is None or name not in self.places or not self.pairs:
            return None
        values = self.places[name].iloc[[pair.index for pair in self.pairs]].reset_index(drop=True)
        values = values.mask(values.astype("string").str.strip().eq("").fillna(False))  # an empty cell of a table
        return None if values.isna().all() else values


def examine_splits(
    datasets: Mapping[str, ChangeDataset],
    *,
    workers: int = 0,
    progress: Progress = no_progress,
) -> list[ExaminedSplit]:
    """Read every pair of every split; `progress` counts pairs read. A pair that is refused stops nothing."""
    total, done = sum(map(len, datasets.values())), 0
    limits = _level_limits(datasets.values())
    examined = []
    for name, dataset in datasets.items():
        split = ExaminedSplit(name, dataset.places, limits=limits)
        for read in _read(dataset, limits, workers):
            if isinstance(read, RefusedPair):
                split.refused.append(read)
            else:
                split.add(*read)
            done += 1
            progress(done, total)
        examined.append(split)
    return examined


def _level_limits(datasets: Iterable[ChangeDataset]) -> dict[int, Limits]:
    """What is at levels 0 and 255 of images that are not 8-bit: the range stated, else of pixels of all splits."""
    found: dict[int, list[NDArray]] = {}
    stated: ValueRange | None = None
    for dataset in datasets:
        stated = stated or dataset.value_range
        for sample in tried(dataset, PAIRS_TRIED):
            if torch.uint8 not in (sample.before.dtype, sample.after.dtype):
                pixels = known_pixels([sample], PIXELS_TRIED)
                found.setdefault(pixels.shape[-1], []).append(pixels)
    return {
        bands: robust_limits(np.concatenate(pixels)) if stated is None else range_limits(stated, bands)
        for bands, pixels in found.items()
    }


def pooled_histograms(splits: Sequence[ExaminedSplit]) -> NDArray[np.int64] | None:
    """(2, C, 256) over all `splits`, of the pairs with as many bands as hold most pixels; None without any."""
    sums: dict[int, NDArray[np.int64]] = {}
    for split in splits:
        for bands, histograms in split.histograms.items():
            sums[bands] = sums.get(bands, 0) + histograms
    return max(sums.values(), key=lambda histograms: histograms[0, 0].sum(), default=None)


_Read = tuple[PairFacts, NDArray[np.int64]] | RefusedPair


def _read(dataset: ChangeDataset, limits: Mapping[int, Limits], workers: int) -> Iterator[_Read]:
    batches = DataLoader(
        _Examined(dataset, limits),
        batch_size=PAIRS_AT_A_TIME,
        num_workers=min(workers, len(dataset)),
        collate_fn=list,
        generator=torch.Generator(),  # or DataLoader draws from the global one
    )
    for batch in batches:
        yield from batch


class _Examined(Dataset["_Read"]):
    def __init__(self, pairs: ChangeDataset, limits: Mapping[int, Limits]) -> None:
        self.pairs, self.limits = pairs, limits

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> _Read:
        name = self.pairs.names[index]
        try:
            sample = self.pairs[index]
            _check(sample)
        except DataError as error:
            fault = error.fault if isinstance(error, PairError) else "unreadable"
            return RefusedPair(index, name, str(error), fault)
        dates = self._levels(sample)
        histograms = np.stack([[_histogram(band) for band in date] for date in dates])
        return _facts(index, name, sample, dates, histograms), histograms

    def _levels(self, sample: ChangeSample) -> list[Tensor]:
        """Both dates as 8 bits (C, H, W), which they may be already."""
        dates = [date.permute(1, 2, 0).numpy() for date in (sample.before, sample.after)]
        common = self.limits.get(len(sample.before))
        limits = (common, common) if common is not None else pair_limits(dates[0], dates[1])
        levels = (
            date if date.dtype == np.uint8 else to_eight_bits(date, limit)
            for date, limit in zip(dates, limits, strict=True)
        )
        return [torch.from_numpy(date).permute(2, 0, 1) for date in levels]


def _check(sample: ChangeSample) -> None:
    """PairError where a sample is not what ChangeDataset promises."""
    shapes = [tuple(image.shape) for image in (sample.before, sample.after, sample.mask)]
    if shapes[0] != shapes[1] or shapes[0][1:] != shapes[2]:
        sizes = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise PairError(
            f"A pair needs before, after and mask of one size, and as many bands on both dates, got {sizes}: crop them "
            "alike, or leave the pair out.",
            "unequal sizes",
        )
    values = torch.unique(sample.mask).tolist()
    if not set(values) <= {0, 1, UNKNOWN}:
        raise PairError(
            f"In a sample a mask needs the values 0, 1 and 255 (not labelled), got {values}: return these alone.",
            "mask values",
        )


def _facts(
    index: int, name: str, sample: ChangeSample, dates: Sequence[Tensor], histograms: NDArray[np.int64]
) -> PairFacts:
    """Of a sample, and its dates as 8 bits."""
    grey = torch.stack([date.float().mean(dim=0) for date in dates])  # (2, H, W)
    height, width = sample.mask.shape
    return PairFacts(
        index,
        name,
        height,
        width,
        bands=histograms.shape[1],
        changed=int((sample.mask == 1).sum()),
        labelled=int((sample.mask != UNKNOWN).sum()),
        tones=np.concatenate(mean_and_deviation(histograms), axis=1),
        hashes=difference_hashes(grey),
        thumbnails=adaptive_avg_pool2d(grey, THUMBNAIL_SIDE).numpy().astype(np.float16),
        digests=(_digest(sample.before), _digest(sample.after), _digest(sample.mask)),
    )


def mean_and_deviation(histograms: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of histograms (..., 256), exactly: mean and standard deviation [levels], each (...)."""
    levels = np.arange(LEVELS)
    pixels, sums, squares = histograms.sum(axis=-1), histograms @ levels, histograms @ levels**2
    mean = sums / pixels
    return mean, np.sqrt(np.maximum(squares / pixels - mean**2, 0))


def difference_hashes(grey: Tensor) -> NDArray[np.uint64]:
    """64 bits an image, float (N, H, W) -> (N,): each says whether brightness grows from one cell to its right.

    Storing an image anew, larger, smaller or brighter, leaves nearly all bits as they are (the "dHash").
    """
    cells = adaptive_avg_pool2d(grey, (HASH_SIDE, HASH_SIDE + 1))
    bits = (cells[..., 1:] > cells[..., :-1]).flatten(1).numpy()
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def _histogram(band: Tensor) -> NDArray[np.int64]:
    return np.bincount(band.numpy().ravel(), minlength=LEVELS)


def _digest(image: Tensor) -> bytes:
    content = np.ascontiguousarray(image.numpy())
    return hashlib.blake2b(str(content.shape).encode() + content.tobytes(), digest_size=16).digest()
