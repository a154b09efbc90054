"""minenetcd datasets, in a terminal, into a pipe, and against a hub that is really there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fixtures.hub_data import published_files
from minenetcd.cli.datasets import app
from minenetcd.datasets.named import DATASETS
from minenetcd.errors import DataError, UnknownNameError
from weights.hub_server import HubRepository, HubServer

ROOT = Path(__file__).parents[2]
#: The command as minenetcd runs it: an error is one line and exit code 2.
PROGRAM = """
import sys
import typer
from minenetcd.cli.datasets import app
from minenetcd.errors import MineNetCDError
try:
    app()
except MineNetCDError as error:
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
"""


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no-cache"))


@pytest.fixture(scope="module")
def server() -> Iterator[HubServer]:
    server = HubServer()
    server.repositories["datasets/ericyu/SYSU_CD"] = HubRepository()
    server.repositories["datasets/ericyu/SYSU_CD"].commit(published_files(), "v1")
    yield server
    server.stop()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_piped_it_is_a_line_a_data_set() -> None:
    header, *lines = run().splitlines()
    assert header.split("\t") == [
        *("Name", "Task", "Patches", "train", "val", "test", "Pixels", "GSD", "Place", "Licence", "Citation"),
        *("Hub id", "On disk"),
    ]
    cells = {line.split("\t")[0]: line.split("\t") for line in lines}
    assert list(cells) == list(DATASETS)
    assert cells["MineNetCD256"][1:8] == ["mining change", "71711", "47743", "4613", "19355", "256 x 256", "1.2"]
    assert cells["CLCD"][3:8] == ["not stated", "not stated", "not stated", "256 x 256", "0.5 to 2"]
    assert cells["GVLM"][9] == "not stated" and cells["GVLM"][12] == "-"
    assert "https://doi.org/10.3390/rs12101662" in cells["LEVIR-CD"][10]


def test_in_a_terminal_it_fits_and_names_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    typer.main.get_command(app).main([], standalone_mode=False)
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()  # colours off
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    for row in DATASETS.values():
        assert f" {row.name} " in text and row.hub_ids[0] in text and f"{row.patches:,}" in text
    assert "train 47,743" in text and "0.5-2 m" in text and "minenetcd datasets NAME" in text


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_has_a_detail_with_and_without_show(name: str) -> None:
    text, row = run(name.lower()), DATASETS[name]
    assert run("show", name) == text
    for fact in (row.name, row.place, row.licence, row.citation, f"https://doi.org/{row.doi}", *row.hub_ids):
        assert fact in text
    assert "None" not in text and "nothing of it yet" in text


def test_wrong_names_are_one_line_with_the_nearest() -> None:
    for arguments in (["SYSUCD"], ["show", "SYSUCD"], ["download", "SYSUCD"]):
        with pytest.raises(UnknownNameError, match=r"There is no data set 'SYSUCD': did you mean 'SYSU-CD'?"):
            run(*arguments)


def test_help_shows_examples() -> None:
    for arguments in ([], ["show"], ["download"]):
        assert "Example: minenetcd datasets" in " ".join(run(*arguments, "--help").split())


def test_listing_loads_nothing_heavy() -> None:
    code = f"import sys{PROGRAM.replace('app()', 'app(standalone_mode=False)')}\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def program(server: HubServer, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, cwd=ROOT, env=kept | settings
    )


@pytest.mark.slow
def test_a_download_by_name_shows_up_in_the_list(server: HubServer, tmp_path: Path) -> None:
    commit = server.repositories["datasets/ericyu/SYSU_CD"].references["v1"]
    done = program(server, tmp_path, "download", "sysu-cd@v1", "--split", "test")
    assert done.returncode == 0, done.stderr
    assert f"ericyu/SYSU_CD at {commit[:12]} is in {tmp_path}" in done.stdout
    assert f"name it sysu-cd@{commit}" in done.stdout
    shown = program(server, tmp_path, "show", "SYSU-CD@v1").stdout
    assert "test complete, 3" in shown and "train 0 of 2 files, 0.0 kB of" in shown
    listed = program(server, tmp_path, "download", "SYSU-CD"), program(server, tmp_path)
    row = next(line for line in listed[1].stdout.splitlines() if line.startswith("SYSU-CD"))
    assert re.search(r"\tall, \d+\.\d kB$", row)


@pytest.mark.slow
def test_what_cannot_be_downloaded_is_one_line(server: HubServer, tmp_path: Path) -> None:
    for arguments, message in (
        (["CLCD"], "The hub has no data set 'ericyu/CLCD_Cropped_256', or it is private"),
        (["SYSU-CD@v9"], "'ericyu/SYSU_CD' has no revision 'v9'"),
        (["SYSU-CD", "--split", "dev"], "has the splits train, val, test, not 'dev'"),
        (["data/set.zip/x"], "A name or a hub id is needed|There is no data set"),
    ):
        done = program(server, tmp_path, "download", *arguments)
        assert done.returncode == 2 and re.search(message, done.stderr), done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_data_errors_are_input_errors() -> None:
    assert DataError.exit_code == UnknownNameError.exit_code == 2
