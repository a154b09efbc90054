"""minenetcd benchmark, as it is typed."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from benchmark.made_up import make_up, square_pairs
from minenetcd.benchmark.suite.suites import list_suites, read_suite
from minenetcd.cli.benchmark import app
from minenetcd.errors import DataError, UnknownNameError
from training.squares import write_squares


def call(*words: str) -> Result:
    result = CliRunner().invoke(app, list(words), terminal_width=200)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_first_word_is_a_suite_unless_it_is_a_command(tmp_path: Path) -> None:
    planned = call("paper-table2", "--dry-run", "--out", str(tmp_path / "out"))
    assert planned.exit_code == 0
    assert planned.output == call("run", "paper-table2", "--dry-run", "--out", str(tmp_path / "out")).output
    assert planned.output == call("--dry-run", "--out", str(tmp_path / "out"), "paper-table2").output
    assert all(name in call("list").output for name in list_suites())
    assert not (tmp_path / "out").exists()


def test_a_plan_tells_every_cell_and_its_cost(tmp_path: Path) -> None:
    lines = call("paper-table2", "--dry-run", "--out", str(tmp_path)).output.splitlines()
    minenetcd = next(line for line in lines if line.strip().startswith("MineNetCD "))
    assert [word for word in minenetcd.split() if word[0].isdigit()][1:4] == ["40.34", "4,771,200", "19,355"]
    assert lines[-3].startswith("19 of 19 cells to do")
    irmad = next(line for line in lines if line.startswith("irmad "))
    assert irmad.split()[1:4] == ["MineNetCD256", "none", "19,355"] and irmad.split()[-1] == "do"
    assert lines[-1].startswith("No time is told before a cell was measured")
    published = call("paper-table2", "weights=published", "--dry-run", "--out", str(tmp_path)).output
    assert "HZDR-FWGEL/UCD-MNCD256-ChangeFFT" in published and "4,771,200" not in published


def test_a_plan_over_results_tells_the_time_that_is_left(tmp_path: Path) -> None:
    suite = {"methods": ["bit", "fc_ef"], "datasets": ["MineNetCD256"], "beside": []}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(suite))
    make_up(read_suite(tmp_path / "s.yaml"), tmp_path / "out", square_pairs(), skill={}, leave_out=["BIT"])
    output = call(str(tmp_path / "s.yaml"), "--dry-run", "--out", str(tmp_path / "out")).output
    assert "1 of 2 cells to do" in output and "At the speed measured so far" in output
    assert next(line for line in output.splitlines() if "FC-EF" in line).split()[-1] == "finished"


@pytest.mark.slow
def test_report_needs_the_folder_alone(tmp_path: Path) -> None:
    suite = read_suite({"name": "s", "methods": ["bit", "fc_ef"], "datasets": ["CLCD"]})
    make_up(suite, tmp_path / "out", square_pairs(), skill={})
    result = call("report", str(tmp_path / "out"))
    assert result.exit_code == 0 and str(tmp_path / "out" / "report.html") in result.output
    assert (tmp_path / "out" / "report.html").exists()
    with pytest.raises(DataError, match="holds no benchmark"):
        call("report", str(tmp_path / "nothing"))


def test_a_misspelt_suite_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'synthetic-small'"):
        call("sintetic-small")


@pytest.mark.slow
def test_a_suite_runs_and_a_failed_cell_is_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    squares = write_squares(tmp_path / "squares")
    suite = {
        "methods": [
            {"config": "minenetcd-nano", "label": "embedded", "weights": "minenetcd-nano"},
            {"config": "bit", "weights": "published"},
            {"config": "fc_ef", "weights": "no/such-folder"},
        ],
        "datasets": [{"name": str(squares), "label": "Squares"}],
        "settings": {"data": {"workers": 0}},
        "beside": ["everything changed", "cva"],
    }
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(suite))
    result = call(str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out"), "--device", "cpu")
    assert result.exit_code == 1 and "3 cells measured, 1 failed" in result.output
    assert "no/such-folder" in result.stderr
    assert "There are no published weights of BIT for Squares: train it" in result.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "1 of 5 cells have no published weights." in page and "They take no part in ranks and comparisons." in page
    assert [page.count(f"<td>{name}</td>") for name in ("everything changed", "cva")] == [1, 1]
    assert "3 of 4 cells are finished already" in call(str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out")).stderr
    assert (tmp_path / "out" / "results.parquet").exists() and (tmp_path / "out" / "report.html").exists()
