"""Parquet files and what `datasets` saved, as data sets."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import datasets
from fixtures.drawn_sets import assert_pairs, refusal, write, write_folders, write_published
from fixtures.hub_data import drawn_pair, parquet
from minenetcd.datasets.catalog import list_splits, load_dataset
from minenetcd.errors import DataError


def test_parquet_files_in_the_published_layout(tmp_path: Path) -> None:
    root = write_published(tmp_path / "set")
    assert list_splits(root) == ("train", "val", "test")
    dataset = load_dataset(root, "train", cache_dir=tmp_path / "cache")
    assert_pairs(dataset, range(5))
    assert dataset.names == [f"patch_{seed}" for seed in range(5)] and dataset.places is None
    assert "has the splits train, val, test, not 'dev'" in refusal(root, "dev")


def test_one_parquet_file_with_names_places_and_a_column_split(tmp_path: Path) -> None:
    columns = {
        "name": ["c", "a", "b"], "site": ["s1", "s1", "s2"], "country": ["ZA", "ZA", "CL"],
        "before_date": ["2015-03-01"] * 3, "split": ["test", "train", "validation"],
    }  # fmt: skip
    path = write(tmp_path / "patches.parquet", parquet(range(3), **columns))
    assert list_splits(path) == ("train", "val", "test")
    dataset = load_dataset(path, "test", cache_dir=tmp_path / "cache")
    assert_pairs(dataset, [0])
    assert dataset.names == ["c"] and dataset.sites == ["s1"]
    assert dataset.places is not None
    assert dataset.places.to_dict("records") == [{"site": "s1", "country": "ZA", "before_date": "2015-03-01"}]
    assert load_dataset(path, "val", cache_dir=tmp_path / "cache").sites == ["s2"]
    with pytest.raises(DataError, match="is divided by a column: load it without"):
        load_dataset(path, "val", streaming=True)


def test_parquet_files_that_are_wrong(tmp_path: Path) -> None:
    write(tmp_path / "data/train-0.parquet", parquet(range(2), columns=("imageA", "imageC", "label")))
    assert "it lacks imageB (after) and has imageA, imageC, label: rename them." in refusal(tmp_path, "train")
    content = parquet(range(2))
    write(tmp_path / "data/train-0.parquet", content[:-200])
    assert "cannot be read as parquet" in refusal(tmp_path, "train")
    write(tmp_path / "data/train-0.parquet", content[:4] + bytes(100) + content[104:])
    message = refusal(tmp_path, "train")
    assert "cannot be prepared" in message and message.endswith("download or write them again.")
    write(tmp_path / "data/train-0.parquet", parquet(range(0)))
    assert "(train) needs pairs, its parquet files have no row" in refusal(tmp_path, "train")
    write(tmp_path / "data/train-1.parquet", content)  # one of several may be empty
    assert_pairs(load_dataset(tmp_path, "train", cache_dir=tmp_path / "cache"), range(2))


def test_parquet_files_may_name_images(tmp_path: Path) -> None:
    """As `to_parquet` of `datasets` writes them: the path of each image, and no bytes."""
    write_folders(tmp_path, range(3))
    features = datasets.Features({column: datasets.Image() for column in ("imageA", "imageB", "label")})
    columns = {c: [f"{d}/p{s}.png" for s in range(3)] for c, d in zip(features, ("A", "B", "label"), strict=True)}
    table = pa.table({c: [{"bytes": None, "path": p} for p in paths] for c, paths in columns.items()})
    pq.write_table(table, tmp_path / "table.parquet")
    dataset = load_dataset(tmp_path / "table.parquet", "all", cache_dir=tmp_path / "cache")
    assert_pairs(dataset, range(3))


@pytest.mark.parametrize("divided", [True, False])
def test_a_folder_that_datasets_saved(divided: bool, tmp_path: Path) -> None:
    features = datasets.Features({column: datasets.Image() for column in ("imageA", "imageB", "label")})

    def table(seeds: range) -> datasets.Dataset:
        pairs = [drawn_pair(seed) for seed in seeds]
        columns = {c: [Image.fromarray(p[i]) for p in pairs] for i, c in enumerate(features)}
        return datasets.Dataset.from_dict(columns, features=features)

    saved = datasets.DatasetDict({"train": table(range(2)), "validation": table(range(2, 4))}) if divided else None
    (saved or table(range(4)).select([3, 1])).save_to_disk(str(tmp_path / "set"))
    assert list_splits(tmp_path / "set") == (("train", "val") if divided else ("all",))
    assert_pairs(load_dataset(tmp_path / "set", "train"), range(2) if divided else [3, 1])
    if divided:
        assert_pairs(load_dataset(tmp_path / "set", "val"), range(2, 4))
        assert "has the splits train, val, not 'test'" in refusal(tmp_path / "set", "test")
        (tmp_path / "set/train/state.json").write_text("{")
        assert "state.json' needs to be JSON" in refusal(tmp_path / "set", "train")
