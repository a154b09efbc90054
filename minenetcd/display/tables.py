"""Numbers and tables as pages show them."""

from collections.abc import Sequence
from html import escape

Row = Sequence[str]


def html_table(head: Row, body: Sequence[Row], *, kind: str = "numbers", emphasised: int = 0) -> str:
    """Rows of text, escaped here; the first column names the row. `emphasised`: a row's number, from 1.

    `kind`: "numbers" are aligned right; "facts" are text, in columns of one width; "small" is dense.
    """
    side = ' class="number"' if kind == "numbers" else ""
    cells = "".join(f"<th{side if at else ''}>{escape(text)}</th>" for at, text in enumerate(head))
    lines = [f"<thead><tr>{cells}</tr></thead>"] if any(head) else []
    for at, row in enumerate(body, start=1):
        cells = "".join(f"<td{side}>{escape(text)}</td>" for text in row[1:])
        total = ' class="total"' if at == emphasised else ""
        lines.append(f'<tr{total}><th scope="row">{escape(row[0])}</th>{cells}</tr>')
    return f'<table class="{kind}">{"".join(lines)}</table>'
