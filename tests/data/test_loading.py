import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.data.loading import AugmentedPairs, make_loader, make_ordered_loader, stack_pairs
from minenetcd.data.sampling import EpochSampler, Key, SharedBatches
from minenetcd.datasets.catalog import load_dataset
from minenetcd.errors import DataError, MineNetCDError, OptionError, UnknownNameError
from minenetcd.types import ChangeBatch, ChangeSample

LENGTHS = st.integers(1, 40)
SEEDS = st.integers(0, 2**31)


class Drawn(ChangeDataset):
    """Pairs drawn from their index, `sizes` pixels on a side; a size of 0 stands for a file that cannot be read."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.facts, self.sizes = DatasetFacts("drawn", "train", "0"), sizes
        self.names = [f"pair-{index}" for index in range(len(sizes))]

    def __getitem__(self, index: int) -> ChangeSample:
        side = self.sizes[index]
        if side == 0:
            raise DataError(f"{self.names[index]} cannot be read: replace the file.")
        rng = np.random.default_rng(index)
        pixels = torch.from_numpy(rng.integers(0, 256, (side, side, 6), dtype=np.uint8)).permute(2, 0, 1)
        mask = torch.from_numpy(rng.integers(0, 2, (side, side), dtype=np.uint8))
        return ChangeSample(pixels[:3], pixels[3:], mask, self.names[index])


def same(one: Sequence[ChangeBatch | ChangeSample], two: Sequence[ChangeBatch | ChangeSample]) -> bool:
    return len(one) == len(two) and all(
        a[3] == b[3] and all(torch.equal(x, y) for x, y in zip(a[:3], b[:3], strict=True))
        for a, b in zip(one, two, strict=True)
    )


def two_epochs(**options) -> list[ChangeBatch]:
    chosen = {"batch_size": 4, "workers": 0, "seed": 3, "augmentation": "strong", "crop": 24, "shuffle": True}
    loader = make_loader(Drawn([32] * 11), **{**chosen, **options})
    return [batch for _ in range(2) for batch in loader]


def test_batches_are_the_same_whatever_the_number_of_workers() -> None:
    alone = two_epochs()
    assert same(alone, two_epochs(workers=1)) and same(alone, two_epochs(workers=2))
    assert not same(alone, two_epochs(seed=4))
    assert not same(alone[:3], alone[3:])  # the second epoch has another order and other changes


def test_a_batch_is_uint8_with_its_names() -> None:
    batch = two_epochs()[0]
    assert batch.before.shape == batch.after.shape == (4, 3, 24, 24) and batch.mask.shape == (4, 24, 24)
    assert {part.dtype for part in batch[:3]} == {torch.uint8}
    assert isinstance(batch.names, list) and set(batch.names) <= set(Drawn([32] * 11).names)


def test_files_come_through_workers_as_they_were_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    written = {kind: rng.integers(0, 256, (5, 40, 44, 3), dtype=np.uint8) for kind in ("A", "B")}
    written["label"] = 255 * rng.integers(0, 2, (5, 40, 44), dtype=np.uint8)
    for kind, images in written.items():
        (tmp_path / "train" / kind).mkdir(parents=True)
        for number, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / "train" / kind / f"tile-{number}.png")
    batches = list(make_loader(load_dataset(tmp_path, "train"), batch_size=2, workers=2, seed=0))
    assert [len(batch.names) for batch in batches] == [2, 2, 1]
    before, after, mask = (torch.cat(parts) for parts in list(zip(*batches, strict=True))[:3])
    assert np.array_equal(before.permute(0, 2, 3, 1).numpy(), written["A"])
    assert np.array_equal(after.permute(0, 2, 3, 1).numpy(), written["B"])
    assert np.array_equal(mask.numpy(), written["label"] // 255)


def test_without_augmentation_pairs_come_as_they_are_and_in_order() -> None:
    pairs = Drawn([32] * 5)
    batches = list(make_loader(pairs, batch_size=2, workers=0, seed=0))
    assert same(batches, [stack_pairs([pairs[i] for i in part]) for part in ((0, 1), (2, 3), (4,))])


@pytest.mark.parametrize("workers", [0, 2])
def test_training_goes_on_in_the_middle_of_an_epoch(workers: int) -> None:
    whole = two_epochs()
    assert same(whole[1:], two_epochs(start=(0, 4), workers=workers)[:5])
    assert same(whole[5:], two_epochs(start=(1, 8), workers=workers)[:1])


def test_loading_leaves_the_generator_of_dropout_alone() -> None:
    states = []
    for workers in (0, 1):
        torch.manual_seed(0)
        two_epochs(workers=workers)
        states.append(torch.get_rng_state())
    torch.manual_seed(0)
    assert all(torch.equal(state, torch.get_rng_state()) for state in states)


@pytest.mark.parametrize("workers", [0, 1])
def test_pairs_of_several_sizes_come_in_order_alike_ones_together(workers: int) -> None:
    pairs = Drawn([32, 32, 48, 48, 48, 32, 32])
    read = list(make_ordered_loader(pairs, batch_size=4, workers=workers))
    assert [[tuple(batch.names) for batch in batches] for batches in read] == [
        [("pair-0", "pair-1"), ("pair-2", "pair-3")],
        [("pair-4",), ("pair-5", "pair-6")],
    ]
    assert read[0][1].before.shape == (2, 3, 48, 48)


def test_processes_share_each_batch() -> None:
    whole = two_epochs()
    parts = [two_epochs(rank=rank, world_size=3) for rank in range(3)]
    for epoch in range(2):
        for number in range(3):  # 4 + 4 + 3 samples: every process has a part of each batch
            place = 3 * epoch + number
            batch, shares = whole[place], [part[place] for part in parts]
            for rank, share in enumerate(shares):
                assert share.names == batch.names[rank::3] and torch.equal(share.after, batch.after[rank::3])


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 9), st.integers(1, 4), st.booleans(), st.booleans(), SEEDS)
def test_no_pair_is_lost_or_comes_twice(
    length: int, batch: int, processes: int, shuffle: bool, drop_last: bool, seed: int
) -> None:
    batch = max(batch, processes)
    shares = [
        list(
            SharedBatches(
                EpochSampler(length, seed=seed, shuffle=shuffle, start_epoch=7),
                batch_size=batch,
                drop_last=drop_last,
                rank=rank,
                world_size=processes,
            )
        )
        for rank in range(processes)
    ]
    seen = [key for share in shares for part in share for key in part]
    count = length - length % batch if drop_last else length
    assert len(seen) == len(set(seen)) == count and {key.epoch for key in seen} <= {7}
    assert all(part for share in shares for part in share)
    if not drop_last:
        assert {key.pair for key in seen} == set(range(length))


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 9), st.integers(1, 4), st.booleans())
def test_the_length_is_the_number_of_batches(length: int, batch: int, processes: int, drop_last: bool) -> None:
    batch = max(batch, processes)
    for rank in range(processes):
        order = EpochSampler(length, seed=0, shuffle=True)
        shares = SharedBatches(order, batch_size=batch, drop_last=drop_last, rank=rank, world_size=processes)
        assert len(shares) == len(list(shares))


@settings(deadline=None)
@given(LENGTHS, st.data(), SEEDS)
def test_an_epoch_begun_in_the_middle_is_the_rest_of_the_whole(length: int, data: st.DataObject, seed: int) -> None:
    epoch, position = data.draw(st.integers(0, 5)), data.draw(st.integers(0, length))
    whole = EpochSampler(length, seed=seed, shuffle=True)
    run = [list(whole) for _ in range(epoch + 2)]
    late = EpochSampler(length, seed=seed, shuffle=True, start_epoch=epoch, start_position=position)
    assert list(late) == run[epoch][position:] and list(late) == run[epoch + 1]
    assert sorted(key.pair for key in run[epoch]) == list(range(length)) and run[epoch][0].epoch == epoch


def test_iterators_that_are_never_asked_move_nothing() -> None:
    sampler = EpochSampler(3, seed=0, shuffle=False)
    iter(sampler)
    assert next(iter(sampler)) == Key(0, 0) and next(iter(sampler)) == Key(1, 0)


def test_a_pair_depends_on_its_epoch_and_index_alone() -> None:
    pairs = AugmentedPairs(Drawn([32] * 4), augmentation="strong", crop=24, seed=1)
    first, again, later = pairs[Key(0, 2)], pairs[0, 2], pairs[1, 2]
    assert same([first], [again]) and not same([first], [later]) and len(pairs) == 4


@pytest.mark.parametrize("workers", [0, 1])
def test_errors_come_in_one_line_from_wherever_they_arose(workers: int) -> None:
    def load(sizes: list[int], **options) -> None:
        list(make_loader(Drawn(sizes), batch_size=2, workers=workers, seed=0, **options))

    with pytest.raises(DataError, match=r"^pair-1 cannot be read: replace the file\.$"):
        load([32, 0])
    with pytest.raises(
        DataError, match=r"^A batch needs pairs of one size, 'pair-0' has 32 x 32 .* choose a crop[^\n]*$"
    ):
        load([32, 40])
    with pytest.raises(DataError, match=r"^A crop of 36 x 36 pixels .* 'pair-0' has 32 x 32: choose [^\n]*$"):
        load([32, 40], crop=36)
    load([32, 40], crop=32)


def test_a_loader_goes_on_after_an_unreadable_pair() -> None:
    loader = make_loader(Drawn([0, 32, 32, 32]), batch_size=1, workers=1, seed=0)
    for _ in range(2):
        with pytest.raises(DataError, match="pair-0"):
            next(iter(loader))


class Deadly(Drawn):
    """Its reader is killed, as the system does where memory ends."""

    def __getitem__(self, index: int) -> ChangeSample:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_told_in_one_line() -> None:
    with pytest.raises(
        MineNetCDError, match=r"^A process that reads images ended by itself [^\n]*fewer workers[^\n]*$"
    ):
        list(make_loader(Deadly([32]), batch_size=1, workers=1, seed=0))


class Defect(Drawn):
    """Reading it meets an error nobody foresaw."""

    def __getitem__(self, index: int) -> ChangeSample:
        raise RuntimeError("the camera\nhas gone")


def test_an_error_in_a_worker_keeps_its_cause() -> None:
    message = r"^A process that reads images met an error \(RuntimeError: the camera has gone\): mend [^\n]*$"
    with pytest.raises(MineNetCDError, match=message):
        list(make_loader(Defect([32]), batch_size=1, workers=1, seed=0))


@pytest.mark.parametrize("refused", [Drawn([32, 0, 32, 32]), Defect([32] * 4)], ids=["unfit", "defect"])
def test_no_worker_goes_on_when_a_batch_was_refused(refused: Drawn) -> None:
    others = set(multiprocessing.active_children())
    with pytest.raises(MineNetCDError) as told:
        list(make_loader(refused, batch_size=1, workers=2, seed=0))
    assert told.value.__traceback__ is not None  # while somebody keeps the error
    assert set(multiprocessing.active_children()) <= others


def test_numbers_that_do_not_fit_are_refused() -> None:
    pairs = Drawn([32] * 3)
    for options, message in (
        ({"batch_size": 4, "drop_last": True}, "A batch needs 4 pairs, the data set has 3"),
        ({"batch_size": 2, "world_size": 3, "rank": 1}, "a sample for each of 3 processes, got batch_size 2"),
        ({"batch_size": 4, "world_size": 2, "rank": 2}, "Process 2 is none of 2"),
        ({"batch_size": 1, "start": (0, 4)}, "a position of 0 to 3 pairs in its epoch, got 4"),
    ):
        with pytest.raises(OptionError, match=message):
            make_loader(pairs, workers=0, seed=0, **options)
    with pytest.raises(UnknownNameError, match="There is no augmentation 'weak'"):
        make_loader(pairs, batch_size=1, workers=0, seed=0, augmentation="weak")
