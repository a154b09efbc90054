"""The order of imports (pyproject.toml, docs/architecture.md) holds, also for what is named as text."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import minenetcd
from minenetcd.registry import resolve

PACKAGE = Path(minenetcd.__file__).parent
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
FILES = sorted(PACKAGE.rglob("*.py"))


def order() -> list[str]:
    """The rooms from the lowest to the highest, the package's face below the pages and commands that use it."""
    contracts = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    rooms = [layer.strip("()") for layer in reversed(contracts[0]["layers"])]
    rooms.insert(rooms.index("web"), "__init__")
    return rooms


def names_as_text(file: Path) -> Iterator[str]:
    """Every text in `file` like "minenetcd.module:Name"."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            module, colon, name = node.value.partition(":")
            words = [*module.split("."), *name.split(".")]
            if colon and words[0] == "minenetcd" and all(word.isidentifier() for word in words):
                yield node.value


def test_imports_run_one_way_and_in_no_circle() -> None:
    # in a process of its own: it sets logging up anew, by which other libraries' handlers close the output of all tests
    linter = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", linter, "--config", str(PYPROJECT), "--no-cache"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=PYPROJECT.parent)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_order_is_the_one_of_the_documentation() -> None:
    page = (PYPROJECT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"`{' < '.join(room for room in order() if room != '__main__')}`" in page


def test_names_given_as_text_stand_for_something_and_keep_the_order() -> None:
    rooms, found = order(), 0
    for file in FILES:
        here = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for text in names_as_text(file):
            assert resolve(text) is not None
            there = text.partition(":")[0].split(".")[1]
            assert rooms.index(there) <= rooms.index(here), f"{file} names {text}, which stands above it"
            found += 1
    assert found > 30  # the face, and the networks


def test_only_pages_and_commands_go_through_the_face() -> None:
    for file in FILES:
        if file.relative_to(PACKAGE).parts[0] in ("__init__.py", "__main__.py", "web", "cli"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Import) and any(name.name == "minenetcd" for name in node.names)), file
            assert not (isinstance(node, ast.ImportFrom) and node.module in ("minenetcd", None)), file


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import minenetcd, sys; print([m for m in ('torch', 'rasterio', 'transformers', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
