"""Data sets found by themselves: every layout, and every way in which one can be wrong."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from shapely.geometry import box
from torch.utils.data import DataLoader

import datasets
from fixtures.hub_data import drawn_pair, parquet, png, published_files
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.folder_layout import classify
from minenetcd.data.reading.mask_values import MaskValues
from minenetcd.datasets.catalog import list_splits, load_dataset
from minenetcd.errors import DataError, OptionError, UnknownNameError

ROLES = ("before", "after", "mask")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of parquet files that no cache_dir is named for."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def write_pair(root: Path, seed: int, paths: tuple[str, str, str], *, changed: int = 255) -> None:
    """Pair `seed` at three paths below `root`, each in the format of its ending."""
    for path, pixels in zip(paths, drawn_pair(seed, changed=changed), strict=True):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / path)


def write_folders(
    root: Path, seeds: range, folders: tuple[str, str, str] = ("A", "B", "label"), **options: int
) -> Path:
    for seed in seeds:
        write_pair(root, seed, tuple(f"{folder}/p{seed}.png" for folder in folders), **options)
    return root


def assert_pairs(dataset: ChangeDataset, seeds: list[int] | range) -> None:
    """That the data set holds the pairs drawn from `seeds`, in that order."""
    assert len(dataset) == len(seeds)
    for sample, seed, name in zip(dataset, seeds, dataset.names, strict=True):
        before, after, mask = drawn_pair(seed)
        np.testing.assert_array_equal(sample.before.permute(1, 2, 0).numpy(), before)
        np.testing.assert_array_equal(sample.after.permute(1, 2, 0).numpy(), after)
        np.testing.assert_array_equal(sample.mask.numpy(), mask > 0)
        assert sample.name == name and sample.mask.dtype == torch.uint8
    assert len(set(dataset.names)) == len(dataset)


FOLDERS = [
    ("A", "B", "label"), ("before", "after", "mask"), ("t1", "t2", "gt"), ("im1", "im2", "label"),
    ("T1", "T2", "GT"), ("imageA", "imageB", "labels"), ("time1", "time2", "label"),
]  # fmt: skip


@pytest.mark.parametrize("folders", FOLDERS, ids=lambda folders: folders[0])
@pytest.mark.parametrize("form", ["{role}/{name}", "{split}/{role}/{name}", "{role}/{split}/{name}"])
def test_image_folders_are_found(folders: tuple[str, str, str], form: str, tmp_path: Path) -> None:
    divided = "{split}" in form
    for split, seeds in (("train", range(3)), ("val", range(3, 5)), ("test", range(5, 6))):
        for seed in seeds if divided else ():
            write_pair(tmp_path, seed, tuple(form.format(role=r, split=split, name=f"p{seed}.png") for r in folders))
        if not divided:
            write_folders(tmp_path, seeds, folders)
    assert list_splits(tmp_path) == (("train", "val", "test") if divided else ("all",))
    assert_pairs(load_dataset(tmp_path, "train"), range(3 if divided else 6))
    if divided:
        assert_pairs(load_dataset(tmp_path, "val"), range(3, 5))
        assert_pairs(load_dataset(str(tmp_path), "test"), range(5, 6))


def test_endings_may_differ_and_splits_have_other_names(tmp_path: Path) -> None:
    write_pair(tmp_path, 0, ("Training/A/x.png", "Training/B/x.tif", "Training/label/x.tiff"))
    write_pair(tmp_path, 1, ("validation/A/y.TIF", "validation/B/y.png", "validation/label/y.png"))
    assert list_splits(tmp_path) == ("train", "val")
    assert_pairs(load_dataset(tmp_path, "train"), [0])
    assert_pairs(load_dataset(tmp_path, "val"), [1])


def test_pairs_in_folders_of_their_own(tmp_path: Path) -> None:
    write_pair(tmp_path, 0, ("mine_2/before.png", "mine_2/after.png", "mine_2/mask.png"))
    write_pair(tmp_path, 1, ("mine_1/A/x.png", "mine_1/B/x.png", "mine_1/label/x.png"))
    write_pair(tmp_path, 2, ("A/mine_3/x.png", "B/mine_3/x.png", "label/mine_3/x.png"))
    write(tmp_path / "mine_1/overview.png", png(drawn_pair(9)[0]))  # no role, no harm
    write(tmp_path / "A/.hidden.png", b"")
    dataset = load_dataset(tmp_path, "test")
    assert dataset.names == ["mine_1/x", "mine_2", "mine_3/x"]
    assert_pairs(dataset, [1, 0, 2])


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["train", "VAL", None]),
    st.sampled_from(["A", "before", "T1"]),
    st.lists(st.sampled_from(["site_1", "x", "2019", "north"]), max_size=2),
    st.sampled_from(["p.1.png", "q.jpg", "patch_3.tiff"]),
    st.randoms(use_true_random=False),
)
def test_role_and_split_are_found_in_any_order(
    split: str | None, role: str, others: list[str], name: str, rng: object
) -> None:
    folders = [*([split] if split else []), role]
    rng.shuffle(folders)
    path = "/".join([*folders, *others, name])
    assert classify(path) == (split and split.lower(), "before", "/".join([*others, name.rsplit(".", 1)[0]]))


@pytest.mark.parametrize("place", ["train.txt", "list/train.txt"])
@pytest.mark.parametrize("line", ["p{}.png", "p{}", "A/p{}.png", "A/p{}.png B/p{}.png label/p{}.png"])
def test_lists_divide_a_folder_and_keep_their_order(place: str, line: str, tmp_path: Path) -> None:
    write_folders(tmp_path, range(6))
    for split, seeds in (("train", [4, 0, 2]), ("test", [5])):
        text = "\n".join(line.replace("{}", str(seed)) for seed in seeds)
        write(tmp_path / place.replace("train", split), f"{text}\n\n".encode())
    assert list_splits(tmp_path) == ("train", "test")
    assert_pairs(load_dataset(tmp_path, "train"), [4, 0, 2])
    assert_pairs(load_dataset(tmp_path, "test"), [5])


def refusal(source: str | Path, split: str = "test") -> str:
    with pytest.raises(DataError) as caught:
        list(load_dataset(source, split))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_lists_that_are_wrong_are_told_of(tmp_path: Path) -> None:
    write_folders(tmp_path, range(2))
    write(tmp_path / "train.txt", b"p0.png\np7.png\n")
    write(tmp_path / "val.txt", b"\n")
    write(tmp_path / "test.txt", b"p1\np1.png\n")
    assert "train.txt names 1 that are not there, p7.png: correct the list." in refusal(tmp_path, "train")
    assert "val.txt names nothing" in refusal(tmp_path, "val")
    assert "test.txt names p1 more than once" in refusal(tmp_path, "test")


def test_an_undivided_folder_is_read_whole_but_never_chosen_on(tmp_path: Path) -> None:
    write_folders(tmp_path, range(3))
    for split in ("train", "test", "all"):
        assert_pairs(load_dataset(tmp_path, split), range(3))
        assert load_dataset(tmp_path, split).facts.split == "all"
    assert "is not divided into train, val and test" in refusal(tmp_path, "val")
    assert "has the one split all, not 'dev'" in refusal(tmp_path, "dev")


def test_unmatched_images_are_named(tmp_path: Path) -> None:
    write_folders(tmp_path, range(3))
    (tmp_path / "B/p1.png").unlink()
    message = refusal(tmp_path)
    assert "lacks 1 after image, those for A/p1.png: images of a pair need the same name" in message
    write(tmp_path / "B/p1.png", png(drawn_pair(1)[1]))
    for name in "abcdefg":
        write(tmp_path / f"label/{name}.png", b"")
    message = refusal(tmp_path)
    assert "lacks 7 before images, those for label/a.png, label/b.png" in message
    assert message.count("label/") == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda root: shutil.rmtree(root / "label"),
            "has no mask images: they need a folder called label, labels, mask",
        ),
        (lambda root: write(root / "A/p0.jpg", b""), "holds two before images of pair 'p0', A/p0.jpg and A/p0.png"),
        (lambda root: write(root / "mask/p0.png", b""), "holds two mask images of pair 'p0'"),
        (
            lambda root: write_folders(root / "train", range(1)),
            "images both in split folders (train) and outside of them",
        ),
    ],
)
def test_folders_that_cannot_be_understood(change: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    write_folders(tmp_path, range(2))
    change(tmp_path)
    assert message in refusal(tmp_path, "train")


def test_bands_that_are_not_there_are_told_of(tmp_path: Path) -> None:
    write_pair(tmp_path, 0, ("A/x.tif", "B/x.tif", "label/x.png"))
    with rasterio.open(tmp_path / "A/x.tif", "w", driver="GTiff", count=2, height=40, width=40, dtype="uint8") as file:
        file.write(np.ones((2, 40, 40), np.uint8))
    assert "A/x.tif cannot be used (three bands are needed, it has 2): name those to read" in refusal(tmp_path)
    assert "A/x.tif cannot be used (it has 2 bands, no band 3): name others" in refusal(f"{tmp_path}?bands=1,3")
    assert load_dataset(f"{tmp_path}?bands=2,1", "test")[0].before.shape == (2, 40, 40)


def test_a_folder_without_a_data_set_lists_what_is_understood(tmp_path: Path) -> None:
    write(tmp_path / "readme.md", b"nothing here")
    message = refusal(tmp_path)
    for layout in (
        "A, B, label",
        "before, after, mask",
        "t1, t2, gt",
        "train.txt",
        "save_to_disk",
        "data/train-*.parquet",
    ):
        assert layout in message
    assert "There is no file or folder" in refusal(tmp_path / "more")
    assert "A data set is a folder or a table (.csv, .parquet, .geoparquet)" in refusal(tmp_path / "readme.md")


def test_images_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    root = write_folders(tmp_path, range(3))
    write(root / "A/p1.png", png(drawn_pair(1)[0])[:200])
    write(root / "B/p2.png", png(drawn_pair(2, side=30)[1]))
    dataset = load_dataset(root, "test")
    assert dataset[0].name == "p0"
    with pytest.raises(DataError, match=r"A/p1.png cannot be used \(the PNG ends too early\): replace it"):
        dataset[1]
    with pytest.raises(DataError, match=r"Pair 'p2' .* one size, got 40 x 40, 30 x 30, 40 x 40 pixels"):
        dataset[2]
    (root / "label/p0.png").unlink()
    with pytest.raises(DataError, match=r"label/p0.png cannot be used .*No such file"):
        dataset[0]
    with pytest.raises(IndexError):
        dataset[3]


@pytest.mark.parametrize("changed", [1, 7, 255])
def test_any_one_value_is_change(changed: int, tmp_path: Path) -> None:
    dataset = load_dataset(write_folders(tmp_path, range(2), changed=changed), "test")
    assert_pairs(dataset, range(2))
    assert dataset.mask_values == MaskValues(changed)


def test_255_beside_0_and_1_anywhere_in_the_set_is_not_labelled(tmp_path: Path) -> None:
    write_folders(tmp_path, range(2), changed=1)
    mask = np.zeros((40, 40), np.uint8)
    mask[:5] = 255
    write(tmp_path / "label/p0.png", png(mask))  # by itself it would be a change
    np.testing.assert_array_equal(load_dataset(tmp_path, "test")[0].mask.numpy(), mask)


def test_masks_of_several_values_are_refused_with_the_values(tmp_path: Path) -> None:
    write_folders(tmp_path, range(3))
    for seed in range(3):
        write(tmp_path / f"label/p{seed}.png", png(np.full((40, 40), seed, np.uint8)))
    assert "label/p0.png cannot be used (a mask needs 0 and one value for change" in refusal(tmp_path)
    assert "found 0, 1, 2): recode the masks, as PNG or TIFF." in refusal(tmp_path)
    masks = [sample.mask for sample in load_dataset(f"{tmp_path}?not_labelled=1", "test")]  # one can be left out
    assert [int(mask[0, 0]) for mask in masks] == [0, 255, 1]


def test_what_the_files_leave_open_can_follow_the_source(tmp_path: Path) -> None:
    write_folders(tmp_path, range(1))
    turned = load_dataset(f"{tmp_path}?bands=3,2,1", "test")[0]
    np.testing.assert_array_equal(turned.before.permute(1, 2, 0).numpy(), drawn_pair(0)[0][..., ::-1])
    none = load_dataset(f"{tmp_path}?not_labelled=255", "test")[0]
    assert set(none.mask.unique().tolist()) == {0, 255}
    for query, message in (
        ("bands=red", "bands after '[?]' needs numbers, got 'red'"),
        ("range=3", "range after '[?]' needs numbers"),
        ("colour=1", "takes bands, range, not_labelled, layout after '[?]', got 'colour'"),
    ):
        with pytest.raises(OptionError, match=message):
            load_dataset(f"{tmp_path}?{query}", "test")


def write_published(root: Path) -> Path:
    for name, content in published_files().items():
        write(root / name, content)
    return root


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
        assert "cannot be opened as a saved data set" in refusal(tmp_path / "set", "train")


def path_rows(root: Path, seeds: range) -> pd.DataFrame:
    for seed in seeds:
        write_pair(root, seed, (f"x/{seed}-b.png", f"y/{seed}-a.tif", f"z/{seed}-m.png"))
    rows = [{"before": f"x/{s}-b.png", "after": f"y/{s}-a.tif", "mask": str(root / f"z/{s}-m.png")} for s in seeds]
    return pd.DataFrame(rows)


def test_a_csv_of_paths(tmp_path: Path) -> None:
    rows = path_rows(tmp_path, range(4))
    rows.columns = ["Before", "After", "Mask"]
    rows["Split"] = ["test", "train", "test", "val"]
    rows["site"], rows["country"], rows["row"] = ["a", "b", "a", "c"], "PE", [0, 256, 512, 0]
    rows.to_csv(tmp_path / "pairs.csv", index=False)
    for source in (tmp_path / "pairs.csv", tmp_path):  # by itself, or as the only one of a folder
        assert list_splits(source) == ("train", "val", "test")
        dataset = load_dataset(source, "test")
        assert_pairs(dataset, [0, 2])
        assert dataset.names == ["0-b", "2-b"] and dataset.sites == ["a", "a"]
        assert dataset.places is not None and dataset.places["row"].tolist() == [0, 512]
        assert list(dataset.places.index) == [0, 1]


def test_a_geoparquet_of_paths_tells_bounds(tmp_path: Path) -> None:
    rows = path_rows(tmp_path, range(2)).assign(site=["a", "b"])
    footprints = [box(0, 10, 5, 20), box(5, 10, 10, 20)]
    gpd.GeoDataFrame(rows, geometry=footprints, crs="EPSG:32735").to_parquet(tmp_path / "pairs.geoparquet")
    dataset = load_dataset(tmp_path / "pairs.geoparquet", "all")
    assert_pairs(dataset, range(2))
    assert dataset.places is not None
    expected = {"site": "b", "crs": "EPSG:32735", "left": 5, "bottom": 10, "right": 10, "top": 20}
    assert dataset.places.iloc[1].to_dict() == expected
    rows.to_parquet(tmp_path / "plain.parquet")
    assert_pairs(load_dataset(tmp_path / "plain.parquet", "all"), range(2))


def test_tables_of_paths_that_are_wrong(tmp_path: Path) -> None:
    rows = path_rows(tmp_path, range(3))
    path = tmp_path / "pairs.csv"

    def message(changed: pd.DataFrame) -> str:
        changed.to_csv(path, index=False)
        return refusal(path, "train")

    assert "it lacks label (mask) and has before, after" in message(rows.drop(columns="mask"))
    assert "row 2 has an empty cell" in message(rows.assign(after=["y/0-a.tif", None, "y/2-a.tif"]))
    assert "it has no row" in message(rows[:0])
    missing = message(rows.assign(before=["x/0-b.png", "x/9-b.png", "x/2-b.png"]))
    assert "names 1 file that cannot be found, x/9-b.png: paths are relative to" in missing
    assert "needs train, val or test in its column split, got 'other'" in message(rows.assign(split="other"))
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as a table" in refusal(path, "train")


def test_the_fingerprint_is_of_the_content_not_of_its_place(tmp_path: Path) -> None:
    one, other = (write_folders(tmp_path / name, range(3)) for name in ("one", "other"))
    first = load_dataset(one, "test").facts.fingerprint
    assert load_dataset(other, "test").facts.fingerprint == first
    table = write(tmp_path / "p.parquet", parquet(range(3), name=["p0", "p1", "p2"]))
    assert load_dataset(table, "test", cache_dir=tmp_path / "cache").facts.fingerprint == first
    mask = drawn_pair(1)[2]
    write(other / "label/p1.png", png(255 - mask))
    assert load_dataset(other, "test").facts.fingerprint != first
    (one / "A/p2.png").rename(one / "A/p9.png"), (one / "B/p2.png").rename(one / "B/p9.png")
    (one / "label/p2.png").rename(one / "label/p9.png")
    assert load_dataset(one, "test").facts.fingerprint != first


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


@pytest.mark.parametrize(
    ("name", "count", "shape"),
    [
        ("levir_256", 11, (3, 256, 256)),
        ("sztaki_airchange", 7, (3, 640, 952)),
        ("minenetcd_figure", 1, (3, 423, 569)),
        ("oscd_geotiff?bands=3,2,1&range=0,3000", 2, (3, 395, 360)),
        ("oscd_geotiff", 2, (3, 395, 360)),
    ],
)
def test_real_folders(name: str, count: int, shape: tuple[int, ...], real_images: Path) -> None:
    dataset = load_dataset(f"{real_images}/{name}", "test")
    sample = dataset[0]
    assert len(dataset) == count and tuple(sample.before.shape) == tuple(sample.after.shape) == shape
    assert sample.before.dtype == torch.uint8 and set(sample.mask.unique().tolist()) == {0, 1}


def test_a_real_sparse_label(tmp_path: Path, real_images: Path) -> None:
    """Landsat, 6 bands, a label of 255 changed, 0 unchanged and 128 not interpreted, in a table of paths."""
    root = real_images / "landsat_taizhou"
    row = {
        role: str(root / folder / "taizhou.tif") for role, folder in zip(ROLES, ("A", "B", "label_sparse"), strict=True)
    }
    pd.DataFrame([row]).to_csv(tmp_path / "pairs.csv", index=False)
    sample = load_dataset(f"{tmp_path}?bands=3,2,1", "test")[0]  # 128 is declared as nodata
    assert set(sample.mask.unique().tolist()) == {0, 1, 255} and sample.before.shape == (3, 400, 400)


def test_a_layout_can_be_named(tmp_path: Path) -> None:
    write_folders(tmp_path, range(1))
    (tmp_path / "notes.csv").write_text("before,after,mask\n")  # a table that would be read in its place
    assert len(load_dataset(f"{tmp_path}?layout=images", "test")) == 1
    with pytest.raises(DataError, match="is not laid out as 'saved': leave layout out"):
        load_dataset(f"{tmp_path}?layout=saved", "test")
    with pytest.raises(UnknownNameError, match="no layout 'image': did you mean 'images'"):
        load_dataset(f"{tmp_path}?layout=image", "test")
