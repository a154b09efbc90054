"""Data sets of the hub through a real client over HTTP: named, by id, pinned, interrupted, offline, streamed."""

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.hub_data import DataClient, drawn_pair, parquet, published_files
from weights.hub_server import HubRepository, HubServer

MINES, FIRST = "me/mines", "v1"
LATER = 100  # seed of the first pair in the newest commit


def expected_sums(seeds: range) -> list[int]:
    pairs = (drawn_pair(seed) for seed in seeds)
    return [int(before.astype(int).sum() - after.astype(int).sum()) for before, after, _ in pairs]


@pytest.fixture(scope="module")
def server() -> Iterator[HubServer]:
    server = HubServer()
    mines = HubRepository()
    mines.commit(published_files(), FIRST)
    mines.commit(published_files(LATER))
    others = {
        "datasets/me/gated": HubRepository(gated=True),
        "datasets/me/nothing": HubRepository(),
        "datasets/me/columns": HubRepository(),
        "datasets/me/several": HubRepository(),
        "datasets/me/pictures": HubRepository(),
        "datasets/ericyu/GVLM_Cropped256": HubRepository(),  # the other spelling
    }
    others["datasets/me/gated"].commit(published_files())
    others["datasets/me/nothing"].commit({"README.md": b"soon"})
    wrong = parquet(range(2), columns=("image1", "imageB", "label"))
    others["datasets/me/columns"].commit({"data/train-00000-of-00001.parquet": wrong})
    others["datasets/me/several"].commit({f"{part}/train.parquet": parquet(range(2)) for part in ("mines", "roads")})
    pictures = (dict(zip(("A", "B", "label"), drawn_pair(seed), strict=True)) for seed in range(2))
    others["datasets/me/pictures"].commit(_picture_files(list(pictures)))
    others["datasets/ericyu/GVLM_Cropped256"].commit(published_files(50))
    server.repositories |= {"datasets/me/mines": mines, **others}
    yield server
    server.stop()


def _picture_files(pairs: list[dict[str, Any]]) -> dict[str, bytes]:
    from fixtures.hub_data import png

    return {
        f"test/{folder}/{number}.png": png(pixels)
        for number, pair in enumerate(pairs)
        for folder, pixels in pair.items()
    }


@pytest.fixture(scope="module")
def client(server: HubServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataClient]:
    client = DataClient(server.endpoint, tmp_path_factory.mktemp("home"))
    yield client
    client.close()


@pytest.fixture(autouse=True)
def clean_log(server: HubServer) -> None:
    server.log.clear()
    server.ranges.clear()
    server.interruptions.clear()


def test_a_split_comes_by_hub_id_and_only_its_files_do(client: DataClient, server: HubServer) -> None:
    loaded = client.ok("load_dataset", MINES, "test")
    assert loaded["names"] == ["patch_107", "patch_108", "patch_109"]
    assert loaded["sums"] == expected_sums(range(107, 110))
    assert loaded["changed"] == [int((drawn_pair(seed)[2] > 0).sum()) for seed in range(107, 110)]
    assert loaded["shape"] == [3, 40, 40]
    assert (loaded["facts"]["source"], loaded["facts"]["split"]) == (MINES, "test")
    assert sum(path.startswith("/cdn/") for path in server.bodies()) == 1


def test_the_second_time_nothing_is_fetched(client: DataClient, server: HubServer) -> None:
    first = client.ok("load_dataset", MINES, "test")
    server.log.clear()
    assert client.ok("load_dataset", MINES, "test") == first
    # does the hub answer, and is there a newer one?
    assert [path for _, path in server.log] == ["/api/models", f"/api/datasets/{MINES}/revision/main"]


def test_a_revision_is_pinned_by_tag_or_commit(client: DataClient, server: HubServer) -> None:
    newest = client.ok("load_dataset", MINES, "val")
    commit = server.repositories[f"datasets/{MINES}"].references[FIRST]
    by_tag, by_commit = (client.ok("load_dataset", f"{MINES}@{pin}", "val") for pin in (FIRST, commit))
    assert by_tag["sums"] == by_commit["sums"] == expected_sums(range(5, 7)) != newest["sums"]
    assert by_tag["facts"]["fingerprint"] == by_commit["facts"]["fingerprint"] != newest["facts"]["fingerprint"]
    assert by_tag["facts"]["source"] == f"{MINES}@{FIRST}"


def test_a_named_data_set_is_found_however_it_is_spelt(client: DataClient) -> None:
    loaded = client.ok("load_dataset", "gvlm", "test")  # under the second of its two ids
    assert loaded["sums"] == expected_sums(range(57, 60))
    assert "no data set 'ericyu/CLCD_Cropped_256'" in client.refusal("load_dataset", "CLCD", "test")
    assert "did you mean 'LEVIR-CD'?" in client.refusal("load_dataset", "LEVIRCD", "test")


def test_splits_are_listed_without_fetching_them(client: DataClient, server: HubServer) -> None:
    assert client.ok("list_splits", f"{MINES}@{FIRST}") == ["train", "val", "test"]
    assert client.ok("list_splits", "me/pictures") == ["test"]
    assert not any(path.startswith("/cdn/") for path in server.bodies())


def test_a_repository_of_folders_works_too(client: DataClient) -> None:
    assert client.ok("load_dataset", "me/pictures", "test")["sums"] == expected_sums(range(2))
    assert "has the one split test, not 'train'" in client.refusal("load_dataset", "me/pictures", "train")


def test_what_cannot_be_had_is_one_line_with_what_to_do(client: DataClient) -> None:
    messages = {
        ("me/typo", "test"): "The hub has no data set 'me/typo', or it is private: check the id, or log in with "
        "'hf auth login'. There is no folder me/typo here either.",
        ("me/gated", "test"): "The data set 'me/gated' is gated: ask for access on its page, then log in",
        (f"{MINES}@v9", "test"): f"The data set '{MINES}' has no revision 'v9': give a branch, tag or commit of it.",
        (MINES, "dev"): f"{MINES} has the splits train, val, test, not 'dev': ask for one it has.",
        ("me/columns", "test"): "me/columns has the one split train, not 'test'",
        ("me/columns", "train"): "it lacks imageA (before) and has image1, imageB, label: rename them.",
        ("me/several", "train"): "'me/several' holds several, as train is in mines, roads",
        ("me/nothing", "test"): "holds no data set that is understood; it needs image folders A, B, label",
        ("data/typo/more.csv", "test"): "There is no file or folder data/typo/more.csv: check the path.",
        ("me/bad--name..", "test"): "The hub has no data set 'me/bad--name..'",
    }
    for arguments, message in messages.items():
        assert message in client.refusal("load_dataset", *arguments), arguments


LARGE, STEP = "me/large", 10 * 2**20  # the client writes so many bytes at a time


@pytest.fixture(scope="module")
def large(server: HubServer) -> bytes:
    """A file of some steps, most of it in a column nobody reads."""
    notes = base64.b64encode(np.random.default_rng(0).bytes(11 * 2**20)).decode()
    content = parquet(range(2), notes=[notes, notes[::-1]])
    server.repositories[f"datasets/{LARGE}"] = HubRepository()
    server.repositories[f"datasets/{LARGE}"].commit({"data/test-00000-of-00001.parquet": content})
    return content


@pytest.mark.slow
def test_a_broken_connection_goes_on_in_the_middle_of_the_file(server: HubServer, large: bytes, tmp_path: Path) -> None:
    server.interruptions[hashlib.sha256(large).hexdigest()] = [STEP + 1000, STEP + 500]
    client = DataClient(server.endpoint, tmp_path)
    try:
        done = client.ok("download_dataset", LARGE)
        assert server.ranges == [None, f"bytes={STEP}-", f"bytes={2 * STEP}-"]
        assert done["progress"][0] == [0, len(large)] and done["progress"][-1] == [len(large)] * 2
        assert [STEP, len(large)] in done["progress"] and [2 * STEP, len(large)] in done["progress"]
        assert client.ok("load_dataset", LARGE, "test")["sums"] == expected_sums(range(2))
    finally:
        client.close()


def test_ctrl_c_does_not_wait_for_the_end_of_a_file(server: HubServer, large: bytes, tmp_path: Path) -> None:
    client = DataClient(server.endpoint, tmp_path)
    try:
        done = client.ok("download_dataset", LARGE, interrupt_after=STEP)
        assert done["interrupted"] and done["progress"][-1][0] <= 2 * STEP < len(large)
        assert client.ok("available_on_disk", LARGE)["test"]["files"] == 0
        assert "commit" in client.ok("download_dataset", LARGE)
    finally:
        client.close()


@pytest.mark.slow
def test_a_download_that_was_killed_goes_on_with_the_files_it_lacks(server: HubServer, tmp_path: Path) -> None:
    files = {name: content for name, content in published_files().items() if name.startswith("data/train")}
    _, two = (hashlib.sha256(content).hexdigest() for content in files.values())
    server.interruptions[two] = [None]
    client = DataClient(server.endpoint, tmp_path)
    try:
        client.start("download_dataset", f"{MINES}@{FIRST}", splits=["train"])
        _wait_for(lambda: len(list(tmp_path.rglob("train-00000*"))) == 1 and not server.interruptions[two])
    finally:
        client.close()
    server.log.clear()
    client = DataClient(server.endpoint, tmp_path)
    try:
        size = {name: len(content) for name, content in files.items()}
        here = client.ok("available_on_disk", f"{MINES}@{FIRST}")["train"]
        first = size["data/train-00000-of-00002.parquet"]
        assert here == {"files": 1, "of_files": 2, "bytes": first, "of_bytes": sum(size.values())}
        done = client.ok("download_dataset", f"{MINES}@{FIRST}", splits=["train"])
        assert done["progress"][0] == [first, sum(size.values())]
        assert [path for path in server.bodies() if path.startswith("/cdn/")] == [f"/cdn/{two}"]
        assert client.ok("available_on_disk", f"{MINES}@{FIRST}")["train"]["files"] == 2
        assert client.ok("load_dataset", f"{MINES}@{FIRST}", "train")["sums"] == expected_sums(range(5))
    finally:
        client.close()


def test_a_connection_that_stays_broken_is_one_line_and_keeps_what_is_complete(
    server: HubServer, tmp_path: Path
) -> None:
    content = published_files(LATER)["data/test-00000-of-00001.parquet"]
    server.interruptions[hashlib.sha256(content).hexdigest()] = [0] * 20
    client = DataClient(server.endpoint, tmp_path)
    try:
        message = client.refusal("download_dataset", MINES)
        assert f"The data set '{MINES}' cannot be had from the hub (" in message
        assert "start again; what is complete is not fetched twice" in message
    finally:
        client.close()


@pytest.mark.slow
def test_without_the_hub_what_was_fetched_serves_and_the_rest_is_one_line(tmp_path: Path) -> None:
    server = HubServer()
    server.repositories[f"datasets/{MINES}"] = HubRepository()
    server.repositories[f"datasets/{MINES}"].commit(published_files(), FIRST)
    server.repositories[f"datasets/{MINES}"].commit(published_files(LATER))
    client = DataClient(server.endpoint, tmp_path)
    try:
        first, pinned = client.ok("load_dataset", MINES, "test"), client.ok("load_dataset", f"{MINES}@{FIRST}", "test")
        server.stop()
        assert client.ok("load_dataset", MINES, "test") == first != pinned
        assert client.ok("load_dataset", f"{MINES}@{FIRST}", "test") == pinned  # not the newest instead
        message = client.refusal("load_dataset", MINES, "train")
        assert "not, or not completely, on this disk and the hub" in message and "go online once" in message
        assert "cannot be reached" in client.refusal("load_dataset", "me/other", "train")
        assert client.ok("available_on_disk", MINES)["test"]["files"] == 1
    finally:
        client.close()


def test_a_cache_folder_can_be_chosen(client: DataClient, tmp_path: Path) -> None:
    loaded = client.ok("load_dataset", MINES, "val", cache_dir=str(tmp_path))
    assert loaded["sums"] == expected_sums(range(105, 107))
    assert list(tmp_path.rglob("val-00000-of-00001.parquet")) and list(tmp_path.rglob("*.arrow"))


@pytest.mark.slow
def test_a_stream_reads_the_same_pairs_and_keeps_nothing(server: HubServer, tmp_path: Path) -> None:
    client = DataClient(server.endpoint, tmp_path)
    try:
        streamed = client.ok("stream", MINES, "train")
        assert streamed["names"] == [f"patch_{seed}" for seed in range(100, 105)]
        assert streamed["sums"] == expected_sums(range(100, 105))
        assert not list(tmp_path.rglob("*.parquet")) and not list(tmp_path.rglob("*.arrow"))
        assert "has the splits train, val, test, not 'dev'" in client.refusal("stream", MINES, "dev")
        assert "Streaming reads parquet files" in client.refusal("stream", "me/pictures", "test")
    finally:
        client.close()


def test_a_disk_without_room_is_told_of_before_the_download(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A data set far larger than any disk: its listing says so, its files are never asked for."""
    from minenetcd.datasets.hub import HubDataset, fetch
    from minenetcd.errors import DataError

    huge = HubDataset("me/huge", "0" * 40, tmp_path / "a" / "b", {"data/train-0.parquet": 10**18})
    with pytest.raises(DataError, match=r"'me/huge' needs 1000000000.0 GB more, .* free some, .* or stream it"):
        fetch(huge, ["train"])


def _wait_for(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
