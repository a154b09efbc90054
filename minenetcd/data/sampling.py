"""Which pair comes when: the same in every run with a seed, whatever the number of workers and processes."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

from minenetcd.errors import OptionError


class Key(NamedTuple):
    """What a sample is made from: its pair and the epoch, which together with the seed fix its augmentation."""

    epoch: int
    pair: int


class EpochSampler(Sampler[Key]):
    """Every pair once per epoch; each `iter` begins the next epoch.

    The first begins at `start_epoch`, behind its first `start_position` pairs: there training goes on that was
    stopped after as many. `len` is that of a whole epoch. OptionError where the position is outside of it.
    """

    def __init__(self, length: int, *, seed: int, shuffle: bool, start_epoch: int = 0, start_position: int = 0) -> None:
        if not 0 <= start_position <= length:
            raise OptionError(
                f"A start needs a position of 0 to {length} pairs in its epoch, got {start_position}: begin at 0."
            )
        self.length, self.seed, self.shuffle = length, seed, shuffle
        self._next = Key(start_epoch, start_position)

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Key]:
        # a generator: nothing moves on before the first pair is asked for, and DataLoader makes iterators it never asks
        epoch, position = self._next
        self._next = Key(epoch + 1, 0)
        for index in self.order(epoch)[position:]:
            yield Key(epoch, index)

    def order(self, epoch: int) -> list[int]:
        """The pairs of `epoch` in the order they come."""
        if not self.shuffle:
            return list(range(self.length))
        stream = np.random.SeedSequence((self.seed, epoch), spawn_key=(1,))  # apart from the samples' own
        return np.random.default_rng(stream).permutation(self.length).tolist()


class SharedBatches(Sampler[list[Key]]):
    """This process's part of each batch: of `batch_size` samples over all processes, every `world_size`-th from `rank`.

    So batch g holds the same samples however many processes share it, none twice and none lost. Processes that a
    last, smaller batch has no sample for end one batch earlier: where they must stay in step, as in training, use
    `drop_last`. OptionError where a batch has no sample for each process, or `rank` is none of them.
    """

    def __init__(
        self, sampler: EpochSampler, *, batch_size: int, drop_last: bool = False, rank: int = 0, world_size: int = 1
    ) -> None:
        if not 0 <= rank < world_size:
            raise OptionError(f"Process {rank} is none of {world_size}: number them from 0.")
        if batch_size < world_size:
            raise OptionError(
                f"A batch needs a sample for each of {world_size} processes, got batch_size {batch_size}: raise it."
            )
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last
        self.rank, self.world_size = rank, world_size

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + (rest > self.rank and not self.drop_last)

    def __iter__(self) -> Iterator[list[Key]]:
        keys = iter(self.sampler)
        while batch := list(islice(keys, self.batch_size)):
            share = batch[self.rank :: self.world_size]
            if share and (len(batch) == self.batch_size or not self.drop_last):
                yield share
