"""Tables, figures and one page from the results on disk; no network is needed, nor the data."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path

from minenetcd.benchmark.folder import BenchmarkFolder, State
from minenetcd.benchmark.record import Failure, Record
from minenetcd.benchmark.report.figures.bars import bars
from minenetcd.benchmark.report.figures.comparison import across, critical_comparison
from minenetcd.benchmark.report.figures.cost import cost
from minenetcd.benchmark.report.figures.gains import change_fft_gains
from minenetcd.benchmark.report.figures.write import Drawing
from minenetcd.benchmark.report.formats import WRITERS
from minenetcd.benchmark.report.page import Chapter, render_report
from minenetcd.benchmark.report.sheets import find_samples, sample_masks, sheet
from minenetcd.benchmark.report.tables import across_table, gains_table, methods_table
from minenetcd.benchmark.results.comparison import LEVEL, Comparison, compare_lines
from minenetcd.benchmark.results.summary import Axis, Part, parts
from minenetcd.benchmark.results.table import RESULTS, pair_scores, results_table, unit_counts, write_table
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.display.escaping import csv_text
from minenetcd.errors import DataError
from minenetcd.files import slug, staged_files, write_text

REPORT = "report.html"

#: How the names of tables and figures begin.
_KINDS = ("methods", "changefft", "comparison", "scores", "cost", "maps", "datasets", "recipes")

#: Below this many sites, percentile intervals of a bootstrap cover visibly less than they say.
FEW_UNITS = 20


def write_report(folder: BenchmarkFolder, state: State | None = None) -> Path:
    """Write results.parquet, results.csv, tables/, figures/ and report.html anew; the path of the report.

    They change all at once, and tables and figures that an earlier report had and this has not are removed. Cells that
    are not finished, or whose files are damaged, are named; the others stand in all tables. `state` is by default that
    on disk. DataError where there is no benchmark, OutputError where `folder` cannot be written.
    """
    state = _with_whole_cells(state or folder.state(), folder)
    frame = results_table(state)
    found = parts(frame)
    names = _names(found)
    chapters = [_chapter(part, name, state, folder) for part, name in zip(found, names, strict=True) if part.measured]
    chapters += list(_across(found))
    drawings = [drawing for chapter in chapters for drawing in chapter.drawings]
    figures = [f"{folder.figures.name}/{file}" for drawing in drawings for file in drawing.files]
    texts = {f"{folder.tables.name}/{name}": text for name, text in _tables(chapters).items()}
    optional = {*figures, *_earlier(folder)} - {*texts}
    with staged_files(folder.path, [*RESULTS, REPORT, *texts], optional=optional) as hidden:
        write_table(frame, hidden)
        for name, text in texts.items():
            write_text(hidden / name, text)
        for drawing in drawings:
            drawing.write(hidden / folder.figures.name)
        write_text(hidden / REPORT, render_report(state.suite, frame, chapters, hidden / folder.figures.name))
    return folder.path / REPORT


def _with_whole_cells(state: State, folder: BenchmarkFolder) -> State:
    """`state`, in which cells whose counts, scores or masks are lost or damaged have failed."""
    records, failures = {}, dict(state.failures)
    for cell in state.cells:
        if (record := state.records.get(cell.id)) is not None:
            try:
                _check_files(cell, record, folder)
                records[cell.id] = record
            except DataError as error:
                failures[cell.id] = Failure(str(error), log="", when="")
    return replace(state, records=records, failures=failures)


def _check_files(cell: Cell, record: Record, folder: BenchmarkFolder) -> None:
    """DataError naming what of a finished cell is lost, damaged or not of its record."""
    _, _, counts = unit_counts(folder, cell)
    if tuple(counts.sum(axis=0).tolist()) != astuple(record.metrics.counts):
        raise DataError(
            f"{str(folder.cell(cell))!r} has counts of pairs or sites that do not add up to those of its record.json: "
            "remove its folder, and run again."
        )
    pair_scores(folder, cell)
    sample_masks(folder, cell)


def _earlier(folder: BenchmarkFolder) -> list[str]:
    """Tables and figures of an earlier report."""
    endings = {folder.tables: ("csv", *WRITERS), folder.figures: ("png", "svg")}
    return [
        f"{place.name}/{path.name}"
        for place, known in endings.items()
        for ending in known
        for path in place.glob(f"*.{ending}")
        if path.name.startswith(_KINDS)
    ]


def _chapter(part: Part, suffix: str, state: State, folder: BenchmarkFolder) -> Chapter:
    comparison = compare_lines(part.measured, state.cells, folder)
    chapter = Chapter(part.place, [methods_table(part, f"methods{suffix}")])
    if (gained := gains_table(part, f"changefft{suffix}", comparison)) is not None:
        chapter.tables.append(gained)
    chapter.drawings += [
        Drawing(f"scores{suffix}", partial(bars, part, comparison)),
        Drawing(f"changefft{suffix}", partial(change_fft_gains, part)),
        Drawing(f"cost{suffix}", partial(cost, part)),
    ]
    if comparison is not None:
        chapter.comparison = (f"comparison{suffix}", comparison)
        draw = partial(critical_comparison, comparison, part.place)
        chapter.drawings.append(Drawing(f"comparison{suffix}", draw, _caption(comparison)))
    rule = (
        f"Of the pairs, at most {state.suite.samples.kept}, whose names come first by their SHA-256, those with change "
        "whose mean F1 over the methods is nearest to each quantile. The number in a map is its F1 on the pair."
    )
    if samples := find_samples(part, state, folder):
        draw_maps = partial(sheet, samples, f"{part.place}: maps")
        chapter.drawings.append(Drawing(f"maps{suffix}", draw_maps, rule, has_photographs=True))
    return chapter


def _caption(comparison: Comparison) -> str:
    """The comparison in words."""
    certain = [worse for worse in range(1, len(comparison.labels)) if comparison.is_certain(0, worse)]
    best, *others = comparison.labels
    left = [label for index, label in enumerate(others, start=1) if index not in certain]
    if not certain:
        text = f"{best} is better than none of the others beyond chance (p < {LEVEL:g})"
    elif left:
        text = f"Beyond chance (p < {LEVEL:g}), {best} is better than all but {'; '.join(left)}"
    else:
        text = f"{best} is better than all others beyond chance (p < {LEVEL:g})"
    few = ""
    if comparison.units < FEW_UNITS:
        units = f"{comparison.units} {comparison.unit}s"
        few = f" {units} are few, and the intervals of the bootstrap then too narrow: read them with care."
    alike = (
        " Sites are not known, so that neighbouring pairs count as independent: read all of it as too sure."
        if comparison.unit == "pair"
        else ""
    )
    return f"{text}.{few}{alike}"


def _across(found: Sequence[Part]) -> Iterable[Chapter]:
    """A table and a figure over all data sets, for each recipe; and over all recipes, for each data set."""
    datasets, recipes = (list(dict.fromkeys(part.name(axis) for part in found)) for axis in ("data set", "recipe"))
    for recipe in recipes if len(datasets) > 1 else ():
        suffix = f"-{slug(recipe)}" if len(recipes) > 1 else ""
        title = "All data sets" + (f", recipe {recipe}" if recipe else "")
        yield _compared([part for part in found if part.recipe == recipe], "data set", title, f"datasets{suffix}")
    for dataset in datasets if len(recipes) > 1 else ():
        suffix = f"-{slug(dataset)}" if len(datasets) > 1 else ""
        same = [part for part in found if part.dataset == dataset]
        yield _compared(same, "recipe", f"All recipes, {dataset}", f"recipes{suffix}")


def _compared(parts: Sequence[Part], axis: Axis, title: str, name: str) -> Chapter:
    """One table and one figure of `parts`, which differ in `axis` alone."""
    return Chapter(title, [across_table(parts, name, axis)], [Drawing(name, partial(across, parts, axis))])


def _names(found: Sequence[Part]) -> list[str]:
    """Endings of file names that tell the parts apart: none where there is one."""
    datasets, recipes = ({getattr(part, key) for part in found} for key in ("dataset", "recipe"))
    return [
        "".join(
            f"-{slug(value)}" for value, known in ((part.dataset, datasets), (part.recipe, recipes)) if len(known) > 1
        )
        for part in found
    ]


def _tables(chapters: Iterable[Chapter]) -> dict[str, str]:
    """Every table in every format, by the name of its file."""
    texts: dict[str, str] = {}
    for chapter in chapters:
        texts |= {f"{table.name}.{end}": write(table) for table in chapter.tables for end, write in WRITERS.items()}
        if chapter.comparison is not None:
            name, comparison = chapter.comparison
            texts[f"{name}.csv"] = csv_text(comparison.table())
    return texts
