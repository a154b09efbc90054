"""Folders of images found by themselves: every layout, and every way in which one can be wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fixtures.drawn_sets import assert_pairs, refusal, write, write_folders, write_pair
from fixtures.hub_data import drawn_pair, parquet, png
from minenetcd.data.reading.folder_layout import classify
from minenetcd.data.reading.mask_values import MaskValues
from minenetcd.data.reading.stored_pairs import PAIRS_ASKED, spread
from minenetcd.datasets.catalog import list_splits, load_dataset
from minenetcd.errors import DataError, OptionError, UnknownNameError

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
    assert "lacks 1 after image (for A/p1.png): images of a pair need the same name" in message
    write(tmp_path / "B/p1.png", png(drawn_pair(1)[1]))
    for name in "abcdefg":
        write(tmp_path / f"label/{name}.png", b"")
    message = refusal(tmp_path)
    assert "lacks 7 before images (for label/a.png, label/b.png" in message
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
    assert "needs as many bands on both dates, got 2 and 3: name those to read (bands)" in refusal(tmp_path)
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
    with pytest.raises(DataError, match=r"cannot be used .*there is no file label/p0.png"):
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
    assert "found 0, 1, 2): recode the masks, as PNG or TIFF, or say from which value on" in refusal(tmp_path)
    masks = [sample.mask for sample in load_dataset(f"{tmp_path}?not_labelled=1", "test")]  # one can be left out
    assert [int(mask[0, 0]) for mask in masks] == [0, 255, 1]


def test_what_the_files_leave_open_can_follow_the_source(tmp_path: Path) -> None:
    write_folders(tmp_path, range(1))
    turned = load_dataset(f"{tmp_path}?bands=3,2,1", "test")[0]
    np.testing.assert_array_equal(turned.before.permute(1, 2, 0).numpy(), drawn_pair(0)[0][..., ::-1])
    none = load_dataset(f"{tmp_path}?not_labelled=255", "test")[0]
    assert set(none.mask.unique().tolist()) == {0, 255}
    for query, message in (
        ("bands=4,,2", "bands after '[?]' needs numbers or names, got '4,,2'"),
        ("range=3", "range after '[?]' needs numbers"),
        ("range=9,3", "A value range needs a low and a higher value, both finite, got 9 to 3: correct it"),
        ("range=0,nan", "both finite, got 0 to nan"),
        (
            "colour=1",
            "takes bands, range, not_labelled, changed_from, pixels, layout, outside after '[?]', got 'colour'",
        ),
    ):
        with pytest.raises(OptionError, match=message):
            load_dataset(f"{tmp_path}?{query}", "test")


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


@pytest.mark.parametrize(
    ("name", "count", "shape"),
    [
        ("levir_256", 11, (3, 256, 256)),
        ("sztaki_airchange", 7, (3, 640, 952)),
        ("minenetcd_figure", 1, (3, 423, 569)),
        ("oscd_geotiff?bands=3,2,1&range=0,3000", 2, (3, 395, 360)),
        ("oscd_geotiff", 2, (4, 395, 360)),
    ],
)
def test_real_folders(name: str, count: int, shape: tuple[int, ...], real_images: Path) -> None:
    dataset = load_dataset(f"{real_images}/{name}", "test")
    sample = dataset[0]
    assert len(dataset) == count and tuple(sample.before.shape) == tuple(sample.after.shape) == shape
    assert sample.before.dtype == (torch.uint16 if "oscd" in name else torch.uint8)
    assert set(sample.mask.unique().tolist()) == {0, 1}


def test_a_layout_can_be_named(tmp_path: Path) -> None:
    write_folders(tmp_path, range(1))
    (tmp_path / "notes.csv").write_text("before,after,mask\n")  # a table that would be read in its place
    assert len(load_dataset(f"{tmp_path}?layout=images", "test")) == 1
    with pytest.raises(DataError, match="is not laid out as 'saved': leave layout out"):
        load_dataset(f"{tmp_path}?layout=saved", "test")
    with pytest.raises(UnknownNameError, match="no layout 'image': did you mean 'images'"):
        load_dataset(f"{tmp_path}?layout=image", "test")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["p{}.png", "mine {}.png", "mine {}"])
def test_lists_of_any_editor_are_read(encoding: str, name: str, tmp_path: Path) -> None:
    stem = name.removesuffix(".png")
    for seed in range(3):
        write_pair(tmp_path, seed, tuple(f"{role}/{stem.format(seed)}.png" for role in ("A", "B", "label")))
    lines = "".join(f"{name.format(seed)}\r\n" for seed in (2, 0))
    (tmp_path / "train.txt").write_bytes(lines.encode(encoding))
    assert_pairs(load_dataset(tmp_path, "train"), [2, 0])


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_folders(tmp_path, range(2))
    (tmp_path / "train.txt").write_bytes(b"p0\xe9.png\n")
    with pytest.raises(DataError, match=r"needs to be text in UTF-8 .*: save it as that"):
        load_dataset(tmp_path, "train")


@pytest.mark.parametrize(
    "form",
    [
        ("images/x_{}_pre_disaster.png", "images/x_{}_post_disaster.png", "targets/x_{}_post_disaster_target.png"),
        ("pre-event/x_{}_pre_disaster.tif", "post-event/x_{}_post_disaster.tif", "target/x_{}_building_damage.tif"),
    ],
    ids=["xView2", "BRIGHT"],
)
def test_images_named_for_a_disaster_are_pairs_and_damage_is_change(form: tuple[str, ...], tmp_path: Path) -> None:
    for seed in range(2):
        write_pair(tmp_path, seed, tuple(f"train/{name.format(seed)}" for name in form))
        damage = np.arange(5, dtype=np.uint8).repeat(8)[:, None].repeat(40, 1)
        path = tmp_path / "train" / form[2].format(seed)
        if path.suffix == ".png":
            write(path, png(damage))
            write(path.with_name(path.name.replace("post", "pre")), png(damage // 4))
        else:
            with rasterio.open(path, "w", driver="GTiff", height=40, width=40, count=1, dtype="uint8") as file:
                file.write(damage, 1)
    dataset = load_dataset(tmp_path, "train")
    assert dataset.names == ["x_0", "x_1"]
    np.testing.assert_array_equal(dataset[1].mask.numpy(), damage >= 2)
    levels = load_dataset(f"{tmp_path}?changed_from=4", "train")
    np.testing.assert_array_equal(levels[0].mask.numpy(), damage >= 4)


Named = tuple[str, ...] | None


def stored_in_order(root: Path, name: str, numbers: dict[str, tuple[int, ...]], names: dict[str, Named]) -> None:
    """A pair of TIFFs whose bands hold these numbers and are called so, in the folders A, B and label."""
    for folder, values in numbers.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        with rasterio.open(
            root / folder / f"{name}.tif", "w", driver="GTiff", height=8, width=8, count=len(values), dtype="uint8",
            photometric="MINISBLACK",
        ) as file:  # fmt: skip
            file.write(np.stack([np.full((8, 8), value, np.uint8) for value in values]))
            file.descriptions = names[folder] or [None] * len(values)
    (root / "label").mkdir(exist_ok=True)
    mask = np.zeros((8, 8), np.uint8)
    mask[:4] = 255
    Image.fromarray(mask).save(root / "label" / f"{name}.png")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("blue", "green", "red"), None, ([3, 2, 1], [3, 2, 1])),
        (None, ("blue", "green", "red"), ([3, 2, 1], [3, 2, 1])),
        (None, None, ([1, 2, 3], [1, 2, 3])),
        (("blue", "green", "red"), ("red", "green", "blue"), ([3, 2, 1], [1, 2, 3])),
        (("nir", "red", "green"), ("green", "nir", "red"), ([1, 2, 3], [2, 3, 1])),
        (("blue", "green", "red", "nir"), ("red", "green", "blue", "nir"), ([1, 2, 3, 4], [3, 2, 1, 4])),
        (("blue", "green", "red", "nir"), None, ([1, 2, 3, 4], [1, 2, 3, 4])),
    ],
)
def test_both_dates_of_a_pair_are_read_in_one_order(
    tmp_path: Path, before: Named, after: Named, expected: tuple[list[int], list[int]]
) -> None:
    numbers = tuple(range(1, len(before or after or "rgb") + 1))
    stored_in_order(tmp_path, "x", {"A": numbers, "B": numbers}, {"A": before, "B": after})
    pair = load_dataset(tmp_path, "all")[0]
    assert (pair.before[:, 0, 0].tolist(), pair.after[:, 0, 0].tolist()) == expected


def test_a_pair_whose_colours_stand_elsewhere_than_in_others_is_refused(tmp_path: Path) -> None:
    common, other = ("blue", "green", "red", "nir"), ("red", "green", "blue", "nir")
    asked = set(spread(12)[:PAIRS_ASKED])
    for index in range(12):
        names = common if index in asked else other
        stored_in_order(tmp_path, f"{index:02d}", dict.fromkeys("AB", (1, 2, 3, 4)), dict.fromkeys("AB", names))
    dataset = load_dataset(tmp_path, "all")
    assert dataset.colour_places is not None and dataset.colour_places.before == (2, 1, 0)
    for index in range(12):
        if index in asked:
            assert len(dataset[index].before) == 4
        else:
            with pytest.raises(OptionError, match=r"One order of red, green and blue .* \(\?bands=red,green,blue\)"):
                dataset[index]
    by_name = load_dataset(f"{tmp_path}?bands=red,green,blue", "all")
    assert {tuple(by_name[index].before[:, 0, 0].tolist()) for index in range(12)} == {(3, 2, 1), (1, 2, 3)}
