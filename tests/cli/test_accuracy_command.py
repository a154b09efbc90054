"""minenetcd accuracy sample, minenetcd accuracy estimate: from a map to hectares, and one line where that cannot be."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from accuracy.conftest import judged
from accuracy.test_estimators import AREAS, COUNTS
from fixtures.scene_files import noise, utm_grid, write_geotiff
from minenetcd.cli.main import run

Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Called:
    """Exit code, stdout and stderr of `minenetcd accuracy`, run where the map lies."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["minenetcd", "accuracy", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run()
        return (int(ended.value.code or 0), *capsys.readouterr())

    return called


@pytest.fixture
def change(tmp_path: Path) -> np.ndarray:
    """A map of change, map.tif, and two images of its ground."""
    grid = utm_grid(50, 60)
    change = np.zeros((50, 60), np.uint8)
    change[10:30, 10:40] = 1
    write_geotiff(tmp_path / "map.tif", change, grid)
    for seed, name in enumerate(("b.tif", "a.tif")):
        write_geotiff(tmp_path / name, noise(grid, seed), grid)
    return change


OF_CHANGE = ("--class", "0=no change", "--class", "1=change", "--change", 1)
IMAGES = ("--before", "b.tif", "--after", "a.tif", "--context", 8)


def test_from_a_map_to_hectares(call: Called, change: np.ndarray, tmp_path: Path) -> None:
    options = ("--points", 60, "--least", 10, "--buffer", 30, "--expect", "change=0.8", *OF_CHANGE, *IMAGES)
    code, told, errors = call("sample", "map.tif", "--out", "s", *options)
    assert (code, errors) == (0, "") and (tmp_path / "s" / "interpret.html").exists()
    assert "60 points in 3 strata, seed 8888" in told and "no change, within 30 m of change" in told
    assert "minenetcd accuracy estimate s --labels references-s" in told
    labels = judged(tmp_path / "s", np.roll(change, 1, axis=1), tmp_path / "labels.csv", unsure=(0,))
    code, told, errors = call("estimate", "s", "--labels", labels, "--out", "results")
    assert code == 0 and errors.startswith("Warning: 1 point of 60 left out")
    assert told.startswith("change: ") and "\N{PLUS-MINUS SIGN}" in told and "Error matrix" in told
    assert {path.name for path in (tmp_path / "results").iterdir()} == {
        "accuracy.json", "accuracy.html", "areas.csv", "error_matrix.csv",
    }  # fmt: skip
    code, told, _ = call("estimate", "s", "--labels", labels, "--json")
    assert code == 0 and json.loads(told) == json.loads((tmp_path / "results" / "accuracy.json").read_text())


def test_from_counts_to_hectares(call: Called, tmp_path: Path) -> None:
    (tmp_path / "matrix.csv").write_text(COUNTS)
    (tmp_path / "areas.csv").write_text(AREAS)
    code, told, _ = call("estimate", "--counts", "matrix.csv", "--areas", "areas.csv", "--pixel-hectares", 0.09)
    assert code == 0
    assert told.startswith("deforestation: 21,158 \N{PLUS-MINUS SIGN} 6,158 ha (95 %), mapped 18,000 ha\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sample", "nothing"), "A map is needed, there is nothing at nothing"),
        (("sample", "map.tif", "--class", "change"), "A class needs a whole number and a name, got 'change'"),
        (("sample", "map.tif", "--class", "1=a", "--class", "1=b"), "Classes need different numbers, got 1, 1"),
        (("sample", "map.tif", "--class", "1=a", "--class", "2=A"), "Classes need different names, got a, a"),
        (("sample", "map.tif", "--class", "1=unsure"), "'unsure' stands for a person who cannot tell"),
        (("sample", "map.tif", "--expect", "change"), "--expect needs a stratum and its accuracy, got 'change'"),
        (("sample", "map.tif", "--expect", "change=x"), "--expect needs a stratum and its accuracy, got 'change=x'"),
        (("sample", "map.tif", "--confidence", "0.7;0.9"), "--confidence needs numbers with commas between"),
        (("sample", "map.tif", "--out", "map.tif"), "it is a file, and a folder is needed"),
        (("estimate",), "A sample, or --counts and --areas, are needed, got neither"),
        (("estimate", "--counts", "m.csv"), "are needed, got --counts alone"),
        (("estimate", "s", "--counts", "m.csv"), "A sample or counts are needed, got s and --counts"),
        (("estimate", "s"), "A sample is needed, s holds no sample.json"),
        (("estimate", "--counts", "m.csv", "--areas", "a.csv", "--labels", "l.csv"), "References belong to a sample"),
        (("estimate", "--counts", "m.csv", "--areas", "a.csv"), "'m.csv' cannot be read (it is not there)"),
    ],
)
def test_one_line_where_it_cannot_be(
    call: Called, change: np.ndarray, tmp_path: Path, words: tuple[object, ...], message: str
) -> None:
    before = {*tmp_path.iterdir()}
    code, told, errors = call(*words)
    assert (code, told) == (2, "") and message in errors and errors.count("\n") == 1
    assert {*tmp_path.iterdir()} == before
