"""The pages of the documentation, and the blocks and commands in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELLS = ("bash", "sh", "console")

#: Pages whose commands, some of them of the example package, tests/examples runs one after the other.
WALKS = [ROOT / "docs" / page for page in ("add-a-model.md", "data/own-data.md", "own-output.md")]


def blocks(page: Path, *languages: str, section: str = "") -> list[str]:
    """The fenced blocks of a page, or of the part of it under one heading."""
    text = page.read_text(encoding="utf-8")
    if section:
        text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    found = re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [block for language, block in found if language in languages]


def files_shown(page: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each block that shows a whole file."""
    text = page.read_text(encoding="utf-8")
    yield from re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', text, flags=re.DOTALL | re.MULTILINE)


def command_lines(page: Path) -> Iterator[list[str]]:
    """What follows `minenetcd` in the shell blocks of a page, word by word; of a synopsis, the longest form."""
    for block in blocks(page, *SHELLS):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if "minenetcd" in words and words[0] in ("minenetcd", "python", "accelerate"):
                yield longest_form(words[words.index("minenetcd") + 1 :])


def longest_form(words: list[str]) -> list[str]:
    """`[--beside MODEL]...` is `--beside MODEL`, `1..4` is 1, `change|no-change` is change."""
    if not any(word.startswith("[-") for word in words):
        return words
    plain = (word.removesuffix("...").strip("[]") for word in words)
    return [word if "=" in word else re.split(r"\||\.\.", word)[0] for word in plain]


def commands_in_prose(page: Path) -> Iterator[list[str]]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for found in re.findall(r"`minenetcd ([^`]+)`", text):
        yield longest_form(shlex.split(found))
