"""Data sets that others made: what lies outside of their folder, is no file, or is too large, is not opened."""

import json
import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import datasets
from fixtures.drawn_sets import assert_pairs, refusal, write_folders
from fixtures.hub_data import drawn_pair
from minenetcd.datasets.catalog import list_splits, load_dataset
from minenetcd.datasets.source import read_source
from minenetcd.errors import DataError, OptionError
from minenetcd.examining.audit import audit

PAIRS = range(4)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Four pairs in a folder, nothing wrong with them."""
    return write_folders(tmp_path / "set", PAIRS)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """An image that is none of the data set's."""
    path = tmp_path / "elsewhere" / "secret.png"
    path.parent.mkdir()
    Image.fromarray(drawn_pair(9)[0]).save(path)
    return path


def table_of(root: Path, **changed: str) -> Path:
    """A table of the pairs; `changed` is what the last row says of its parts."""
    rows = [{"before": f"A/p{n}.png", "after": f"B/p{n}.png", "mask": f"label/p{n}.png"} for n in PAIRS]
    rows[-1] |= changed
    pd.DataFrame(rows).to_csv(root / "pairs.csv", index=False)
    return root / "pairs.csv"


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0" * 64)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def the_refused(source: str | Path) -> str:
    """What an audit says of the one pair that it refuses; the others are read."""
    result = audit(source)
    details = [line for finding in result.findings for line in finding.details]
    counts = [counts for counts in result.splits.values() if counts.unusable_pairs]
    assert [(counts.pairs, counts.unusable_pairs) for counts in counts] == [(len(PAIRS), 1)]
    assert len(details) == 1 and "\n" not in details[0]
    return details[0]


def test_a_row_that_leads_out_of_the_folder_is_refused_and_is_one_finding(images: Path, secret: Path) -> None:
    for text in ("../elsewhere/secret.png", str(secret), "A/../../elsewhere/secret.png"):
        table = table_of(images, before=text)
        for source in (images, table):
            message = refusal(source)
            assert f"names 1 file outside of {images}, {text}" in message and "?outside=yes" in message
            assert f"{text} lies outside of {images}" in the_refused(source)
            sample = load_dataset(f"{source}?outside=yes", "test")[3]
            np.testing.assert_array_equal(sample.before.permute(1, 2, 0).numpy(), drawn_pair(9)[0])


def test_paths_that_stay_in_the_folder_are_read_however_they_are_written(images: Path) -> None:
    table = table_of(images, before=str(images / "A/p3.png"), after="A/../B/p3.png")
    assert_pairs(load_dataset(table, "test"), PAIRS)


def test_links_out_of_the_folder_are_refused_unless_they_are_asked_for(images: Path, secret: Path) -> None:
    (images / "A/p3.png").unlink()
    (images / "A/p3.png").symlink_to(secret)
    assert "outside" in refusal(images) and "?outside=yes" in refusal(images)
    assert f"A/p3.png lies outside of {images}" in the_refused(images)
    assert len(load_dataset(f"{images}?outside=yes", "test")) == len(PAIRS)
    (images / "A/p3.png").unlink()
    (images / "A/p3.png").symlink_to(images / "B/p3.png")  # stays inside
    assert len(load_dataset(images, "test")) == len(PAIRS)


def test_a_folder_that_is_a_link_is_the_folder(images: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(images)
    assert_pairs(load_dataset(tmp_path / "link", "test"), PAIRS)


def test_a_folder_in_the_cache_of_the_hub_links_to_its_store(images: Path, tmp_path: Path) -> None:
    store, snapshot = tmp_path / "repo/blobs", tmp_path / "repo/snapshots/0a1b"
    store.mkdir(parents=True)
    for number, file in enumerate(sorted(path for path in images.rglob("*.png"))):
        place = snapshot / file.relative_to(images)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, store / f"{number}")
        place.symlink_to(store / f"{number}")
    assert_pairs(load_dataset(snapshot, "test"), PAIRS)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "name"])
def test_what_is_no_file_is_not_opened(images: Path, kind: str) -> None:
    place = images / "A/p3.png"
    place.unlink()
    text = str(place.relative_to(images))
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        text = "/dev/zero" if kind == "device" else "x" * 5000
    table = table_of(images, before=text)
    assert "\n" not in refusal(table)
    words = {"pipe": "it is a pipe", "device": "it is a device", "folder": "it is a folder", "name": "too long"}
    assert words[kind] in the_refused(table)


def test_a_pipe_among_the_images_of_a_folder_is_one_finding(images: Path) -> None:
    (images / "B/p3.png").unlink()
    os.mkfifo(images / "B/p3.png")
    assert "it is a pipe" in refusal(images)
    assert "it is a pipe" in the_refused(images)


def test_folders_that_link_in_circles_end(images: Path) -> None:
    for name in ("round", "and", "about"):
        (images / "A" / name).symlink_to(images)
    assert_pairs(load_dataset(images, "test"), PAIRS)


def test_rows_without_a_path_are_findings(images: Path) -> None:
    for part in ("before", "after"):
        table = table_of(images, **{part: ""})
        assert "row 4 has an empty cell" in refusal(table)
        assert f"it has no {part} image" in the_refused(table)


@pytest.mark.parametrize("part", ["A", "label"])
def test_the_size_that_a_header_claims_is_checked_before_decoding(images: Path, part: str) -> None:
    (images / part / "p3.png").write_bytes(png_that_claims(60_000, 60_000))
    told = the_refused(images)
    assert "its header says 60,000 x 60,000 pixels, and at most 134,217,728 are read" in told
    assert "?pixels=3600000000" in told


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "BMP"])
def test_the_budget_of_pixels_is_adjusted_by_the_source(images: Path, format: str) -> None:
    picture = Image.fromarray(drawn_pair(3)[0])
    name = "p3.tif" if format == "TIFF" else "p3.png"
    (images / "A/p3.png").unlink()
    picture.save(images / "A" / name, format=format)
    assert len(list(load_dataset(f"{images}?pixels=1600", "test"))) == len(PAIRS)  # 40 x 40
    with pytest.raises(DataError, match=re.escape("40 x 40 pixels, and at most 1,599 are read")):
        load_dataset(f"{images}?pixels=1599", "test")[3]


def test_an_image_that_names_other_files_is_none(images: Path, secret: Path) -> None:
    document = (
        '<VRTDataset rasterXSize="40" rasterYSize="40"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>{secret}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    ).encode()
    for content in (document, b"\x89PNG\r\n\x1a\n" + document, b"BM" + document, b"%!PS-Adobe-3.0\n"):
        (images / "A/p3.png").write_bytes(content)
        for source in (images, f"{images}?bands=1,2,3"):
            assert "it is no image that can be read" in the_refused(source)


def test_what_lies_beside_a_tiff_is_checked_too(images: Path) -> None:
    (images / "A/p3.png").unlink()
    Image.fromarray(drawn_pair(3)[0]).save(images / "A/p3.tif")
    os.mkfifo(images / "A/p3.tif.msk")
    assert "p3.tif.msk cannot" in the_refused(images) or "it is a pipe" in the_refused(images)
    (images / "A/p3.tif.msk").unlink()
    (images / "A/p3.tif.msk").write_text("<VRTDataset/>")
    assert "p3.tif.msk is no TIFF" in the_refused(images)


def cells(root: Path, column: list[object]) -> Path:
    """A parquet file whose images are bytes, but for those of the column imageA."""

    def content(path: Path) -> dict[str, object]:
        return {"bytes": path.read_bytes(), "path": None}

    rows = {"imageA": column, "imageB": [content(root / f"B/p{n}.png") for n in PAIRS]}
    rows["label"] = [content(root / f"label/p{n}.png") for n in PAIRS]
    (root / "table").mkdir()
    pq.write_table(pa.table(rows), root / "table/train-00000-of-00001.parquet")
    return root / "table"


def test_images_that_a_parquet_file_names_lie_beside_it(images: Path, secret: Path) -> None:
    column: list[object] = [{"bytes": (images / f"A/p{n}.png").read_bytes(), "path": None} for n in PAIRS]
    column[3] = {"bytes": None, "path": str(secret)}
    folder = cells(images, column)
    assert f"{secret} lies outside of {folder}" in the_refused(folder)
    assert len(list(load_dataset(f"{folder}?outside=yes", "train"))) == len(PAIRS)


def test_a_parquet_file_that_is_a_link_out_of_its_folder_is_refused(images: Path, tmp_path: Path) -> None:
    folder = cells(images, [{"bytes": (images / f"A/p{n}.png").read_bytes(), "path": None} for n in PAIRS])
    file = next(folder.iterdir())
    os.replace(file, tmp_path / "outside.parquet")
    file.symlink_to(tmp_path / "outside.parquet")
    assert "it lies outside of the folder" in refusal(folder, "train")
    with pytest.raises(DataError, match="it lies outside"):
        load_dataset(folder, "train", streaming=True)
    assert len(load_dataset(f"{folder}?outside=yes", "train")) == len(PAIRS)


def test_a_saved_data_set_names_files_in_its_folder_alone(images: Path, tmp_path: Path) -> None:
    rows = [{"before": (images / f"A/p{n}.png").read_bytes(), "after": (images / f"B/p{n}.png").read_bytes(),
             "mask": (images / f"label/p{n}.png").read_bytes()} for n in PAIRS]  # fmt: skip
    saved = tmp_path / "saved"
    datasets.Dataset.from_list(rows).save_to_disk(str(saved))
    assert len(list(load_dataset(saved, "test"))) == len(PAIRS)
    state = json.loads((saved / "state.json").read_text())
    arrow = saved / state["_data_files"][0]["filename"]
    os.replace(arrow, tmp_path / "outside.arrow")
    state["_data_files"][0]["filename"] = "../outside.arrow"
    (saved / "state.json").write_text(json.dumps(state))
    assert "it lies outside of the folder" in refusal(saved)


def test_lists_and_tables_that_are_no_text_are_told_in_a_line(images: Path, tmp_path: Path) -> None:
    (images / "train.txt").write_bytes(b"p0\n\xff\xfe\xfa\n")
    assert "UTF-8" in refusal(images, "train")
    assert list_splits(images) == ("train",)
    assert "it is a device" in refusal("/dev/zero", "test")
    os.mkfifo(tmp_path / "pairs.csv")
    assert "it is a pipe" in refusal(tmp_path / "pairs.csv", "test")
    with pytest.raises(DataError, match="no file or folder"):
        load_dataset("/" + "x" * 5000, "test")


def test_an_archive_is_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    assert "A data set is a folder or a table" in refusal(tmp_path / "set.zip")


def test_options_of_the_door_are_read() -> None:
    for query, message in (
        ("pixels=0", "need to be 1 or more, got 0"),
        ("pixels=many", "pixels after '[?]' needs numbers"),
        ("outside=perhaps", "outside after '[?]' needs yes or no, got 'perhaps'"),
    ):
        with pytest.raises(OptionError, match=message):
            read_source(f"owner/x?{query}")


def test_a_relative_name_means_another_folder_once_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("here", "there"):
        write_folders(tmp_path / place / "set", PAIRS)
        monkeypatch.chdir(tmp_path / place)
        assert_pairs(load_dataset("set", "test"), PAIRS)
