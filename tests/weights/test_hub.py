"""Download, cache, revisions and upload, through a real hub client over HTTP."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fixtures.hub_process import HubProcess
from fixtures.no_network import NoNetwork
from minenetcd.constants import Provenance, TrainedOn
from minenetcd.detectors.learned import ChangeDetector
from parity.repositories import (
    framework_config,
    hub_id,
    prefixed,
    published_golden,
    published_tensors,
    write_repository,
)
from weights.hub_client import facts
from weights.hub_server import TOKEN, HubRepository, HubServer

CLIENT = Path(__file__).with_name("hub_client.py")
TINY, FIRST = hub_id("Tiny_CD"), "v1"


class Client(HubProcess):
    """A process that loads from and uploads to the hub at `endpoint`, with a cache of its own."""

    def __init__(self, endpoint: str, home: Path) -> None:
        super().__init__(CLIENT, endpoint, home)

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to one request."""
        return self.answer_to(request)

    def load(self, source: str, **options: Any) -> dict[str, Any]:
        return self.ask(source=source, options=options)

    def refusal(self, source: str, **options: Any) -> str:
        """The message of the WeightsError that loading ends with, which is one line."""
        answer = self.load(source, **options)
        assert answer.get("error") == "WeightsError", answer
        assert "\n" not in answer["message"]
        return answer["message"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """TinyCD twice as the framework saves it from several processes: as a pickle, and later as safetensors."""
    tensors = prefixed("CD_model.module.", published_tensors(published_golden("Tiny_CD")))
    config, root = framework_config("Tiny_CD"), tmp_path_factory.mktemp("repositories")
    other = {name: tensor + 1 if name.endswith("bias") else tensor for name, tensor in tensors.items()}
    return {
        "old": write_repository(root / "old", config, other, file_name="pytorch_model.bin"),
        "new": write_repository(root / "new", config, tensors),
    }


@pytest.fixture(scope="module")
def server(folders: dict[str, Path]) -> Iterator[HubServer]:
    server = HubServer()
    files = {key: {path.name: path.read_bytes() for path in folder.iterdir()} for key, folder in folders.items()}
    server.repositories[TINY] = HubRepository()
    server.repositories[TINY].commit(files["old"], FIRST)
    server.repositories[TINY].commit(files["new"])
    server.repositories["me/gated"] = HubRepository(gated=True)
    server.repositories["me/empty"] = HubRepository()
    server.repositories["me/empty"].commit({"README.md": b"soon"})
    server.repositories["me/broken"] = HubRepository()
    server.repositories["me/broken"].commit({"config.json": b"<html>", "model.safetensors": b""})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(server: HubServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    client = Client(server.endpoint, tmp_path_factory.mktemp("home"))
    yield client
    client.close()


@pytest.fixture(autouse=True)
def clean_log(server: HubServer) -> None:
    server.log.clear()


@pytest.fixture(scope="module")
def local(folders: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What the same repositories give from disk."""
    return {key: facts(ChangeDetector.from_pretrained(folder)) for key, folder in folders.items()}


@pytest.mark.slow
def test_published_weights_come_by_their_id(client: Client, server: HubServer, local: dict[str, Any]) -> None:
    loaded = client.load(TINY)["ok"]
    assert loaded["weights"] == local["new"]["weights"]
    assert loaded["description"]["provenance"]["name"] == TINY
    assert loaded["description"]["provenance"]["metrics"]["f1, as published"] == "0.5648"
    assert sum(path.startswith("/cdn/") for path in server.bodies()) == 1


def test_the_second_time_no_file_is_fetched(client: Client, server: HubServer) -> None:
    first = client.load(TINY)
    server.log.clear()
    assert client.load(TINY) == first
    assert server.log != []  # it asks whether there is something newer
    assert server.bodies() == []


def test_without_the_hub_the_cache_serves(client: Client, server: HubServer) -> None:
    first = client.load(TINY)
    server.log.clear()
    assert client.load(TINY, local_files_only=True) == first
    assert server.log == []
    assert "not on this disk" in client.refusal("me/never-loaded", local_files_only=True)


def test_a_revision_is_a_tag_or_a_commit(client: Client, server: HubServer, local: dict[str, Any]) -> None:
    """The tagged one holds a pickle: it is found where there is no safetensors, also offline."""
    commit = server.repositories[TINY].references[FIRST]
    for options in ({"revision": FIRST}, {"revision": commit}, {"revision": FIRST, "local_files_only": True}):
        assert client.load(TINY, **options)["ok"]["weights"] == local["old"]["weights"]
    assert local["old"]["weights"] != local["new"]["weights"]
    assert client.load(TINY)["ok"]["weights"] == local["new"]["weights"]


def test_a_cache_folder_can_be_chosen(client: Client, tmp_path: Path) -> None:
    client.load(TINY, cache_dir=str(tmp_path))
    assert list(tmp_path.rglob("model.safetensors"))
    assert "ok" in client.load(TINY, cache_dir=str(tmp_path), local_files_only=True)


def test_what_the_hub_refuses_is_one_line_with_what_to_do(client: Client) -> None:
    assert "no model 'me/typo', or it is private: check the id" in client.refusal("me/typo")
    assert "has no revision 'v9': give a branch, tag or commit" in client.refusal(TINY, revision="v9")
    assert "'me/gated' is gated: ask for access" in client.refusal("me/gated")
    assert "needs config.json and model.safetensors or pytorch_model.bin" in client.refusal("me/empty")
    assert "needs to be JSON" in client.refusal("me/broken")
    assert "cannot be had from the hub" in client.refusal("me/bad--name..")


def test_a_detector_goes_up_and_comes_back_the_same(client: Client, server: HubServer, tmp_path: Path) -> None:
    model = {"name": "minenetcd", "backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16}
    detector = ChangeDetector.from_config({"model": model}, threshold=0.3)
    detector.provenance = Provenance(
        name="mine", trained_on=TrainedOn("my scenes"), metrics={"F1": 0.5}, limits="Only here."
    )
    detector.save_pretrained(tmp_path / "mine")
    answer = client.ask(folder=str(tmp_path / "mine"), push_to="me/mine", options={"token": TOKEN})
    assert f"{server.endpoint}/me/mine/commit/" in answer["ok"]
    loaded = client.load("me/mine")["ok"]
    assert loaded == facts(ChangeDetector.from_pretrained(tmp_path / "mine"))
    assert loaded["description"]["threshold"] == 0.3
    assert loaded["description"]["provenance"]["metrics"] == {"F1": 0.5}
    card = server.repositories["me/mine"].commits[server.repositories["me/mine"].references["main"]]["README.md"]
    assert "my scenes" in card.decode()
    assert "Only here." in card.decode()
    assert 'from_pretrained("me/mine")' in card.decode()
    again = client.ask(folder=str(tmp_path / "mine"), push_to="me/mine", options={"token": TOKEN})
    assert "ok" in again  # the repository may exist


def test_uploading_without_access_is_one_line(client: Client, folders: dict[str, Path]) -> None:
    for options in ({"token": "hf_wrong"}, {"token": False}):
        answer = client.ask(folder=str(folders["new"]), push_to="me/mine", options=options)
        assert answer["error"] == "OutputError"
        assert "hf auth login" in answer["message"]
        assert "\n" not in answer["message"]


@pytest.mark.slow
def test_without_a_network_the_cache_still_serves_and_the_rest_is_one_line(tmp_path: Path) -> None:
    """Another hub that goes away: what was loaded once is there, what was not says so."""
    server = HubServer()
    server.repositories["me/nano"] = HubRepository()
    ChangeDetector.from_config({"model": {"name": "fc_ef"}}).save_pretrained(tmp_path / "nano")
    server.repositories["me/nano"].commit({path.name: path.read_bytes() for path in (tmp_path / "nano").iterdir()})
    client = Client(server.endpoint, tmp_path / "home")
    try:
        first = client.load("me/nano")
        server.stop()
        assert client.load("me/nano") == first
        assert "hub cannot be reached: go online once" in client.refusal("me/other")
    finally:
        client.close()


@pytest.mark.slow
def test_an_unreachable_hub_is_tried_once_and_said_in_one_line(tmp_path: Path) -> None:
    for name, seed in (("before", 0), ("after", 1)):
        pixels = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    with NoNetwork() as network:
        images = tmp_path / "before.png", tmp_path / "after.png"
        done = network.run("predict", *images, "--model", "me/other", "--out", tmp_path / "out", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert network.calls <= 2  # one request; the client opens a new connection where one breaks
    assert done.stderr == (
        "Error: The model 'me/other' is not on this disk and the hub cannot be reached: go online once, or give a "
        "folder that holds it.\n"
    )


def test_weights_that_are_not_what_the_hub_announced_are_removed(
    client: Client, server: HubServer, folders: dict[str, Path], tmp_path: Path
) -> None:
    """The client compares sizes alone: here one byte is another."""
    whole = (folders["new"] / "model.safetensors").read_bytes()
    digest = hashlib.sha256(whole).hexdigest()
    server.exchanged[digest] = whole[:-1] + bytes([whole[-1] ^ 1])
    cache = {"cache_dir": str(tmp_path)}
    assert "came with another checksum than the hub states, and was removed" in client.refusal(TINY, **cache)
    del server.exchanged[digest]
    assert "ok" in client.load(TINY, **cache)
