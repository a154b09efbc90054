"""Pairs read by other processes, and streamed."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from fixtures.drawn_sets import write, write_folders, write_published
from fixtures.hub_data import drawn_pair, parquet
from minenetcd.datasets.catalog import load_dataset
from minenetcd.errors import DataError


@pytest.mark.slow
@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("kind", ["folder", "parquet"])
def test_workers_read_the_same_pairs(kind: str, start: str, tmp_path: Path) -> None:
    if kind == "folder":
        dataset = load_dataset(write_folders(tmp_path, range(4)), "train")
    else:
        path = write(tmp_path / "p.parquet", parquet(range(4)))
        dataset = load_dataset(path, "train", cache_dir=tmp_path / "cache")
    assert len(pickle.dumps(dataset)) < 20_000
    loader = DataLoader(dataset, batch_size=None, num_workers=1, multiprocessing_context=start)
    for mine, theirs in zip(dataset, loader, strict=True):
        assert mine.name == theirs.name
        assert all(torch.equal(a, b) for a, b in zip(mine[:3], theirs[:3], strict=True))


def test_a_local_stream_is_shared_among_workers_and_shuffled_by_epoch(tmp_path: Path) -> None:
    root = write_published(tmp_path)
    stream = load_dataset(root, "train", streaming=True)
    names = [sample.name for sample in stream]
    assert names == [f"patch_{seed}" for seed in range(5)]
    shared = DataLoader(stream, batch_size=None, num_workers=2)
    assert sorted(sample.name for sample in shared) == names
    shuffled = stream.shuffled(seed=1, buffer=4)
    orders = []
    for epoch in (0, 1, 0):
        shuffled.set_epoch(epoch)
        orders.append([sample.name for sample in shuffled])
    assert orders[0] == orders[2] != orders[1] and sorted(orders[0]) == sorted(orders[1]) == names
    assert_pairs_equal = dict(zip(names, stream, strict=True))
    assert torch.equal(assert_pairs_equal["patch_2"].mask, torch.from_numpy((drawn_pair(2)[2] > 0).astype(np.uint8)))


def test_only_parquet_is_streamed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Streaming reads parquet files"):
        load_dataset(write_folders(tmp_path, range(2)), "train", streaming=True)
