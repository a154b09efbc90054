"""From a data set to batches: read, augmented and stacked in worker processes, the same however many there are."""

import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from traceback import clear_frames
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate, get_worker_info

from minenetcd.data.augmentation import AUGMENTERS, augmented
from minenetcd.data.balance import BalancedSampler
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.handing_over import HandedOver, ReusedMemory
from minenetcd.data.sampling import EpochSampler, Key, SharedBatches
from minenetcd.data.transforms import sample_generator
from minenetcd.errors import DataError, MineNetCDError, OptionError, one_line
from minenetcd.runtime.parallel_map import end_with_parent
from minenetcd.types import ChangeBatch, ChangeSample

#: What the processes that read make of a batch.
Made = TypeVar("Made")

#: What makes one batch, or several, of samples.
Stack = Callable[[Sequence[ChangeSample]], Any]

#: Batches each worker keeps ready, so that a slow file does not delay training.
READY_BATCHES = 4

#: Pairs that are decoded before they are augmented: either pushes the other's code and tables out of the processor's
#: caches, which costs a tenth of the time where they take turns pair by pair.
READ_AT_ONCE = 16

#: Devices for which nobody reads a batch's memory any more once its tensors are gone; others may still be copying it
#: (`non_blocking`). CUDA does too, but from a page-locked copy of the batch.
_DONE_WITH_MEMORY = ("cpu", "cuda")


class AugmentedPairs(Dataset[ChangeSample]):
    """The pairs of a data set as a recipe changes them, by (epoch, index): no state that workers would share."""

    def __init__(self, dataset: ChangeDataset, *, augmentation: str, crop: int | None, seed: int) -> None:
        self.dataset, self.crop, self.seed = dataset, crop, seed
        self.augmentation = AUGMENTERS[augmentation]

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: tuple[int, int]) -> ChangeSample:
        return self._changed(self.dataset[key[1]], key)

    def several(self, keys: Sequence[tuple[int, int]]) -> list[ChangeSample]:
        """The same, in the order of `keys`, in less time."""
        samples: list[ChangeSample] = []
        for start in range(0, len(keys), READ_AT_ONCE):
            some = keys[start : start + READ_AT_ONCE]
            read = [self.dataset[index] for _, index in some]
            samples.extend(map(self._changed, read, some))
        return samples

    def _changed(self, sample: ChangeSample, key: tuple[int, int]) -> ChangeSample:
        rng = sample_generator(self.seed, *key)
        return augmented(sample, rng, self.augmentation, crop=self.crop, value_range=self.dataset.value_range)


class PairLoader(DataLoader[Any], Generic[Made]):
    """Batches, or what was made of them; each `iter` is the next epoch.

    DataError, in one line and in this process, where a worker met a pair that cannot be read or stacked;
    MineNetCDError where it met another error, or ended. Then no worker goes on.
    """

    def __iter__(self) -> Iterator[Made]:  # type: ignore[override]  # torch names its own iterator's class
        try:
            batches = super().__iter__()
        except (pickle.PicklingError, AttributeError, TypeError) as error:  # where processes are not forked
            reason = one_line(error)
            raise DataError(
                f"Processes that read images need a data set they can be handed, this one is none ({reason}): define "
                "its class at the top of a module, or read in this process (data.workers=0)."
            ) from error
        try:
            for batch in batches:
                if isinstance(batch, _Refusal):
                    raise DataError(batch.reason)
                yield batch
        except Exception as error:  # what is in a data set is not ours, nor is what torch makes of its errors
            # Else the processes would go on as long as somebody keeps the error, whose frames lead to them.
            clear_frames(error.__traceback__)
            self._iterator = None
            del batches
            if str(error).startswith("DataLoader worker (pid"):
                raise MineNetCDError(
                    f"A process that reads images ended by itself ({str(error).splitlines()[0]}): use fewer workers or "
                    "smaller batches, and in a container give it more shared memory."
                ) from error
            if "in DataLoader worker process" in str(error):
                raise MineNetCDError(
                    f"A process that reads images met an error ({_cause(error)}): mend the data set, or read in this "
                    "process (data.workers=0) to see where it is."
                ) from error
            raise


def make_loader(
    dataset: ChangeDataset,
    *,
    batch_size: int,
    workers: int,
    seed: int,
    augmentation: str = "none",
    crop: int | None = None,
    shuffle: bool = False,
    changed: Sequence[bool] | NDArray[np.bool_] | None = None,
    drop_last: bool = False,
    start: tuple[int, int] = (0, 0),
    rank: int = 0,
    world_size: int = 1,
    device: str | torch.device | None = None,
) -> PairLoader[ChangeBatch]:
    """A loader of `dataset` whose batches are fixed by `seed`, whatever `workers` and `world_size` are.

    `batch_size` counts the samples of all `world_size` processes together; this one, `rank`, gets its share of
    each (see SharedBatches). With `changed`, pairs come as BalancedSampler draws them. `start` is (epoch, pairs of it
    already used) and resumes in the middle of an epoch. `crop` is the side of a random window [pixels]; pairs smaller
    than it are refused, not padded, since padding would be neither image nor label. Batches lie in page-locked memory
    where `device` is a CUDA device. Raises UnknownNameError, or OptionError for numbers that do not fit.
    """
    if drop_last and len(dataset) < batch_size:
        raise OptionError(f"A batch needs {batch_size} pairs, the data set has {len(dataset)}: lower batch_size.")
    epoch, position = start
    order = EpochSampler(len(dataset), seed=seed, shuffle=shuffle, start_epoch=epoch, start_position=position)
    if changed is not None:
        order = BalancedSampler(changed, seed=seed, start_epoch=epoch, start_position=position)
    pairs = AugmentedPairs(dataset, augmentation=augmentation, crop=crop, seed=seed)
    batches = _Batches(pairs, stack=_stack_for(device))
    shared = SharedBatches(order, batch_size=batch_size, drop_last=drop_last, rank=rank, world_size=world_size)
    return _in_processes(batches, shared, workers=workers, seed=seed, device=device)


def make_ordered_loader(
    dataset: ChangeDataset,
    *,
    batch_size: int,
    workers: int,
    rank: int = 0,
    world_size: int = 1,
    device: str | torch.device | None = None,
) -> PairLoader[list[ChangeBatch]]:
    """`dataset` in its order, unchanged: of each `batch_size` pairs the batches that `group_pairs` makes of them.

    `batch_size`, `rank`, `world_size` and `device` as in `make_loader`.
    """
    pairs = AugmentedPairs(dataset, augmentation="none", crop=None, seed=0)
    order = EpochSampler(len(dataset), seed=0, shuffle=False)
    shared = SharedBatches(order, batch_size=batch_size, rank=rank, world_size=world_size)
    batches = _Batches(pairs, stack=partial(group_pairs, stack=_stack_for(device)))
    return _in_processes(batches, shared, workers=workers, seed=0, device=device)


def make_mapped_loader(
    dataset: ChangeDataset,
    work: Callable[[ChangeBatch], Made],
    *,
    batch_size: int,
    workers: int,
    rank: int = 0,
    world_size: int = 1,
) -> PairLoader[Made]:
    """What `work` makes of each batch of `dataset`, in its order, done by the processes that read.

    `batch_size`, `rank` and `world_size` as in `make_loader`; `work` can be pickled.
    """
    batches = _Batches(AugmentedPairs(dataset, augmentation="none", crop=None, seed=0), work)
    order = EpochSampler(len(dataset), seed=0, shuffle=False)
    shared = SharedBatches(order, batch_size=batch_size, rank=rank, world_size=world_size)
    return _in_processes(batches, shared, workers=workers, seed=0)


def _in_processes(
    batches: "_Batches", shared: SharedBatches, *, workers: int, seed: int, device: str | torch.device | None = None
) -> PairLoader[Any]:
    return PairLoader(
        batches,
        sampler=shared,
        batch_size=None,  # an item of _Batches is a batch
        collate_fn=_unchanged,
        num_workers=workers,
        worker_init_fn=_prepare_worker,
        persistent_workers=workers > 0,
        prefetch_factor=READY_BATCHES if workers else None,
        pin_memory=device is not None and torch.device(device).type == "cuda",
        generator=torch.Generator().manual_seed(seed),  # or DataLoader draws from the one that dropout uses
    )


def _stack_for(device: str | torch.device | None) -> Stack:
    """How batches for `device` are stacked: in memory that is filled again where nobody can still be reading it."""
    if device is not None and torch.device(device).type not in _DONE_WITH_MEMORY:
        return stack_pairs
    return partial(_stack_or_hand_over, ReusedMemory(2 * READY_BATCHES))


def _stack_or_hand_over(memory: ReusedMemory, samples: Sequence[ChangeSample]) -> ChangeBatch | HandedOver:
    if get_worker_info() is None:
        return stack_pairs(samples)
    return memory.stacked(_parts(samples), [sample.name for sample in samples])


def stack_pairs(samples: Sequence[ChangeSample]) -> ChangeBatch:
    """One batch of `samples`, in memory that processes share when called in a worker.

    DataError names two samples that differ in size, bands or number type.
    """
    before, after, mask = map(default_collate, _parts(samples))
    return ChangeBatch(before, after, mask, [sample.name for sample in samples])


def _parts(samples: Sequence[ChangeSample]) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Before, after and mask of all `samples`; DataError as `stack_pairs`."""
    first = samples[0]
    for other in samples[1:]:
        if other.before.shape != first.before.shape:
            raise DataError(
                f"A batch needs pairs of one size, {first.name!r} has {_size(first.before)} and {other.name!r} "
                f"{_size(other.before)}: choose a crop that fits into all of them, or a batch size of 1."
            )
        own, others = ({_type(one.before), _type(one.after)} for one in (first, other))
        if own != others and "uint8" in own | others:  # they have no unit in common
            raise DataError(
                f"A batch needs pairs of 8 bits alone, or without any, {first.name!r} is {' and '.join(sorted(own))}, "
                f"{other.name!r} {' and '.join(sorted(others))}: bring the files to one type, or use a batch size of 1."
            )
    before, after = _of_one_type([sample.before for sample in samples], [sample.after for sample in samples])
    return before, after, [sample.mask for sample in samples]


def group_pairs(samples: Sequence[ChangeSample], *, stack: Stack = stack_pairs) -> list[Any]:
    """Batches of `samples`, in their order: neighbours that differ in size, bands or number type lie in two."""

    def kind(sample: ChangeSample) -> tuple[torch.Size, bool]:
        return sample.before.shape, "uint8" in {_type(sample.before), _type(sample.after)}

    return [stack(list(alike)) for _, alike in groupby(samples, kind)]


def _of_one_type(*dates: list[Tensor]) -> Iterator[list[Tensor]]:
    """The images of each date, all as float32 where those of one date differ in their number type."""
    differ = any(image.dtype != images[0].dtype for images in dates for image in images)
    return iter([[image.float() for image in images] if differ else images for images in dates])


@dataclass(frozen=True)
class _Refusal:
    """A DataError on its way from a worker: torch would make a page of traceback of the error itself."""

    reason: str


class _Batches(Dataset[Any]):
    """What `work` makes of whole batches, stacked by `stack`, by the keys of their samples."""

    def __init__(
        self,
        pairs: AugmentedPairs,
        work: Callable[[ChangeBatch], Any] | None = None,
        *,
        stack: Stack = stack_pairs,
    ) -> None:
        self.pairs, self.work, self.stack = pairs, work or _unchanged, stack

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, keys: list[Key]) -> Any:
        try:
            return self.work(self.stack(self.pairs.several(keys)))
        except MineNetCDError as error:
            return _Refusal(str(error))


def _cause(error: Exception) -> str:
    """Of an error that torch brought from a worker with its traceback: what stands below the last line of code."""
    return " ".join(str(error).rpartition("\n  ")[2].partition("\n")[2].split())


def _unchanged(batch: Any) -> Any:
    return batch


def _prepare_worker(worker: int) -> None:
    """One thread; and it ends when its parent does, whose request to save and end reaches the whole group."""
    end_with_parent()  # torch's own look-out takes 5 seconds, in which the next run finds the folder locked
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _type(image: Tensor) -> str:
    return str(image.dtype).removeprefix("torch.")


def _size(image: Tensor) -> str:
    bands, height, width = image.shape
    return f"{height} x {width} pixels, {bands} band{'s' if bands > 1 else ''}"
