"""Numbers and tables as pages show them."""

from collections.abc import Sequence
from html import escape
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import quote

#: In place of a number that is not there.
DASH = "\N{EN DASH}"


class Link(NamedTuple):
    """A cell that leads to `target`, a file below the page's own folder."""

    text: str
    target: PurePath


Cell = str | Link
Row = Sequence[Cell]


def html_table(head: Sequence[str], body: Sequence[Row], *, kind: str = "numbers", emphasised: int = 0) -> str:
    """Rows of text, escaped here; the first column names the row. `emphasised`: a row's number, from 1.

    `kind`: "numbers" are aligned right; "facts" are text, in columns of one width; "small" is dense.
    """
    side = ' class="number"' if kind == "numbers" else ""
    cells = "".join(f"<th{side if at else ''}>{escape(text)}</th>" for at, text in enumerate(head))
    lines = [f"<thead><tr>{cells}</tr></thead>"] if any(head) else []
    for at, row in enumerate(body, start=1):
        cells = "".join(f"<td{side}>{_shown(cell)}</td>" for cell in row[1:])
        total = ' class="total"' if at == emphasised else ""
        lines.append(f'<tr{total}><th scope="row">{_shown(row[0])}</th>{cells}</tr>')
    return f'<table class="{kind}">{"".join(lines)}</table>'


def link(text: str, target: PurePath) -> str:
    """A link to a file below the page's own folder, as HTML."""
    return f'<a href="{quote(target.as_posix())}">{escape(text)}</a>'


def _shown(cell: Cell) -> str:
    return link(*cell) if isinstance(cell, Link) else escape(cell)
