"""minenetcd learn: results with verdicts in, a detector out, and what to do with it."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from labelling.learning.judged_results import make_result, say, small_network
from minenetcd.cli.main import app, run


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("results")
    return [str(say(make_result(folder, number), number)) for number in range(3)]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("start") / "small"
    small_network().save_pretrained(folder)
    return str(folder)


def learn(results: list[str], start: str, out: Path, *options: str) -> Result:
    arguments = ["learn", *results, "--start-from", start, "--out", str(out), "--steps", "1", "--device", "cpu"]
    return CliRunner().invoke(app, [*arguments, *options], catch_exceptions=False)


@pytest.mark.slow  # a network is trained, twice
def test_it_prints_both_scores_the_answer_and_what_to_use(results: list[str], start: str, tmp_path: Path) -> None:
    done = learn(results, start, tmp_path / "out")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    for word in ("F1", "cIoU", "Precision", "Recall", "Accepted, found", "Rejected, called"):
        assert word in lines[0]
    assert [line.split()[0] for line in lines[1:3]] == ["Before", "After"]
    assert lines[3].startswith("By pixels of places that were judged, on held-out sites (")
    assert lines[3].endswith("), which trained and chose nothing; in brackets intervals of 95 %.")
    assert lines[4].partition(":")[0] in ("Better", "Not better", "Cannot tell") and "6 held-out places" in lines[4]
    saved = json.loads((tmp_path / "out/config.json").read_text(encoding="utf-8"))
    assert lines[5] == f"The new detector calls changed what has a probability of {saved['threshold']:g} or more."
    assert "scene_threshold" not in saved and done.output.count("threshold") == 0  # no other number is told
    assert lines[6].startswith(("Use ", "Keep ")) and str(tmp_path / "out") in lines[6]
    assert "Warning: Only places that somebody judged are counted" in done.stderr
    again = learn(results, start, tmp_path / "again", "--json", "--complete")
    told = json.loads(again.stdout)
    assert told["answer"] in ("better", "not better", "cannot tell") and told["ground_is_known"]
    assert told["folder"] == str(tmp_path / "again") and (tmp_path / "again/config.json").exists()
    assert told["learned_from"]["said"] == {"accepted": 9, "rejected": 9}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--held-out", "1.5"], "Learning needs a share to hold out between 0 and 1, got 1.5: try 0.25."),
        (["--rehearsal", "1"], "Learning needs a share of drawn pairs (rehearsal) of 0 to below 1, got 1.0: try"),
    ],
)
def test_options_that_cannot_be(
    options: list[str],
    words: str,
    start: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["minenetcd", "learn", str(tmp_path), "--start-from", start, "--out", str(tmp_path / "out"), *options]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        run()
    error = capsys.readouterr().err
    assert ended.value.code == 2 and error.startswith(f"Error: {words}") and error.count("\n") == 1


def test_what_is_no_result_is_one_line(
    start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["minenetcd", "learn", str(tmp_path), "--start-from", start, "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        run()
    error = capsys.readouterr().err
    assert ended.value.code == 2 and "A result of minenetcd predict or a folder of labels is needed" in error
    assert error.count("\n") == 1 and not (tmp_path / "out").exists()
