"""What commands show: numbers in words, tables in a terminal and in a pipe."""

import re
import sys

import pytest

from minenetcd.cli.console import digits, print_rich, table
from minenetcd.display.words import counted, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "1.5 min"), (5_399, "90.0 min"), (5_400, "1.5 h"), (260_000, "3.0 days")],
)
def test_a_duration_is_in_the_largest_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_numbers_in_words() -> None:
    assert [counted(number, "pair") for number in (0, 1, 1200)] == ["0 pairs", "1 pair", "1,200 pairs"]
    assert [digits(None), digits(0.12345), digits(-1, "+.2f")] == ["undefined", "0.1235", "-1.00"]


def test_a_table_is_ruled_in_a_terminal_and_one_line_a_row_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    printed = []
    for terminal in (False, True):
        monkeypatch.setattr(sys.stdout, "isatty", lambda is_one=terminal: is_one)
        rows = table("Name", "Value", right=("Value",))
        rows.add_row("a long name " * 5, "1")
        print_rich(rows)
        printed.append(re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out))  # colours off
    assert printed[0].splitlines()[1].split()[-1] == "1" and len(printed[0].splitlines()) == 2
    assert "─" in printed[1] and max(map(len, printed[1].splitlines())) <= 40


@pytest.mark.parametrize("name", ["[red]x", "a[/]b", "[link=file:///etc]y[/link]", ":bomb:"])
def test_no_name_is_markup_in_a_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = table("Data")
    rows.add_row(name)
    print_rich(rows)
    assert capsys.readouterr().out.split() == ["Data", *name.split()]
