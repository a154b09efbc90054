"""Tables as Markdown, LaTeX and HTML."""

import re
from collections.abc import Callable
from html import escape

from minenetcd.benchmark.report.tables import Column, Table, TableCell
from minenetcd.display.escaping import in_latex, in_markdown

#: As wide as it is, at most as the page.
_FIT = r"\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%"


def to_markdown(table: Table) -> str:
    """A pipe table: best bold, second underlined, the printed number in brackets."""
    heads = [f"{column.heading} (published)" if column.has_printed else column.heading for column in table.columns]
    marks = ["---:" if column.is_number else "---" for column in table.columns]
    rows = [[_markdown(cell) for cell in row] for row in table.rows]
    lines = [f"| {' | '.join(cells)} |" for cells in ([in_markdown(head) for head in heads], marks, *rows)]
    notes = [f"{in_markdown(note)}  " for note in table.notes]
    return "\n".join([f"### {in_markdown(table.title)}", "", *lines, "", *notes]).rstrip() + "\n"


def to_latex(table: Table) -> str:
    """A floating table for booktabs; a measure with printed numbers has two columns, measured and published.

    A table wider than the page is made smaller.
    """
    spans = [2 if column.has_printed else 1 for column in table.columns]
    lines = [
        r"% needs \usepackage{booktabs,graphicx}",
        r"\begin{table*}[t]",
        r"\centering",
        rf"\caption{{{in_latex(table.title)}.}}",
        rf"\label{{tab:{table.name}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        _FIT,
        rf"\begin{{tabular}}{{{''.join(('r' if c.is_number else 'l') * s for c, s in _spanned(table, spans))}}}",
        r"\toprule",
        *_latex_head(table, spans),
        r"\midrule",
    ]
    for index, row in enumerate(table.rows):
        lines += [r"\midrule"] if index in table.rules else []
        cells = [text for cell, span in zip(row, spans, strict=True) for text in _latex_cell(cell, span)]
        lines.append(f"{' & '.join(cells)} \\\\")
    notes = [
        r"\par\medskip",
        rf"\parbox{{\textwidth}}{{\raggedright\scriptsize {' '.join(map(in_latex, table.notes))}}}",
    ]
    lines += [r"\bottomrule", r"\end{tabular}}", *(notes if table.notes else []), r"\end{table*}"]
    return "\n".join(lines) + "\n"


def to_html(table: Table) -> str:
    """A table for the report, without its title."""
    heads = "".join(
        f"<th{_side(column)}>{escape(column.heading)}{'<small>published</small>' if column.has_printed else ''}</th>"
        for column in table.columns
    )
    body = []
    for index, row in enumerate(table.rows):
        cells = [_html_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)]
        body.append(f"<tr{' class=rule' if index in table.rules else ''}>{''.join(cells)}</tr>")
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in table.notes)
    content = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody>"
    return f'<div class="wide"><table class="results">{content}</table></div>{notes}'


WRITERS: dict[str, Callable[[Table], str]] = {"md": to_markdown, "tex": to_latex}


def _markdown(cell: TableCell) -> str:
    text, spread, printed = map(in_markdown, (cell.text, cell.spread, cell.printed))
    text = {1: f"**{text}**", 2: f"<u>{text}</u>"}.get(cell.rank or 0, text)
    return " ".join(part for part in (text, spread, f"({printed})" if printed else "") if part)


def _spanned(table: Table, spans: list[int]) -> list[tuple[Column, int]]:
    return list(zip(table.columns, spans, strict=True))


def _latex_head(table: Table, spans: list[int]) -> list[str]:
    if max(spans) == 1:
        return [f"{' & '.join(in_latex(column.heading) for column in table.columns)} \\\\"]
    first, second, rules, place = [], [], [], 1
    for column, span in _spanned(table, spans):
        name = in_latex(column.heading)
        first.append(rf"\multicolumn{{2}}{{c}}{{{name}}}" if span == 2 else name)
        second += ["meas.", "publ."] if span == 2 else [""]
        rules += [rf"\cmidrule(lr){{{place}-{place + 1}}}"] if span == 2 else []
        place += span
    return [f"{' & '.join(first)} \\\\", " ".join(rules), f"{' & '.join(second)} \\\\"]


def _latex_cell(cell: TableCell, span: int) -> list[str]:
    text = _latex_number(cell.text)
    text = {1: rf"\textbf{{{text}}}", 2: rf"\underline{{{text}}}"}.get(cell.rank or 0, text)
    if cell.spread:
        text += rf" {{\tiny {in_latex(cell.spread)}}}"
    return [text, _latex_number(cell.printed)] if span == 2 else [text]


def _latex_number(text: str) -> str:
    """With a minus sign, not a hyphen, before a number."""
    return in_latex(re.sub(r"^-(?=\d)", "\N{MINUS SIGN}", text))


def _side(column: Column) -> str:
    return ' class="number"' if column.is_number else ""


def _html_cell(cell: TableCell, column: Column) -> str:
    text = escape(cell.text)
    text = {1: f"<b>{text}</b>", 2: f"<u>{text}</u>"}.get(cell.rank or 0, text)
    if cell.spread:
        text += f" <small>{escape(cell.spread)}</small>"
    if column.has_printed:
        text += f'<small class="printed">{escape(cell.printed) or "&nbsp;"}</small>'
    return f"<td{_side(column)}>{text}</td>"
