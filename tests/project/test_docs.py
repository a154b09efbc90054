"""The pages say what is: commands parse, names exist, and what can run on small data runs."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.main import get_command

import minenetcd
from fixtures.hub_data import drawn_pair
from minenetcd.cli.main import app
from project.pages import PAGES, ROOT, SHELLS, WALKS, blocks, command_lines, commands_in_prose


@pytest.fixture
def parser() -> Any:
    """The command line whose commands take their arguments and do nothing."""

    def without_doing(command: Any) -> Any:
        for inner in getattr(command, "commands", {}).values():
            without_doing(inner)
        if not hasattr(command, "commands"):
            command.callback = lambda **_: None
        return command

    return without_doing(get_command(app))


def fault(parser: Any, words: list[str]) -> str:
    """Why the command line refuses these words, if it does."""
    try:
        parser.main(args=words, standalone_mode=False)
    except Exception as error:
        return f"minenetcd {' '.join(words)}: {error}"
    return ""


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in WALKS], ids=lambda page: str(page.relative_to(ROOT))
)
def test_commands_parse(page: Path, parser: Any) -> None:
    faults = [line for words in command_lines(page) if (line := fault(parser, words))]
    # A mention in prose may leave values out: what it names must exist.
    faults += [line for words in commands_in_prose(page) if "No such" in (line := fault(parser, words))]
    assert faults == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_scripts_exist(page: Path) -> None:
    scripts = re.findall(r"^python (\S+\.py)", "\n".join(blocks(page, *SHELLS)), flags=re.MULTILINE)
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def test_options_of_scripts_exist() -> None:
    for script in (ROOT / "benchmarks").glob("*.py"):
        text = script.read_text(encoding="utf-8")
        named = re.findall(r"(?<=[ \[])--[a-z-]+", " ".join(re.findall(r"python benchmarks/.*", text)))
        assert [name for name in named if f'add_argument("{name}"' not in text] == [], script.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    """As the pages are read in the repository; the site's own links are checked when it is built."""
    text = "" if page.name == "nav.md" else page.read_text(encoding="utf-8")  # its links are the site's
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("words", [["predikt"], ["predict", "a.tif", "b.tif", "--modell", "x"], ["data", "chek", "x"]])
def test_a_wrong_command_is_seen(words: list[str], parser: Any) -> None:
    assert fault(parser, words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_names_what_exists(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "minenetcd":
                module = importlib.import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "minenetcd":
                assert hasattr(minenetcd, node.attr), f"minenetcd.{node.attr}"


def test_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, split in enumerate(("train", "train", "val", "test")):
        for folder, pixels in zip(("A", "B", "label"), drawn_pair(seed), strict=True):
            path = tmp_path / "pairs" / split / folder / f"{seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(ROOT / "docs/data/own-data.md", "python", section="Files"):
        exec(block, names)
    splits, facts = capsys.readouterr().out.splitlines()
    assert splits == "('train', 'val', 'test')"
    assert re.fullmatch(r"2 \['0', '1'\] [0-9a-f]{16}", facts)
    assert len(names["scenes"]) == 2


@pytest.mark.slow
def test_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its blocks, one after the other, on a demo of 192 pixels: the demo itself has a test of its own."""
    page = ROOT / "docs/first-map.md"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINENETCD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("minenetcd.prediction.demo.SIZE", 192)
    for words in command_lines(page):
        for written, small in (("sites=40&size=512", "sites=4&size=64"), ("s=200", "s=1"), ("size=8", "size=2")):
            words = [word.replace(written, small) for word in words]
        get_command(app).main(args=words, standalone_mode=False)
    capsys.readouterr()
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(block, names)
    told = capsys.readouterr().out
    assert names["result"].hectares == pytest.approx(names["changes"]["area_ha"].sum(), rel=1e-6)
    assert told.startswith(str(len(names["changes"])))
