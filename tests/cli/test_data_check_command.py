"""minenetcd data check and minenetcd data stats, as a user or a script meets them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from fixtures.pair_files import make_pair, write_folder
from minenetcd.cli.data_check import check, stats
from minenetcd.errors import DataError, OutputError

app = typer.Typer()
app.command()(check)
app.command()(stats)


def minenetcd_data(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_folder(tmp_path / "set", map(make_pair, range(8)))
    return write_folder(root, map(make_pair, range(100, 103)), split="test")


def test_a_fit_data_set_is_told_in_numbers_and_exit_code_0(folder: Path) -> None:
    done = minenetcd_data("check", folder, "--workers", 0)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["Split", "Pairs", "Unusable", "Changed", "Empty", "masks", "Full", "masks", "Height",
                                "x", "width,", "bands"]  # fmt: skip
    assert lines[1].split() == ["train", "8", "0", "6.25%", "0", "0", "64", "x", "64,", "3"]
    assert lines[-1] == f"{folder} is fit to train and test on."
    pixels = np.stack([image for n in range(8) for image in make_pair(n)[:2]]) / 255
    mean = ", ".join(f"{value:.4f}" for value in pixels.mean(axis=(0, 1, 2)))
    assert f"  mean  [{mean}]" in done.stdout
    assert "not looked for by tone" in done.stdout


def test_what_is_wrong_is_named_and_exit_code_1(folder: Path) -> None:
    (folder / "train/A/003.png").write_text("not an image")
    with Image.open(folder / "test/label/001.png") as mask:
        Image.new("L", mask.size, 255).save(folder / "test/label/001.png")
    done = minenetcd_data("check", folder, "--workers", 0)
    assert done.exit_code == 1
    text = done.stdout
    assert "Error: 1 pair that cannot be read\n  train/003: " in text
    assert "Warning: 1 pair changed everywhere\n  test/001\n" in text
    assert text.endswith(f"{folder} is not fit to train and test on: 1 error and 1 warning.\n")


@pytest.mark.parametrize("source", ["", " ", "?bands=3,2,1", "pasted:/nowhere", "pasted:.?table=nowhere.csv"])
def test_what_is_no_data_set_is_one_line(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in which somebody stands is not what an empty name means."""
    monkeypatch.chdir(folder)
    done = minenetcd_data("check", source)
    assert isinstance(done.exception, DataError) and done.exception.exit_code == 2
    assert re.match(r"^(The name of a data set is needed|There is no (folder|table)).*\.$", str(done.exception))


def test_warnings_count_where_asked(folder: Path) -> None:
    with Image.open(folder / "train/label/001.png") as mask:
        Image.new("L", mask.size, 255).save(folder / "train/label/001.png")
    assert minenetcd_data("check", folder, "--workers", 0).exit_code == 0
    assert minenetcd_data("check", folder, "--workers", 0, "--strict").exit_code == 1


def test_long_lists_are_cut_unless_asked_for(folder: Path) -> None:
    for number in range(7):
        (folder / f"train/A/{number:03d}.png").write_text("not an image")
    short, whole = (minenetcd_data("check", folder, "--workers", 0, *more).stdout for more in ((), ("--all",)))
    assert "train/004: " in short and "train/005: " not in short and "and 2 more (--all names them)" in short
    assert "train/006: " in whole and "more" not in whole


def test_all_of_it_in_a_file(folder: Path, tmp_path: Path) -> None:
    done = minenetcd_data("check", folder, "--workers", 0, "--out", tmp_path / "audit.json")
    assert done.exit_code == 0
    told = json.loads((tmp_path / "audit.json").read_text())
    assert told["is_fit"] and told["splits"]["train"]["pairs"] == 8 and len(told["normalisation"]["both"]["mean"]) == 3


@pytest.mark.parametrize("command", ["check", "stats"])
def test_where_there_is_nothing_it_is_one_line(command: str, tmp_path: Path) -> None:
    done = minenetcd_data(command, tmp_path / "nowhere")
    assert isinstance(done.exception, DataError) and done.exception.exit_code == 2
    assert len(str(done.exception).splitlines()) == 1


def test_stats_says_what_it_drew_and_what_not(folder: Path, tmp_path: Path) -> None:
    (folder / "train/A/003.png").write_text("not an image")
    done = minenetcd_data("stats", folder, "--out", tmp_path / "figures", "--workers", 0)
    assert done.exit_code == 0, done.output
    assert f"Changed share              {tmp_path / 'figures' / 'changed_share.png'}, .svg" in done.stdout
    assert "Acquisition dates          not drawn: the data set does not have before_date and after_date" in done.stdout
    assert "Warning: train/003 was left out: " in done.stderr
    assert (tmp_path / "figures/statistics.json").exists()


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = minenetcd_data("stats", folder, "--out", tmp_path / "file", "--workers", 0)
    assert isinstance(done.exception, OutputError) and done.exception.exit_code == 2
