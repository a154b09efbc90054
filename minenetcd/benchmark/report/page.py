"""The report of a benchmark as one page."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from minenetcd.benchmark.report.figures.write import Drawing
from minenetcd.benchmark.report.formats import to_html
from minenetcd.benchmark.report.tables import Table
from minenetcd.benchmark.results.comparison import Comparison
from minenetcd.benchmark.results.summary import parts
from minenetcd.configs.suite import NO_WEIGHTS, Suite
from minenetcd.constants import VERSION
from minenetcd.datasets.drawn import drawn_kind
from minenetcd.display.page import drawing_source, key_figures, picture_source, render_page
from minenetcd.display.tables import html_table
from minenetcd.display.words import duration
from minenetcd.evaluation.significance import DRAWS

#: Columns of the table of cells: heading, column of the results, how it is shown.
_CELL_COLUMNS = (
    ("Row", "label", "{}"), ("Data", "dataset", "{}"), ("Recipe", "recipe", "{}"), ("Seed", "seed", "{}"),
    ("Weights", "weights", "{}"), ("F1", "f1", "{:.4f}"), ("Threshold", "threshold", "{:.2f}"),
    ("Steps", "train_steps", "{:,}"), ("Training [s]", "train_seconds", "{:,.0f}"),
    ("Test [s]", "test_seconds", "{:,.1f}"),
    ("Configuration", "config_hash", "{}"), ("Test data", "data_fingerprint", "{:.10}"), ("Commit", "commit", "{:.7}"),
)  # fmt: skip

#: Columns that are left out where all cells share one value, and how it is said instead.
_SHARED = {"dataset": "data", "recipe": "recipe", "weights": "weights"}


@dataclass
class Chapter:
    """What is shown of one data set and recipe, in this order."""

    title: str
    tables: list[Table] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    comparison: tuple[str, Comparison] | None = None  # its name, and what its table holds


def render_report(suite: Suite, frame: pd.DataFrame, chapters: Sequence[Chapter], figures: Path) -> str:
    """The page as HTML, with what was drawn into the folder `figures`; all text from outside is escaped."""
    return render_page(
        kind="Benchmark",
        heading=suite.title,
        subtitle=suite.description,
        sections=_sections(suite, frame, chapters, figures),
        made=f"Suite {suite.name}",
        software=f"minenetcd {VERSION}",
    )


def _sections(suite: Suite, frame: pd.DataFrame, chapters: Sequence[Chapter], figures: Path) -> list[str]:
    sections = [*_warnings(frame), _key_figures(frame)]
    for chapter in chapters:
        sections.append(f'<h2 class="chapter">{escape(chapter.title)}</h2>')
        for table in chapter.tables:
            heading = "" if table.title == chapter.title else f"<h3>{escape(table.title)}</h3>"
            sections.append(heading + to_html(table))
        drawn = [(figures / drawing.files[-1], drawing.caption) for drawing in chapter.drawings]
        sections += [_figure(path, caption) for path, caption in drawn if path.exists()]
    sections.append(f'<h2 class="chapter">How it was measured</h2>{_protocol(suite, frame)}')
    sections.append(f"<h3>Every cell, and what it rests on</h3>{_cells_table(frame)}")
    return sections


def _warnings(frame: pd.DataFrame) -> list[str]:
    """Cells without a result."""
    missing = frame[frame["state"] != "finished"]
    lines = []
    for state, rows in missing.groupby("state", sort=False):
        if state == "failed":
            items = "".join(
                f"<li>{escape(_name(row))}: {escape(str(row['error']))}</li>" for row in rows.to_dict("records")
            )
            lines.append(f'<div class="warning"><b>{len(rows)} of {len(frame)} cells failed.</b><ul>{items}</ul></div>')
        else:
            what = "have no published weights" if state == "not published" else "have not been run yet"
            lines.append(f'<div class="warning"><b>{len(rows)} of {len(frame)} cells {what}.</b></div>')
    for dataset, rows in frame.groupby("dataset", sort=False):
        if rows["data_fingerprint"].nunique() > 1:
            lines.append(
                f'<div class="warning"><b>{escape(str(dataset))} changed between cells</b>: their scores are not of '
                "the same images.</div>"
            )
    return lines


def _name(row: Mapping[Hashable, Any]) -> str:
    seed = None if pd.isna(row["seed"]) else f"seed {row['seed']}"
    return ", ".join(str(part) for part in (row["label"], row["dataset"], row["recipe"], seed) if part)


def _key_figures(frame: pd.DataFrame) -> str:
    done = frame[frame["state"] == "finished"]
    figures: list[tuple[str, str, str]] = []
    best = [part.measured[0] for part in parts(frame) if part.measured]
    if len(best) == 1:
        figures.append((f"Best F1: {best[0].label}", f"{best[0].f1:.4f}", ""))
    elif best:
        figures.append(("Tables", str(len(best)), "one for each data set and recipe"))
    figures.append(("Cells measured", str(len(done)), f"of {len(frame)}"))
    if len(done):
        sets = done.drop_duplicates("dataset")
        sites = sets["sites"].sum() if sets["sites"].notna().all() else None
        figures.append(
            ("Tested on", f"{int(sets['pairs'].sum()):,}", "pairs" + (f" of {int(sites)} sites" if sites else ""))
        )
        seconds = done["train_seconds"].fillna(0).sum() + done["test_seconds"].fillna(0).sum()
        time, unit = duration(seconds).split()
        figures.append(("Computing time", time, unit))
    return key_figures(figures)


def _figure(path: Path, caption: str) -> str:
    """A figure inside the page: an SVG as it is, a picture as WebP."""
    if path.suffix == ".svg":
        source = drawing_source(path.read_bytes())
    else:
        source = picture_source(Image.open(path).convert("RGB"), photograph=True)
    words = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure><img alt="{escape(path.stem)}" src="{source}">{words}</figure>'


def _protocol(suite: Suite, frame: pd.DataFrame) -> str:
    threshold = (
        "each detector's own threshold (chosen on its validation split, or 0.5)"
        if suite.test.threshold is None
        else f"the threshold {suite.test.threshold:g}"
    )
    sentences = [
        f"Every detector is tested on the split {suite.test.split!r} with {threshold}. True and false positives and "
        "negatives are counted over all labelled pixels of the split and added up as whole numbers; OA, precision, "
        "recall, F1 and cIoU (equations 7 to 11 of the paper) are taken from these sums, once.",
        "Checkpoints are chosen on the validation split; the test split chooses nothing.",
        "Intervals are those of a paired bootstrap: the sites of the test set (its pairs, where sites are not known) "
        f"are drawn {DRAWS:,} times with replacement, the same for all methods, counts pooled before F1 is taken. "
        "P-values are those of a paired exchange test, two methods exchanged site by site, corrected for the number of "
        "comparisons (Holm). All of it is in tables/comparison.csv. It tells how far the choice of test "
        "sites could have moved the result, not how far another training run would: for that, compare seeds.",
    ]
    if machines := ", ".join(frame["machine"].dropna().unique()):
        sentences.append(f"Seconds were measured on: {machines}.")
    if (~frame["weights"].isin(["trained", NO_WEIGHTS])).any():
        sentences.append(
            "Rows with weights trained elsewhere were not trained here: how their checkpoints were chosen is not known."
        )
    kinds = map(drawn_kind, frame["data_source"].dropna().unique())
    sentences += dict.fromkeys(kind.caution for kind in kinds if kind)
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _cells_table(frame: pd.DataFrame) -> str:
    """One row a cell; what is the same in all of them stands above."""
    same = {key: values[0] for key in _SHARED if len(values := frame[key].unique()) == 1}
    shown = [column for column in _CELL_COLUMNS if column[1] not in same and frame[column[1]].notna().any()]
    head = [heading for heading, _, _ in shown]
    body = [
        ["" if pd.isna(row[key]) else form.format(row[key]) for _, key, form in shown]
        for row in frame.to_dict("records")
    ]
    words = ", ".join(f"{_SHARED[key]} {value}" for key, value in same.items() if value)
    note = f"All cells: {words}. " if words else ""
    table = html_table(head, body, kind="small")
    return f'<div class="wide">{table}</div><p class="note">{escape(note)}All columns are in results.csv.</p>'
