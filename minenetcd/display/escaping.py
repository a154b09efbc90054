"""Text from outside in Markdown, LaTeX, CSV and on a terminal: read as the same text, never as an instruction.

HTML: `html.escape`.
"""

import csv
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pandas import DataFrame

#: What means something anywhere in a line of Markdown; "_" only where it is not between two letters.
_MARKDOWN = re.compile(r"[\\`*\[\]<|#~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|^>|^[-+=](?=[-+=\s]|$)")
_LIST_NUMBER = re.compile(r"^(\d+)([.)])(?=\s|$)")

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\N{PLUS-MINUS SIGN}": r"$\pm$", "<": r"$<$", ">": r"$>$",
    "\N{MINUS SIGN}": "$-$", "|": r"\textbar{}",
    # after the \\ of the row above, or \toprule, these would begin an option
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip

#: What a spreadsheet computes; those that begin with an apostrophe of their own, so that one can be taken off again.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")


def in_markdown(text: str) -> str:
    """`text` in one line, wherever in Markdown a text may stand, in a cell of a table too, but not in code."""
    return _LIST_NUMBER.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", _one_line(text)))


def in_latex(text: str) -> str:
    """`text` in one line, also at the beginning of a row, without what TeX cannot read."""
    return "".join(_LATEX.get(letter, letter) for letter in _one_line(text) if letter.isprintable())


def in_csv(text: str) -> str:
    """A cell of text, with an apostrophe before what a spreadsheet would compute; `from_csv` takes it off."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def from_csv(text: str) -> str:
    """What `in_csv` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def csv_text(frame: "DataFrame") -> str:
    """A table as CSV without its index; its cells of text as `in_csv` gives them, numbers as they are."""
    texts: dict[str, Any] = {
        str(name): [in_csv(cell) if isinstance(cell, str) else cell for cell in column]
        for name, column in frame.items()
        if any(isinstance(cell, str) for cell in column)
    }
    ends_lines = any("\r" in str(cell) for column in texts.values() for cell in column)
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if ends_lines else csv.QUOTE_MINIMAL  # which quotes no lone \r
    return frame.assign(**texts).to_csv(index=False, lineterminator="\n", quoting=quoting)


def in_terminal(text: str) -> str:
    """`text` in one line, without what moves a terminal's cursor, sets its title, or turns the direction of writing."""
    line = " ".join(text.replace("\t", " ").splitlines())
    return "".join(letter if _is_seen(letter) else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _is_seen(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"  # blanks of every width


def _one_line(text: str) -> str:
    return " ".join(text.split())
