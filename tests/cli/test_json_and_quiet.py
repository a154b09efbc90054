"""--json and --quiet: one document on stdout and nothing else, and silence where nothing is wrong."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer

import minenetcd
from fixtures.pair_files import make_pair, write_folder
from minenetcd.classical.catalog import create_classical
from minenetcd.cli.console import progress_bar
from minenetcd.cli.main import app, run
from minenetcd.evaluation.testing import run_test

Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    """Exit code, stdout and stderr of a command."""

    def called(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["minenetcd", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run()
        return (int(ended.value.code or 0), *capsys.readouterr())

    return called


@pytest.fixture
def untrained(tmp_path: Path) -> Path:
    """A detector that draws a warning."""
    minenetcd.from_config({"model": {"name": "fc_ef"}}).save_pretrained(tmp_path / "untrained")
    return tmp_path / "untrained"


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "set", map(make_pair, range(4)), split="test")


@pytest.mark.parametrize("words", [("predict",), ("test",), ("models",), ("data", "check"), ("accuracy", "estimate")])
def test_the_same_words_everywhere(words: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    told = {option.opts[0]: option.help for option in command.params if option.opts[0] in ("--json", "--quiet")}
    assert told == {
        "--json": "Print one JSON document, and nothing else.",
        "--quiet": "Show no progress and no notes; errors still.",
    }


def test_predict(call: Called, untrained: Path, pairs: Path, tmp_path: Path) -> None:
    images = pairs / "test/A/000.png", pairs / "test/B/000.png"
    arguments = ("predict", *images, "--model", untrained, "--out", tmp_path / "out", "--device", "cpu")
    code, out, err = call(*arguments, "--json")
    told = json.loads(out)
    assert code == 0 and told["valid_pixels"] == 64 * 64 and told["hectares"] is None
    assert [Path(path).is_file() for path in told["files"].values()] == [True] * 8
    assert err == "".join(f"Warning: {warning}\n" for warning in told["warnings"]) and told["warnings"]
    assert call(*arguments, "--json", "--quiet")[2] == ""
    code, out, err = call(*arguments, "--quiet")
    assert ("pixels changed" in out or "found nothing" in out) and err == "", "weights are random"
    again = f"minenetcd rethreshold {tmp_path / 'out'} --threshold NUMBER"
    assert f"  Threshold    {told['threshold']:.3g}; for another: {again}\n" in out
    assert "  Dates        before not stated in the file; after not stated in the file\n" in out
    assert told["dates"] == {"before": None, "after": None}


def test_test(call: Called, untrained: Path, pairs: Path, tmp_path: Path) -> None:
    out_folder = tmp_path / "out"
    options = ("--out", out_folder, "--device", "cpu", "--workers", 0, "--json", "--quiet")
    code, out, err = call("test", untrained, "--data", pairs, *options)
    assert (code, err) == (0, "")
    told = json.loads(out)
    beside = {name: told.pop(name) for name in ("was_trained_on_these_pairs", "published", "folder")}
    assert told == json.loads((out_folder / "metrics.json").read_text())
    assert beside == {"was_trained_on_these_pairs": False, "published": None, "folder": str(out_folder)}


def test_a_table_has_a_row_for_each_that_stands_beside(call: Called, pairs: Path, tmp_path: Path) -> None:
    options = ("--data", pairs, "--out", tmp_path / "out", "--workers", 0, "--quiet")
    code, out, err = call("test", "irmad", *options)
    assert (code, err) == (0, "") and "Beside what needs no training, on all pairs" in out
    rows = [line for line in out.splitlines() if line.startswith(("irmad  ", "everything changed  ", "cva  "))]
    assert [len(row.removeprefix("everything ").split()) for row in rows] == [8] * 3
    assert "Beside" not in call("test", "irmad", *options, "--beside", 0)[1]


def test_a_detector_without_training_is_tested_by_the_rule_asked_for(call: Called, pairs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    options = ("--data", pairs, "--out", folder, "--workers", 0, "--beside", 0, "--no-pictures", "--quiet")
    rules = ("--threshold-rule", "k-means-guarded", "--smooth", 2)
    code, out, err = call("test", "cva", *options, *rules)
    assert (code, err) == (0, "") and "Options: threshold rule k-means-guarded, smooth 2" in out
    told = json.loads((folder / "metrics.json").read_text())
    assert told["options"] == {"threshold_rule": "k-means-guarded", "smooth": 2}
    asked = create_classical("cva", threshold_rule="k-means-guarded", smooth=2)
    again = run_test(asked, str(pairs), tmp_path / "again", workers=0, beside=0, pictures=False)
    assert told["counts"] == asdict(again.result.confusion)
    call("test", "cva", *options)
    assert json.loads((folder / "metrics.json").read_text())["counts"] != told["counts"]


@pytest.mark.parametrize(
    ("model", "rules", "message"),
    [
        ("minenetcd-nano", ("--smooth", 2), "smooth belongs to detectors without training"),
        ("cva", ("--threshold-rule", "otso"), "There is no threshold rule 'otso': did you mean 'otsu'?"),
        ("cva", ("--smooth", 65), "smooth needs a whole number from 0 to 64, got 65"),
    ],
)
def test_rules_that_do_not_fit_are_one_line(
    call: Called, pairs: Path, tmp_path: Path, model: str, rules: tuple[str, ...], message: str
) -> None:
    code, out, err = call("test", model, "--data", pairs, "--out", tmp_path / "out", *rules)
    assert (code, out, len(err.splitlines())) == (2, "", 1) and message in err
    assert not (tmp_path / "out").exists()


def test_models(call: Called) -> None:
    told = {method["name"]: method for method in json.loads(call("models", "--json")[1])}
    assert told["bit"]["published"] == {"parameters_mi": 11.39, "macs_gi": 8.28, "form": {}}
    assert told["minenetcd"]["measured"]["form"] == {"change_fft": "channel"}
    assert told["minenetcd"]["published"]["form"] == {"change_fft": "spatial"}
    one = json.loads(call("models", "bit", "--json")[1])
    assert one.items() >= told["bit"].items() and one["options"][0].keys() == {"name", "default", "values"}
    assert one["scores"][0]["weights"] == told["bit"]["weights"][0]


def test_data_check(call: Called, pairs: Path, tmp_path: Path) -> None:
    (pairs / "test/A/001.png").write_text("not an image")
    code, out, err = call("data", "check", pairs, "--workers", 0, "--json", "--out", tmp_path / "audit.json")
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert not told["is_fit"] and told == json.loads((tmp_path / "audit.json").read_text())


def test_an_error_is_one_line_and_no_document(call: Called, tmp_path: Path) -> None:
    code, out, err = call("data", "check", tmp_path / "nowhere", "--json", "--quiet")
    assert (code, out, len(err.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(("quiet", "drawn"), [(False, True), (True, False)])
def test_progress_is_drawn_in_a_terminal_unless_quiet(
    quiet: bool, drawn: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar("Working", quiet=quiet) as progress:
        progress(1, 2)
    assert ("Working" in capsys.readouterr().err) is drawn
