"""Memory of batches is filled again, never while somebody holds a part of one, and is gone with its processes."""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.data.loading import READY_BATCHES, AugmentedPairs, PairLoader, make_loader
from minenetcd.types import ChangeBatch, ChangeSample

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /dev/shm")


class Drawn(ChangeDataset):
    """Pairs of an odd size drawn from their index, in one number type."""

    def __init__(self, count: int, dtype: torch.dtype = torch.uint8) -> None:
        self.facts, self.dtype = DatasetFacts("drawn", "train", "0"), dtype
        self.names = [str(index) for index in range(count)]

    def __getitem__(self, index: int) -> ChangeSample:
        pixels = torch.from_numpy(np.random.default_rng(index).integers(0, 256, (7, 33, 35), dtype=np.uint8))
        return ChangeSample(pixels[:3].to(self.dtype), pixels[3:6].to(self.dtype), pixels[6] % 2, self.names[index])


def loader(pairs: ChangeDataset, *, workers: int, **options: bool) -> PairLoader[ChangeBatch]:
    return make_loader(pairs, batch_size=2, workers=workers, seed=0, shuffle=True, **options)


def same(one: ChangeBatch, other: ChangeBatch) -> bool:
    return one.names == other.names and all(
        a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(one[:3], other[:3], strict=True)
    )


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.float64])
def test_batches_that_are_collected_stay_as_they_came(dtype: torch.dtype) -> None:
    pairs = Drawn(2 * 2 * READY_BATCHES + 13, dtype)  # more batches than memory is kept for, the last one smaller
    alone, passed = loader(pairs, workers=0), loader(pairs, workers=1)
    collected = [list(passed), list(passed)]
    for epoch in collected:
        assert all(same(one, other) for one, other in zip(alone, epoch, strict=True))


def test_a_part_of_a_batch_keeps_its_memory() -> None:
    pairs = Drawn(40)
    passed, kept = loader(pairs, workers=1), []
    for epoch in range(3):
        for number, batch in enumerate(passed):
            if number == epoch:
                kept.append((batch.after[1, :, 3:9], batch.after[1, :, 3:9].clone()))
            del batch
    assert all(torch.equal(part, copy) for part, copy in kept)


def mapped(process: int | str) -> set[str]:
    """Shared memory of torch that a process holds, by inode; "(deleted)" stands after what has no name."""
    lines = [line.split() for line in Path(f"/proc/{process}/maps").read_text().splitlines()]
    return {line[4] for line in lines if line[5:6] and "torch_" in line[5] and line[-1] == "(deleted)"}


def named(*processes: int) -> list[str]:
    """What lies in /dev/shm under the names that torch gives to memory of these processes."""
    return [
        file.name
        for file in Path("/dev/shm").iterdir()
        if file.name.startswith(tuple(f"torch_{p}_" for p in processes))
    ]


@linux
def test_memory_is_filled_again_and_has_no_name() -> None:
    before = mapped("self")
    passed = loader(Drawn(120), workers=1)
    for batch in passed:
        del batch
    worker = passed._iterator._workers[0].pid
    assert 0 < len(mapped(worker) - before) <= READY_BATCHES + 2 < len(passed)
    assert not named(os.getpid(), worker)


@linux
def test_an_iterator_that_is_abandoned_leaves_nothing() -> None:
    gc.collect()
    before = mapped("self")
    passed = loader(Drawn(40), workers=2)
    batch = next(iter(passed))
    workers = [process.pid for process in passed._iterator._workers]
    assert mapped("self") - before
    del batch, passed
    gc.collect()
    assert mapped("self") <= before and not named(os.getpid(), *workers)


SCRIPT = """
import os, signal, sys
from test_handing_over import Drawn, loader
passed = loader(Drawn(40), workers=2)
batch = next(iter(passed))
print(os.getpid(), *(process.pid for process in passed._iterator._workers), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@linux
def test_a_run_that_is_killed_leaves_nothing() -> None:
    # in a process of its own, which imports torch, hence takes more than a second
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == -signal.SIGKILL, done.stderr
    parent, *workers = map(int, done.stdout.split())
    until = time.monotonic() + 10
    while any(Path(f"/proc/{worker}/maps").exists() and mapped(worker) for worker in workers):
        assert time.monotonic() < until, "a worker outlives its parent and holds memory"
        time.sleep(0.01)
    assert not named(parent, *workers)


def test_pairs_of_a_batch_are_those_read_one_by_one() -> None:
    pairs = AugmentedPairs(Drawn(40), augmentation="strong", crop=24, seed=1)
    keys = [(1, index) for index in range(40)]
    for one, other in zip(pairs.several(keys), (pairs[key] for key in keys), strict=True):
        assert one.name == other.name and all(map(torch.equal, one[:3], other[:3]))
