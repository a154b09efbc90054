"""minenetcd label: what it refuses, before a server starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labelling.drawn_pair import drawn_pair, new_desk
from minenetcd.cli.main import app

pytestmark = [pytest.mark.needs("numba"), pytest.mark.needs("fastapi"), pytest.mark.needs("rio_tiler")]


def refused(*arguments: str | Path) -> str:
    found = CliRunner().invoke(app, ["label", *map(str, arguments), "--no-open"])
    assert found.exit_code != 0 and found.exception is not None
    return str(found.exception)


def test_images_are_needed_unless_there_is_a_desk(tmp_path: Path) -> None:
    assert "Two images are needed" in refused("--out", tmp_path / "desk")
    assert not (tmp_path / "desk").exists()


def test_options_of_segments_are_read(tmp_path: Path) -> None:
    pair = drawn_pair(tmp_path)
    dates = pair.before, pair.after, "--out", tmp_path / "desk"
    assert "to be positive and to rise, got 20, 10" in refused(*dates, "--scales", "20/10")
    assert "--shape needs a number" in refused(*dates, "--shape", "much")
    assert "share of compactness needs to be 0 to 1" in refused(*dates, "--compactness", "2")
    assert not (tmp_path / "desk").exists()


def test_a_desk_of_other_images_is_left_alone(tmp_path: Path) -> None:
    pair = drawn_pair(tmp_path)
    desk = new_desk(tmp_path / "desk", pair)
    told = refused(pair.after, pair.before, "--out", desk)
    assert "2019.tif, got" in told and "name another folder (--out)" in told


def test_a_desk_is_not_laid_out_again(tmp_path: Path) -> None:
    pair = drawn_pair(tmp_path)
    desk = new_desk(tmp_path / "desk", pair)
    told = refused(pair.before, pair.after, "--out", desk, "--shape", "0.5", "--date-before", "2019-06-01")
    assert told.startswith("--shape and --date-before can only be given to a new desk") and "(--out)" in told


def test_a_result_that_is_none_is_told_before_the_server_starts(tmp_path: Path) -> None:
    desk = new_desk(tmp_path / "desk", drawn_pair(tmp_path))
    assert "holds none: name another" in refused("--out", desk, "--result", tmp_path)


def test_without_the_extras_they_are_named(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'numba' else find(name, *more)\n"
        "from minenetcd.cli.start import run\n"
        "sys.argv = ['minenetcd', 'label', 'a.tif', 'b.tif']\n"
        "run()\n"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 2
    assert found.stderr.strip().endswith("pip install 'minenetcd[label,web]'.")
