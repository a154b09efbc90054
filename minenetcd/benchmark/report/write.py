"""Tables, figures and one page from the results on disk; no network is needed, nor the data."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.report.figures.bars import bars
from minenetcd.benchmark.report.figures.comparison import across, critical_comparison
from minenetcd.benchmark.report.figures.cost import cost
from minenetcd.benchmark.report.figures.gains import change_fft_gains
from minenetcd.benchmark.report.figures.write import write_figure
from minenetcd.benchmark.report.formats import WRITERS
from minenetcd.benchmark.report.page import Chapter, render_report
from minenetcd.benchmark.report.sheets import find_samples, sheet
from minenetcd.benchmark.report.tables import across_table, gains_table, methods_table
from minenetcd.benchmark.results.comparison import LEVEL, Comparison, compare_lines
from minenetcd.benchmark.results.summary import Axis, Part, parts
from minenetcd.benchmark.results.table import write_table
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.configs.suite import Suite
from minenetcd.files import slug, write_text

REPORT = "report.html"

#: Below this many sites, percentile intervals of a bootstrap cover visibly less than they say.
FEW_UNITS = 20


def write_report(folder: BenchmarkFolder) -> Path:
    """Write results.parquet, results.csv, tables/, figures/ and report.html anew; the path of the report.

    Cells that are not finished are named; the others stand in all tables. DataError where there is no benchmark.
    """
    suite, cells = folder.suite(), folder.cells()
    for place in (folder.tables, folder.figures):
        place.mkdir(exist_ok=True)
    frame = write_table(folder)
    found = parts(frame)
    names = _names(found)
    chapters = [
        _chapter(part, name, suite, cells, folder) for part, name in zip(found, names, strict=True) if part.measured
    ]
    chapters += list(_across(found, folder))
    _write_tables(chapters, folder)
    path = folder.path / REPORT
    write_text(path, render_report(suite, frame, chapters))
    return path


def _chapter(part: Part, suffix: str, suite: Suite, cells: Sequence[Cell], folder: BenchmarkFolder) -> Chapter:
    comparison = compare_lines(part.measured, cells, folder)
    chapter = Chapter(part.place, [methods_table(part, f"methods{suffix}")])
    if (gained := gains_table(part, f"changefft{suffix}", comparison)) is not None:
        chapter.tables.append(gained)
    drawn = {
        f"scores{suffix}": (partial(bars, part, comparison), ""),
        f"changefft{suffix}": (partial(change_fft_gains, part), ""),
        f"cost{suffix}": (partial(cost, part), ""),
        f"comparison{suffix}": (
            partial(critical_comparison, comparison, part.place) if comparison else lambda: None,
            _caption(comparison),
        ),
    }
    if comparison is not None:
        write_text(folder.tables / f"comparison{suffix}.csv", comparison.table().to_csv(index=False))
    samples = find_samples(part, cells, folder, suite.samples)
    rule = (
        f"Of the pairs, at most {suite.samples.kept}, whose names come first by their SHA-256, those with change whose "
        "mean F1 over the methods is nearest to each quantile. The number in a map is its F1 on the pair."
    )
    for name, (draw, caption) in drawn.items():
        if (path := write_figure(draw, folder.figures, name)) is not None:
            chapter.figures.append((path, caption))
    draw = partial(sheet, samples, f"{part.place}: maps") if samples else lambda: None
    if (path := write_figure(draw, folder.figures, f"maps{suffix}", photographs=True)) is not None:
        chapter.figures.append((path, rule))
    return chapter


def _caption(comparison: Comparison | None) -> str:
    """The comparison in words."""
    if comparison is None:
        return ""
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


def _across(found: Sequence[Part], folder: BenchmarkFolder) -> Iterable[Chapter]:
    """A table and a figure over all data sets, for each recipe; and over all recipes, for each data set."""
    datasets, recipes = (list(dict.fromkeys(part.name(axis) for part in found)) for axis in ("data set", "recipe"))
    for recipe in recipes if len(datasets) > 1 else ():
        suffix = f"-{slug(recipe)}" if len(recipes) > 1 else ""
        title = "All data sets" + (f", recipe {recipe}" if recipe else "")
        yield _compared(
            [part for part in found if part.recipe == recipe], "data set", title, f"datasets{suffix}", folder
        )
    for dataset in datasets if len(recipes) > 1 else ():
        suffix = f"-{slug(dataset)}" if len(datasets) > 1 else ""
        same = [part for part in found if part.dataset == dataset]
        yield _compared(same, "recipe", f"All recipes, {dataset}", f"recipes{suffix}", folder)


def _compared(parts: Sequence[Part], axis: Axis, title: str, name: str, folder: BenchmarkFolder) -> Chapter:
    """One table and one figure of `parts`, which differ in `axis` alone."""
    chapter = Chapter(title, [across_table(parts, name, axis)])
    if (path := write_figure(partial(across, parts, axis), folder.figures, name)) is not None:
        chapter.figures.append((path, ""))
    return chapter


def _names(found: Sequence[Part]) -> list[str]:
    """Endings of file names that tell the parts apart: none where there is one."""
    datasets, recipes = ({getattr(part, key) for part in found} for key in ("dataset", "recipe"))
    return [
        "".join(
            f"-{slug(value)}" for value, known in ((part.dataset, datasets), (part.recipe, recipes)) if len(known) > 1
        )
        for part in found
    ]


def _write_tables(chapters: Iterable[Chapter], folder: BenchmarkFolder) -> None:
    for chapter in chapters:
        for table in chapter.tables:
            for ending, write in WRITERS.items():
                write_text(folder.tables / f"{table.name}.{ending}", write(table))
