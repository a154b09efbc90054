"""Text from outside in Markdown and CSV is read as the same text, never as an instruction; LaTeX: benchmark tables."""

import html
import io
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from minenetcd.display.escaping import csv_text, from_csv, in_csv, in_markdown, in_terminal

#: Letters that mean something somewhere, and others.
TEXT = st.text(st.sampled_from("ab1 \\`*_[](){}<>|#~&;+-=!.:\"'/@,\t\r\né"), max_size=12)
EXAMPLES = [
    *("[a](javascript:b)", "<script>x</script>", "# title", "a\n\n# title", "- item", "12. item", "***", "---", "```"),
    *("a | b \\| c", "![a](b)", "&lt;b&gt;", "<https://a.b>", "__init__", "a_b_c", "> quoted", "~~gone~~", "=== ="),
]


def shown(markdown: str) -> tuple[set[str], str]:
    """The elements that a page of `markdown` has, and its text."""
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    return set(re.findall(r"<(\w+)", page)), " ".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


def check_markdown(text: str) -> None:
    line = " ".join(text.split())
    assert shown(in_markdown(text)) == ({"p"} if line else set(), line)
    assert shown(f"- key: {in_markdown(text)}") == ({"ul", "li"}, f"key: {line}".strip())
    assert shown(f"# About {in_markdown(text)}") == ({"h1"}, f"About {line}".strip())
    elements, words = shown(f"| one | two |\n|---|---|\n| {in_markdown(text)} | end |")
    assert elements == {"table", "thead", "tbody", "tr", "th", "td"} and words == f"one two {line} end".replace(
        "  ", " "
    )


@pytest.mark.parametrize("text", EXAMPLES)
def test_markdown_shows_a_text_as_it_is(text: str) -> None:
    check_markdown(text)


@given(TEXT)
@settings(deadline=None)
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    check_markdown(text)


def test_what_markdown_leaves_alone_stays_readable() -> None:
    for text in ("levir-cd, F1 0.71", "learning_rate 0.001", "a (b) & c > d", "-0.5", "C:/data/a.tif"):
        assert in_markdown(text) == text


def test_a_terminal_shows_text_and_does_nothing() -> None:
    assert in_terminal("mine\x1b]0;owned\x07\nError: none\u202e") == "mine\ufffd]0;owned\ufffd Error: none\ufffd"
    assert in_terminal("Grube \u00e4\u00a0\u4e95  7") == "Grube \u00e4\u00a0\u4e95  7"


@pytest.mark.parametrize("text", ['=HYPERLINK("http://a","b")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-"])
def test_no_cell_of_text_is_a_formula(text: str) -> None:
    assert in_csv(text) == f"'{text}"


def test_numbers_are_as_they_are() -> None:
    frame = pd.DataFrame({"name": ["=a", None], "gain": [-0.5, 1.0], "count": [1, -2], "printed": ["-0.01", "+1e-3"]})
    assert csv_text(frame) == "name,gain,count,printed\n'=a,-0.5,1,-0.01\n,1.0,-2,+1e-3\n"


@given(st.lists(st.text(st.sampled_from("'=+-@\t\r\n a1,\""), min_size=1, max_size=6), min_size=1, max_size=4))
@settings(deadline=None)
def test_what_is_read_back_is_what_was_written(texts: list[str]) -> None:
    written = csv_text(pd.DataFrame({"name": texts, "count": range(len(texts))}))
    cells = pd.read_csv(io.StringIO(written, newline=""), dtype=str, keep_default_na=False)["name"]
    assert not any(re.match(r"[=+\-@\t\r]", cell) and not re.fullmatch(r"[-+]\d+", cell) for cell in cells)
    again = pd.read_csv(io.StringIO(written, newline=""), converters={"name": from_csv})
    assert again["name"].tolist() == texts and again["count"].tolist() == list(range(len(texts)))
