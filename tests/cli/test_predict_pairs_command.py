"""`minenetcd predict --pairs`: what it prints, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fixtures.scene_files import utm_grid, write_geotiff


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two pairs, one of them without images."""
    before = np.random.default_rng(0).integers(20, 60, (64, 64, 3), dtype=np.uint8)
    after = before.copy()
    after[8:28, 8:28] += 180
    for name, pixels in (("before", before), ("after", after)):
        write_geotiff(tmp_path / f"{name}.tif", pixels, utm_grid(64, 64))
    path = tmp_path / "pairs.csv"
    path.write_text("id,before,after,country\na,before.tif,after.tif,Chile\ngone,b.tif,c.tif,Peru\n")
    return path


def minenetcd(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "minenetcd", "predict", *map(str, words), "--model", "cva"]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_failing_pair_is_told_at_the_end_and_by_the_exit_code(table: Path, tmp_path: Path) -> None:
    done = minenetcd("--pairs", table, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert done.stdout.startswith("2 pairs: 1 done, 1 failed; ") and "index.html" in done.stdout
    assert "are no options, and are not used: country." in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Failed: gone: There is no file ")
    again = minenetcd("--pairs", table, "--out", tmp_path / "out", "--json", "--quiet")
    told = json.loads(again.stdout)
    assert again.returncode == 1 and [pair["status"] for pair in told["pairs"]] == ["done", "failed"]
    assert told["hectares"] > 0 and list(told["failed"]) == ["gone"]
    assert again.stderr.splitlines() == [f"Failed: gone: {told['failed']['gone']}"]


def test_what_cannot_be_meant_is_refused_before_anything_is_written(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    both = minenetcd(tmp_path / "before.tif", "--pairs", table, "--out", out)
    assert both.returncode == 2 and "Two images or a table of pairs is needed, got both" in both.stderr
    table.write_text("id,before\na,before.tif\n")
    lacking = minenetcd("--pairs", table, "--out", out)
    assert lacking.returncode == 2 and "add after" in lacking.stderr and lacking.stderr.count("\n") == 1
    assert not out.exists()
