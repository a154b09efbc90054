"""minenetcd test on named data sets from a hub: beside a published row only where it belongs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import minenetcd
from fixtures.hub_data import published_files
from weights.hub_server import HubRepository, HubServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[HubServer]:
    server = HubServer()
    for name in ("datasets/ericyu/SYSU_CD", "datasets/HZDR-FWGEL/MineNetCD256"):
        server.repositories[name] = HubRepository()
        server.repositories[name].commit(published_files(), "v1")
    yield server
    server.stop()


def run_test(server: HubServer, folder: Path, model: str, data: str) -> str:
    settings = {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_TELEMETRY": "1"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    options = ["--data", data, "--out", str(folder / "out"), "--device", "cpu", "--workers", "0", "--no-pictures"]
    done = subprocess.run(
        [sys.executable, "-m", "minenetcd", "test", model, *options],
        capture_output=True,
        text=True,
        env=kept | settings,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_published_row_stands_beside(server: HubServer, tmp_path: Path) -> None:
    minenetcd.from_config({"base": "siamunet_diff"}).save_pretrained(tmp_path / "network")
    printed = run_test(server, tmp_path, str(tmp_path / "network"), "SYSU-CD")
    assert "Published" in printed and "the tables of the unified framework" in printed
    rows = {line.split()[0]: line.split()[-1] for line in printed.splitlines()}
    assert rows["Precision"] == "0.8563" and rows["Recall"] == "0.4608" and rows["cIoU"] == "0.4277"


def test_a_network_of_another_size_has_no_published_row(server: HubServer, tmp_path: Path) -> None:
    """The tables' MineNetCD is Swin-T with ChangeFFT, and this one has a small ResNet."""
    minenetcd.from_config("minenetcd-compact").save_pretrained(tmp_path / "network")
    printed = run_test(server, tmp_path, str(tmp_path / "network"), "MineNetCD256")
    assert "3 pairs" in printed and "Published" not in printed
