"""Tables in the layout of the paper, independent of how they are written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from minenetcd.benchmark.results.comparison import Comparison
from minenetcd.benchmark.results.summary import Axis, Line, Part, Score, gains
from minenetcd.display.words import MEASURES, counted

DIGITS = 4


@dataclass(frozen=True)
class TableCell:
    """`text`, how far it `spread`s over seeds, the `printed` number beside it, and its `rank` (1 best, 2 second)."""

    text: str
    spread: str = ""
    printed: str = ""
    rank: int | None = None


@dataclass(frozen=True)
class Column:
    """`has_printed`: whether some cell has a printed number beside it; `is_number`: aligned right."""

    heading: str
    has_printed: bool = False
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """`name` is that of its files; a row starts with its group's name where a group begins."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    notes: tuple[str, ...] = ()
    rules: tuple[int, ...] = ()  # rows before which a new group begins


def methods_table(part: Part, name: str) -> Table:
    """Table 2: every method with the five measures, and what it costs; printed numbers beside where there are any."""
    grouped = any(line.group for line in part.lines)
    scores = {measure: _score_column(part.lines, measure) for measure in MEASURES}
    costs = [[_cost(line.parameters), _cost(line.macs, 30)] for line in part.lines]
    rows = []
    for index, line in enumerate(part.lines):
        head = ([TableCell(_group(part.lines, index))] if grouped else []) + [TableCell(line.label)]
        rows.append((*head, *(column[index] for column in scores.values()), *costs[index]))
    columns = [Column("Backbone" if _all_trunks(part.methods) else "Method", is_number=False)]
    columns = ([Column("Family", is_number=False)] if grouped else []) + columns
    columns += [Column(MEASURES[measure], any(cell.printed for cell in cells)) for measure, cells in scores.items()]
    columns += [Column("Params (M)"), Column("MACs (G)")]
    rules = tuple(
        i for i in range(1, len(part.lines)) if (grouped and _group(part.lines, i)) or _begins_beside(part.lines, i)
    )
    return Table(name, part.place, tuple(columns), tuple(rows), tuple(_notes(part.lines)), rules)


def gains_table(part: Part, name: str, comparison: Comparison | None) -> Table | None:
    """Table 3: what ChangeFFT adds to F1 and cIoU with each backbone; None without such pairs of rows."""
    pairs = gains(part.lines)
    if not pairs:
        return None
    trunks = Counter(with_.backbone for _, with_ in pairs)
    rows = [_gain_row(without, with_, comparison, alone=trunks[with_.backbone] == 1) for without, with_ in pairs]
    has_printed = any(cell.printed for row in rows for cell in row)
    columns = [Column("Family", is_number=False), Column("Backbone", is_number=False)]
    for measure in ("F1", "cIoU"):
        columns += [Column(f"{measure} without"), Column(f"{measure} with"), Column(f"Gain in {measure}", has_printed)]
    columns.append(Column("95 % of the gain in F1"))
    notes = ["Gain: with ChangeFFT minus without."]
    if comparison is not None:
        notes.append(
            f"95 %: paired bootstrap over {comparison.units} {comparison.unit}s of the pooled F1, "
            "which differs from the mean over seeds where there are several."
        )
    if has_printed:
        notes.append("Published: as printed in table 3 of the paper; the released weights have the spatial form.")
    families = [row[0].text for row in rows]
    rules = tuple(index for index in range(1, len(rows)) if families[index] != families[index - 1])
    shown = [
        (TableCell(row[0].text if not index or index in rules else ""), *row[1:]) for index, row in enumerate(rows)
    ]
    return Table(name, f"{part.dataset}: what ChangeFFT adds", tuple(columns), tuple(shown), tuple(notes), rules)


def across_table(parts: Sequence[Part], name: str, axis: Axis) -> Table:
    """F1 of every method on every data set with one recipe, or with every recipe on one data set."""
    beside = {line.label: line.beside for part in parts for line in part.lines}
    labels = sorted(beside, key=beside.__getitem__)  # those of the methods first, each in its order
    by_part = []
    for part in parts:
        lines = {line.label: line for line in part.lines}
        cells = dict(zip(lines, _score_column(tuple(lines.values()), "f1"), strict=True))
        by_part.append([cells.get(label, TableCell("")) for label in labels])
    columns = [
        Column(part.name(axis), any(c.printed for c in cells)) for part, cells in zip(parts, by_part, strict=True)
    ]
    rows = [(TableCell(label), *(cells[index] for cells in by_part)) for index, label in enumerate(labels)]
    notes = _notes([line for part in parts for line in part.lines])
    recipe = f"recipe {parts[0].recipe}" if parts[0].recipe else ""
    title = ", ".join(filter(None, (f"F1 by {axis}", recipe if axis == "data set" else parts[0].dataset)))
    rules = tuple(index for index in range(1, len(labels)) if beside[labels[index]] > beside[labels[index - 1]])
    return Table(name, title, (Column("Method", is_number=False), *columns), tuple(rows), tuple(notes), rules)


def _score_column(lines: Sequence[Line], measure: str) -> list[TableCell]:
    """A measure of all rows; those of the methods have a rank, which equal digits share."""
    shown = [None if (mean := line.scores[measure].mean) is None else round(mean, DIGITS) for line in lines]
    methods = zip(lines, shown, strict=True)
    ranked = sorted({value for line, value in methods if value is not None and not line.beside}, reverse=True)
    ranks = {value: place for place, value in enumerate(ranked[:2], start=1)} if len(ranked) > 1 else {}
    return [
        TableCell(
            _state(line) if value is None else f"{value:.{DIGITS}f}",
            _spread(line.scores[measure]),
            line.printed.get(measure, ""),
            None if value is None or line.beside else ranks.get(value),
        )
        for line, value in zip(lines, shown, strict=True)
    ]


def _gain_row(without: Line, with_: Line, comparison: Comparison | None, *, alone: bool) -> list[TableCell]:
    """`alone`: no other row has this trunk, so that its name tells them apart."""
    trunk = with_.trunk
    cells = [TableCell(trunk.family if trunk else ""), TableCell(trunk.label if trunk and alone else with_.label)]
    for measure in ("f1", "ciou"):
        off, on = without.scores[measure].mean, with_.scores[measure].mean
        values = [
            _state(line) if mean is None else f"{mean:.{DIGITS}f}" for line, mean in ((without, off), (with_, on))
        ]
        gain = "" if off is None or on is None else f"{on - off:+.{DIGITS}f}"
        cells += [*map(TableCell, values), TableCell(gain, printed=with_.printed_gain.get(measure, ""))]
    return [*cells, TableCell(_interval(without, with_, comparison))]


def _interval(without: Line, with_: Line, comparison: Comparison | None) -> str:
    labels = comparison.labels if comparison else ()
    if comparison is None or with_.label not in labels or without.label not in labels:
        return ""
    at = labels.index(with_.label), labels.index(without.label)
    return f"{comparison.difference_low[at]:+.{DIGITS}f} to {comparison.difference_high[at]:+.{DIGITS}f}"


def _state(line: Line) -> str:
    return "undefined" if line.state == "finished" else line.state


def _spread(score: Score) -> str:
    if score.mean is not None and score.defined < score.of:
        return f"{score.defined} of {score.of} seeds"
    return "" if score.spread is None else f"\N{PLUS-MINUS SIGN} {score.spread:.{DIGITS}f}"


def _cost(value: int | None, power: int = 20) -> TableCell:
    return TableCell("" if value is None else f"{value / 2**power:.2f}")


def _group(lines: Sequence[Line], index: int) -> str:
    """The group's name where it begins."""
    group = lines[index].group or ""
    return group if index == 0 or lines[index - 1].group != lines[index].group else ""


def _begins_beside(lines: Sequence[Line], index: int) -> bool:
    return lines[index].beside and not lines[index - 1].beside


def _all_trunks(lines: Sequence[Line]) -> bool:
    return all(line.has_change_fft is not None and line.group for line in lines)


def _notes(lines: Sequence[Line]) -> list[str]:
    """What a reader needs to read a table of scores."""
    beside = [line for line in lines if line.beside]
    seeds = max((score.of for line in lines for score in line.scores.values()), default=0)
    notes = [
        "Measures are of the changed class, from counts pooled over all test pixels; best in bold, second underlined; "
        "undefined where the denominator is zero."
    ]
    if beside:
        notes.append(
            "Below the line: what calling everything changed reaches, and detectors without training, which learn each "
            "pair anew from all its bands. They take no part in ranks and comparisons."
        )
    for label, refused in {line.label: line.refused_pairs for line in lines if line.refused_pairs}.items():
        notes.append(
            f"{label} could not work on {counted(refused, 'pair')} (a date without variance, or too few valid "
            f"pixels): there it counts as unchanged."
        )
    if seeds > 1:
        notes.append(f"Mean and standard deviation over up to {seeds} seeds.")
    if any(line.parameters for line in lines):
        notes.append("Parameters in 2^20; multiply-adds (MACs) in 2^30, for one pair of 256 x 256 pixels.")
    sources = dict.fromkeys(line.printed_in for line in lines if line.printed_in)
    if sources:
        notes.append(f"Published: as printed in {' and '.join(sources)}.")
    if any(source and source.startswith("table 2") for source in sources):
        notes.append(
            "The preprint heads its columns of precision and recall the other way round: by the printed OA and F1, "
            "only the reading given here makes all rows those of one test set."
        )
    doubts: dict[str, list[str]] = {}
    for line in lines:
        if line.printed_note:
            doubts.setdefault(line.printed_note, []).append(line.label)
    return notes + [f"Published, {', '.join(dict.fromkeys(labels))}: {note}." for note, labels in doubts.items()]
