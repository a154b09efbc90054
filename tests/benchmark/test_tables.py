"""Tables as built from results, and as Markdown, LaTeX and HTML."""

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.made_up import make_up, square_pairs
from minenetcd.benchmark.report.formats import to_html, to_latex, to_markdown
from minenetcd.benchmark.report.tables import Column, Table, TableCell, across_table, gains_table, methods_table
from minenetcd.benchmark.report.write import write_report
from minenetcd.benchmark.results.comparison import compare_lines
from minenetcd.benchmark.results.summary import Score, gains, parts
from minenetcd.benchmark.results.table import (
    SCHEMA,
    pair_scores,
    read_table,
    results_table,
    unit_counts,
    write_table,
)
from minenetcd.benchmark.suite.suites import read_suite
from minenetcd.display.escaping import in_latex
from minenetcd.evaluation.beside import list_beside

SUITE = {
    "name": "tables",
    "methods": [
        "bit",
        "fc_ef",
        {
            "config": "minenetcd-swin-t",
            "options": {"backbone": ["swin_t", "resnet18"], "change_fft": ["channel", "none"]},
        },
    ],
    "datasets": ["MineNetCD256", {"name": "CLCD", "label": "Crop_land & more"}],
    "recipes": ["paper"],
    "seeds": [1, 2],
    "published": "paper",
}
SKILL = {"BIT": 0.9, "FC-EF": 0.3, "MineNetCD, Swin-T, ChangeFFT": 1.0}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = make_up(
        read_suite(SUITE), tmp_path_factory.mktemp("made-up") / "out", square_pairs(), skill=SKILL,
        leave_out=["MineNetCD, ResNet-18, without ChangeFFT"],
    )  # fmt: skip
    return results_table(folder.state())


@pytest.fixture(scope="module")
def tables(results: pd.DataFrame) -> dict[str, Table]:
    found = parts(results)
    return {
        "methods": methods_table(found[0], "methods"),
        "gains": gains_table(found[0], "gains", None),
        "datasets": across_table(found, "datasets", "data set"),
    }


def test_seeds_become_mean_and_spread() -> None:
    score = Score.over([0.2, 0.4])
    assert score.mean == pytest.approx(0.3) and score.spread == pytest.approx(0.1 * 2**0.5)
    assert Score.over([0.2]).spread is None
    assert Score.over([None, 0.4, float("nan")]) == Score(0.4, None, 1, 3)
    assert Score.over([None]) == Score(None, None, 0, 1)


def test_best_is_bold_second_underlined_and_published_beside(tables: dict[str, Table]) -> None:
    lines = to_markdown(tables["methods"]).splitlines()
    assert lines[2].startswith(
        "| Family | Method | OA (published) | Precision (published) | Recall (published) | F1 (published)"
    )
    best = next(line for line in lines if "| MineNetCD, Swin-T, ChangeFFT |" in line)
    assert best.split("|")[6].strip() == "**1.0000** ± 0.0000 (0.6963)"
    second = next(line for line in lines if "| BIT |" in line)
    assert re.fullmatch(r"<u>0\.\d{4}</u> ± 0\.\d{4} \(0\.6233\)", second.split("|")[6].strip())
    assert sum("**" in line for line in lines) == 1
    missing = next(line for line in lines if "ResNet-18, without ChangeFFT" in line)
    assert missing.split("|")[3:8] == [" not run "] * 5


def test_what_is_undefined_is_shown_as_such(results: pd.DataFrame) -> None:
    frame = results.copy()
    frame.loc[frame["label"] == "FC-EF", "precision"] = None
    frame.loc[(frame["label"] == "BIT") & (frame["seed"] == 1), "precision"] = None
    lines = to_markdown(methods_table(parts(frame)[0], "m")).splitlines()
    assert next(line for line in lines if "| FC-EF |" in line).split("|")[4].strip() == "undefined (0.5628)"
    assert "1 of 2 seeds" in next(line for line in lines if "| BIT |" in line).split("|")[4]


def test_a_seed_that_is_missing_is_told(results: pd.DataFrame) -> None:
    frame = results.copy()
    gone = (frame["label"] == "BIT") & (frame["seed"] == 1)
    frame.loc[gone, ["state", "f1", "precision"]] = ["failed", None, None]
    bit = next(line for line in to_markdown(methods_table(parts(frame)[0], "m")).splitlines() if "| BIT |" in line)
    assert "1 of 2 seeds" in bit


def test_gains_are_with_minus_without(tables: dict[str, Table], results: pd.DataFrame) -> None:
    pairs = gains(parts(results)[0].lines)
    assert [(a.backbone, a.has_change_fft, b.has_change_fft) for a, b in pairs] == [
        ("swin_t", False, True), ("resnet18", False, True),
    ]  # fmt: skip
    swin, resnet = tables["gains"].rows
    gain = swin[4]
    assert float(gain.text) == pytest.approx(float(swin[3].text) - float(swin[2].text), abs=1.1e-4)
    assert gain.text.startswith("+") and gain.printed == "+0.0340"
    assert resnet[2].text == "not run" and resnet[4].text == ""


def test_tables_of_several_data_sets_have_a_column_for_each(tables: dict[str, Table]) -> None:
    table = tables["datasets"]
    assert [column.heading for column in table.columns] == ["Method", "MineNetCD256", "Crop_land & more"]
    assert [cell.rank for cell in table.rows[0][1:]] == [2, 2]


@pytest.mark.slow
def test_tables_of_several_recipes_have_a_column_for_each(tmp_path: Path) -> None:
    suite = read_suite(SUITE | {"datasets": ["CLCD"], "recipes": ["paper", {"name": "strong", "label": "ours"}]})
    folder = make_up(suite, tmp_path / "out", square_pairs(4), skill=SKILL)
    page = write_report(folder).read_text()
    table = across_table(parts(read_table(folder.path / "results.parquet")), "recipes", "recipe")
    assert table.title == "F1 by recipe, CLCD"
    assert [column.heading for column in table.columns] == ["Method", "paper", "ours"]
    assert [row[0].text for row in table.rows][:2] == ["BIT", "FC-EF"]
    assert (folder.tables / "recipes.md").exists() and (folder.figures / "recipes.png").exists()
    assert "All recipes, CLCD" in page and "All data sets" not in page


def test_without_pairs_there_is_no_table_of_gains(results: pd.DataFrame) -> None:
    assert gains_table(parts(results[results["label"].isin(["BIT", "FC-EF"])])[0], "gains", None) is None


@pytest.mark.parametrize("name", ["methods", "gains", "datasets"])
def test_latex_is_whole(tables: dict[str, Table], name: str) -> None:
    check_latex(to_latex(tables[name]))


TEXT = st.text(st.sampled_from("ab|\\&%$#_{}~^<>[]()*`\n\r\0\"'±µ"), max_size=5)
CELLS = st.builds(TableCell, TEXT, TEXT, TEXT, st.sampled_from([None, 1, 2]))
COLUMNS = st.lists(st.builds(Column, TEXT, st.booleans(), st.booleans()), min_size=1, max_size=4)


@given(columns=COLUMNS, cells=st.lists(CELLS, min_size=8, max_size=8), words=TEXT)
@settings(max_examples=50, deadline=None)
def test_any_text_makes_whole_latex_markdown_and_html(
    columns: list[Column], cells: list[TableCell], words: str
) -> None:
    rows = (tuple(cells[: len(columns)]), tuple(cells[4 : 4 + len(columns)]))
    table = Table("t", words, tuple(columns), rows, (words,), (1,))
    check_latex(to_latex(table))
    assert not re.search(r"(\\\\|\\toprule|\\midrule)\s*[\[*]", to_latex(table))  # which would be an option of theirs
    lines = to_markdown(table).split("\n")
    for line in lines[2:6]:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == len(columns) + 1
    html = to_html(table)
    assert html.count("<td") == html.count("</td>") == 2 * len(columns)
    assert len(re.findall(r"<(?!/?(div|table|thead|tbody|tr|th|td|b|u|small|p)\b)", html)) == 0


def check_latex(text: str) -> None:
    """Braces and environments close, and every row has as many cells as the table has columns."""
    bare = text.replace("\\\\", "\n").replace("\\{", "").replace("\\}", "")
    depth = 0
    for letter in bare:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    begun, ended = re.findall(r"\\begin\{(\w+\*?)\}", text), re.findall(r"\\end\{(\w+\*?)\}", text)
    assert begun == ended[::-1] == ["table*", "tabular"]
    columns = len(re.search(r"\\begin\{tabular\}\{([lr]+)\}", text)[1])
    body = text[text.index("\\toprule") : text.index("\\bottomrule")]
    rows = [row for row in body.split("\n") if row.endswith("\\\\")]
    for row in rows:
        cells = re.split(r"(?<!\\)&", row)
        assert (
            sum(int(found[1]) if (found := re.search(r"\\multicolumn\{(\d)\}", cell)) else 1 for cell in cells)
            == columns
        )
    for start, end in re.findall(r"\\cmidrule\(lr\)\{(\d+)-(\d+)\}", text):
        assert 1 <= int(start) < int(end) <= columns


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_fits_the_page(tables: dict[str, Table], tmp_path: Path) -> None:
    wide = dataclasses.replace(
        tables["methods"], name="wide",
        rows=tuple((*row[:1], TableCell("organisation/a_method-of-a-very-long-name" * 2), *row[2:])
                   for row in tables["methods"].rows),
    )  # fmt: skip
    needs = "\\documentclass{article}\\usepackage{booktabs,graphicx}\\usepackage[a4paper,margin=2cm]{geometry}"
    body = "\\clearpage\n".join(to_latex(table) for table in (*tables.values(), wide))
    (tmp_path / "page.tex").write_text(f"{needs}\\begin{{document}}\n{body}\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0 and "Overfull" not in (tmp_path / "page.log").read_text(errors="replace")


def test_negative_numbers_get_a_minus_sign() -> None:
    table = Table("t", "T", (Column("Gain", True, True),), ((TableCell("-0.01", "", "-0.02"),),), (), ())
    assert r"$-$0.01 & $-$0.02 \\" in to_latex(table)


def test_everything_latex_would_read_otherwise_is_escaped() -> None:
    assert in_latex("a_b & 5 % of {x}^2 ~ \\ #1 $") == (
        r"a\_b \& 5 \% of \{x\}\textasciicircum{}2 \textasciitilde{} \textbackslash{} \#1 \$"
    )


def test_the_table_of_results_holds_what_it_promises(results: pd.DataFrame, tmp_path: Path) -> None:
    expected: dict[str, Any] = dict.fromkeys(
        ["tp", "fp", "fn", "tn", "oa", "f1", "ciou", "kappa", "parameters", "macs", "train_seconds", "test_seconds",
         "config_hash", "data_fingerprint", "commit", "published_f1"]
    )  # fmt: skip
    assert expected.keys() <= set(results.columns) and list(results.columns) == SCHEMA.names
    done = results[results["state"] == "finished"]
    assert len(results) == 2 * 2 * 6 + 2 * 6 and len(done) == 2 * 2 * 5 + 2 * 6  # six methods, six beside them
    assert results["beside"].sum() == 2 * 6 and results.loc[results["beside"], "macs"].isna().all()
    counts = done[["tp", "fp", "fn", "tn"]].sum(axis=1)
    assert (counts == 12 * 32 * 32).all()
    assert results["tp"].dtype == "Int64" and results.loc[results["state"] != "finished", "tp"].isna().all()


def test_below_a_line_stand_those_that_need_no_training_without_a_rank(tables: dict[str, Table]) -> None:
    for table, place in ((tables["methods"], 1), (tables["datasets"], 0)):
        names = [row[place].text for row in table.rows]
        assert names[-6:] == list_beside() and len(names) - 6 in table.rules
        assert all(cell.rank is None for row in table.rows[-6:] for cell in row)
        assert any("detectors without training" in note for note in table.notes)


def test_they_leave_ranks_and_comparisons_as_they_are(tmp_path: Path) -> None:
    found = {}
    for name, beside in (("with", None), ("without", [])):
        suite = read_suite({**SUITE, "datasets": ["CLCD"], "beside": beside})
        folder = make_up(suite, tmp_path / name, square_pairs(), skill=dict.fromkeys(list_beside(), 1.0) | SKILL)
        (part,) = parts(results_table(folder.state()))
        comparison = compare_lines(part.measured, folder.state().cells, folder)
        rows = methods_table(part, "methods").rows[: len(part.methods)]
        found[name] = (comparison.table().to_csv(), rows, [line.label for line in part.measured])
    assert found["with"] == found["without"]


def test_names_that_are_formulas_are_none_in_csv_and_come_back(tmp_path: Path) -> None:
    names = ["=1+1", "-a", "'+b", "NA"]
    made = zip(names, square_pairs(len(names)), strict=True)
    pairs = [(name, f"@{name}", *images) for name, (_, _, *images) in made]
    suite = read_suite({**SUITE, "methods": ["bit", "fc_ef"], "datasets": ["CLCD"], "seeds": [1]})
    folder = make_up(suite, tmp_path, pairs, skill={})
    cell = folder.cells()[0]
    written = pd.read_csv(folder.cell(cell) / "per_pair.csv", dtype=str, keep_default_na=False)
    assert written["name"].tolist() == ["'=1+1", "'-a", "''+b", "NA"]
    assert written["site"].tolist() == [f"'@{name}" for name in names]
    assert unit_counts(folder, cell)[:2] == ("site", sorted(f"@{name}" for name in names))
    assert set(pair_scores(folder, cell).index) <= set(names)


def test_parquet_and_csv_hold_the_same(tmp_path: Path) -> None:
    folder = make_up(read_suite(SUITE | {"seeds": [1]}), tmp_path / "out", square_pairs(4), skill={})
    frame = results_table(folder.state())
    write_table(frame, folder.path)
    pd.testing.assert_frame_equal(read_table(folder.path / "results.parquet"), frame)
    text = pd.read_csv(folder.path / "results.csv", float_precision="round_trip")
    assert text["f1"].tolist() == frame["f1"].tolist() and text["tp"].tolist() == frame["tp"].tolist()
