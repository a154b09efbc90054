"""Every pair of a split read once, in workers, and reduced to what audits and statistics need to know of it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d
from torch.utils.data import DataLoader, Dataset

from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.data.dataset import ChangeDataset, Fault, PairError
from minenetcd.errors import DataError
from minenetcd.types import ChangeSample

LEVELS = 256
HASH_SIDE = 8  # a hash has 8 x 8 bits
THUMBNAIL_SIDE = 16
PAIRS_AT_A_TIME = 8


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
    tones: NDArray[np.float64]  # (2, 2 C): mean of each band, then standard deviation [levels]
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
    #: Number of bands -> (2, C, 256): pixels of each value in all before and all after images.
    histograms: dict[int, NDArray[np.int64]] = field(default_factory=dict)

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
    examined = []
    for name, dataset in datasets.items():
        split = ExaminedSplit(name, dataset.places)
        for read in _read(dataset, workers):
            if isinstance(read, RefusedPair):
                split.refused.append(read)
            else:
                split.add(*read)
            done += 1
            progress(done, total)
        examined.append(split)
    return examined


def pooled_histograms(splits: Sequence[ExaminedSplit]) -> NDArray[np.int64] | None:
    """(2, C, 256) over all `splits`, of the pairs with as many bands as hold most pixels; None without any."""
    sums: dict[int, NDArray[np.int64]] = {}
    for split in splits:
        for bands, histograms in split.histograms.items():
            sums[bands] = sums.get(bands, 0) + histograms
    return max(sums.values(), key=lambda histograms: histograms[0, 0].sum(), default=None)


_Read = tuple[PairFacts, NDArray[np.int64]] | RefusedPair


def _read(dataset: ChangeDataset, workers: int) -> Iterator[_Read]:
    batches = DataLoader(
        _Examined(dataset),
        batch_size=PAIRS_AT_A_TIME,
        num_workers=min(workers, len(dataset)),
        collate_fn=list,
        generator=torch.Generator(),  # or DataLoader draws from the global one
    )
    for batch in batches:
        yield from batch


class _Examined(Dataset["_Read"]):
    def __init__(self, pairs: ChangeDataset) -> None:
        self.pairs = pairs

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
        histograms = np.stack([[_histogram(band) for band in date] for date in (sample.before, sample.after)])
        return _facts(index, name, sample, histograms), histograms


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


def _facts(index: int, name: str, sample: ChangeSample, histograms: NDArray[np.int64]) -> PairFacts:
    grey = torch.stack([date.float().mean(dim=0) for date in (sample.before, sample.after)])  # (2, H, W)
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
