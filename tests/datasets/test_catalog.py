"""The table of named data sets, and how a source is understood."""

from pathlib import Path

import pytest

from fixtures.hub_data import png
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.reading.stored_pairs import spread
from minenetcd.data.split_names import by_split, split_of
from minenetcd.datasets.catalog import (
    DATASETS,
    available_on_disk,
    download_dataset,
    list_splits,
    load_dataset,
    named_dataset,
    published_table,
)
from minenetcd.datasets.source import read_source
from minenetcd.errors import DataError, UnknownNameError
from minenetcd.weights.published import FRAMEWORK_DATA
from minenetcd.weights.scores import published_scores


def test_the_table_agrees_with_what_published_weights_were_trained_on() -> None:
    known = {name: metres for name, metres in FRAMEWORK_DATA.values() if name != "MineNetCD512"}
    assert set(DATASETS) == set(known)
    for name, metres in known.items():
        low, high = DATASETS[name].ground_sampling_distance
        assert metres is None or (low, high) == (metres, metres)


def test_every_row_is_complete_and_adds_up() -> None:
    for name, row in DATASETS.items():
        assert row.name == name and row.citation[-4:].isdigit() and row.doi.startswith("10.")
        assert all("/" in repo_id for repo_id in row.hub_ids)
        assert row.split_patches is None or sum(row.split_patches.values()) == row.patches
    assert DATASETS["MineNetCD256"].split_patches == {"train": 47_743, "val": 4_613, "test": 19_355}


def test_published_scores_are_found_by_name_and_by_id() -> None:
    tables = {score.dataset for score in published_scores()}
    assert {published_table(name) for name in DATASETS} == tables
    assert published_table("levir-cd@v1") == published_table("ericyu/LEVIRCD_Cropped256") == "LEVIRCD256"
    assert published_table("my/own") is None and published_table("synthetic:mines") is None


def test_names_are_found_however_they_are_capitalised() -> None:
    assert named_dataset("minenetcd256") is DATASETS["MineNetCD256"]
    with pytest.raises(UnknownNameError, match=r"There is no data set 'sysu': did you mean 'SYSU-CD'?"):
        named_dataset("sysu")


@pytest.mark.parametrize(
    ("source", "ids", "revision"),
    [
        ("LEVIR-CD", ("ericyu/LEVIRCD_Cropped256",), None),
        ("levir-cd@v1.0", ("ericyu/LEVIRCD_Cropped256",), "v1.0"),
        ("owner/name", ("owner/name",), None),
        ("owner/na.me-2@abc?bands=1,2,3", ("owner/na.me-2",), "abc"),
    ],
)
def test_names_and_ids_with_a_revision(source: str, ids: tuple[str, ...], revision: str | None) -> None:
    understood = read_source(source)
    assert understood.hub is not None
    assert (understood.hub.ids, understood.hub.revision, understood.text) == (ids, revision, source)
    assert understood.options == ReadOptions((1, 2, 3) if "?" in source else None)


def test_a_folder_that_is_there_comes_before_a_hub_id_but_not_before_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("owner/name", "CLCD"):
        (tmp_path / folder).mkdir(parents=True)
    assert read_source("owner/name").hub is None
    assert read_source("CLCD").hub is not None
    assert read_source("./CLCD").hub is None and read_source(Path("CLCD")).hub is None


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("LEVIRCD", UnknownNameError, "did you mean 'LEVIR-CD'?"),
        ("nothing-like-it", UnknownNameError, "There is no data set 'nothing-like-it': choose one of CLCD"),
        ("/nowhere/at/all", DataError, "There is no file or folder /nowhere/at/all: check the path."),
        ("pairs.csv", DataError, "There is no file or folder pairs.csv"),
        (Path("owner/name"), DataError, "There is no file or folder owner/name"),
    ],
)
def test_what_can_be_no_data_set(source: str | Path, error: type[Exception], message: str) -> None:
    for function in (lambda: load_dataset(source, "train"), lambda: list_splits(source)):
        with pytest.raises(error) as caught:
            function()
        assert message in str(caught.value)


def test_what_can_be_downloaded_has_a_name_or_an_id(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'GVLM'"):
        download_dataset("gvml")
    with pytest.raises(UnknownNameError, match=r"There is no data set"):
        available_on_disk(str(tmp_path))
    assert available_on_disk("GVLM", cache_dir=tmp_path) == {}


def test_synthetic_scenes_are_a_data_set(tmp_path: Path) -> None:
    source = "synthetic:mines?sites=3&size=64&patch=64&seed=1"
    assert list_splits(source) == ("train", "val", "test")
    dataset = load_dataset(source, "train", cache_dir=tmp_path)
    assert len(dataset) and dataset.facts.source == source and dataset.sites is not None
    with pytest.raises(DataError, match="Streaming reads parquet files"):
        load_dataset(source, "train", streaming=True)


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("data/train-00000-of-00021-ab12.parquet", "train"),
        ("data/validation-0.parquet", "val"),
        ("test.parquet", "test"),
        ("default/test/0000.parquet", "test"),
        ("train/test_1.parquet", "test"),
        ("data/part-0.parquet", None),
        ("training_data/x.parquet", None),
        ("data/testament.parquet", None),
    ],
)
def test_the_split_of_a_file_is_in_its_name(path: str, split: str | None) -> None:
    assert split_of(path) == split


def test_files_are_grouped_by_split_in_the_usual_order() -> None:
    assert list(by_split(["test-0.parquet", "train-1.parquet", "train-0.parquet"], "x").items()) == [
        ("train", ["train-0.parquet", "train-1.parquet"]),
        ("test", ["test-0.parquet"]),
    ]
    assert by_split(["b.parquet", "a.parquet"], "x") == {"all": ["a.parquet", "b.parquet"]}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 64, 100, 1000, 71_711])
def test_looking_here_and_there_misses_nothing_and_begins_everywhere(count: int) -> None:
    order = spread(count)
    assert sorted(order) == list(range(count))
    beginning = sorted(order[:32])
    gaps = [b - a for a, b in zip([0, *beginning], [*beginning, count], strict=True)]
    assert max(gaps) <= max(1, 3 * count // min(count, 32) + 1)


def test_opening_reads_no_image(tmp_path: Path) -> None:
    """A folder is opened by its names: files that are no images at all do not matter before they are read."""
    for folder in ("A", "B", "label"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(b"")
    assert len(load_dataset(tmp_path, "train")) == 1
    (tmp_path / "label" / "x.png").write_bytes(png(drawn_mask()))
    with pytest.raises(DataError, match=r"A/x.png cannot be used"):
        load_dataset(tmp_path, "train")[0]


def drawn_mask():
    from fixtures.hub_data import drawn_pair

    return drawn_pair(0)[2]
