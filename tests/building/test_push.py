"""A data set that was built goes to a hub over HTTP, and comes back from it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.scene_files import make_sites, write_table
from minenetcd.building.build import build_dataset
from minenetcd.building.scenes import PatchOptions
from weights.hub_server import TOKEN, HubRepository, HubServer, _Handler

CLIENT = """
import json, sys
from minenetcd.cli.data import app
from minenetcd.errors import MineNetCDError
try:
    app(args=sys.argv[1:], standalone_mode=False)
except MineNetCDError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


class _DeletingHandler(_Handler):
    """A hub whose commits also remove files."""

    def _upload(self, call: re.Match[str], body: bytes) -> None:
        repository = self.server.repositories[f"datasets/{call['name']}"]
        lines = [json.loads(line) for line in body.splitlines()] if call["call"] == "commit" else []
        for gone in (line["value"]["path"] for line in lines if line["key"] == "deletedFile"):
            del repository.commits[repository.references["main"]][gone]
        super()._upload(call, body)


@pytest.fixture
def server() -> Iterator[HubServer]:
    server = HubServer()
    server.RequestHandlerClass = _DeletingHandler
    yield server
    server.stop()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    return write_table(folder / "sites.csv", make_sites(folder, 4, side=64))


def push(server: HubServer, home: Path, *arguments: object, token: str | None = TOKEN) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    environment |= {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    if token:
        environment["HF_TOKEN"] = token
    command = [sys.executable, "-c", CLIENT, "build", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.slow
def test_a_data_set_is_built_and_pushed_and_pushed_again(server: HubServer, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "patches"
    done = push(server, tmp_path, table, "--out", out, "--size", 32, "--push", "me/mines")
    assert done.returncode == 0, done.stderr
    assert f"Pushed to {server.endpoint}/datasets/me/mines" in done.stdout
    repository = server.repositories["datasets/me/mines"]
    stored = repository.commits[repository.references["main"]]
    assert stored == {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    stored["data/train-00000-of-00007.parquet"] = b"of an earlier upload"
    again = push(server, tmp_path, table, "--out", out, "--size", 32, "--push", "me/mines")
    assert again.returncode == 0 and "holds this data set already" in again.stdout, again.stderr
    kept = repository.commits[repository.references["main"]]
    assert sorted(kept) == sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


@pytest.mark.slow
def test_what_the_hub_will_not_take_is_known_before_anything_is_cut(
    server: HubServer, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "patches"
    nobody = push(server, tmp_path, table, "--out", out, "--push", "me/mines", token=None)
    assert nobody.stderr.strip() == (
        "OptionError: Nobody is logged in to the hub, so 'me/mines' cannot be pushed: run 'hf auth login'."
    )
    wrong = push(server, tmp_path, table, "--out", out, "--push", "me/mi nes")
    assert "OptionError: A hub id needs to read owner/name, got 'me/mi nes': correct --push." in wrong.stderr
    assert not out.exists()


@pytest.mark.slow
def test_a_refusal_of_the_hub_is_one_line_and_leaves_the_data_set(
    server: HubServer, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "patches"
    build_dataset(table, out, patches=PatchOptions(size=32))
    server.repositories["datasets/me/mines"] = HubRepository()
    refused = push(server, tmp_path, table, "--out", out, "--size", 32, "--push", "me/mines", token="hf_other")
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith(
        "OutputError: The data set cannot be uploaded to 'me/mines' (Client error '401 Unauthorized'"
    ), last
    assert last.endswith(f"then give the same command again; all is kept in {out}.")
    assert (out / "manifest.json").exists()
