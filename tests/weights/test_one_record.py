"""What a method is called, published as and doubted for stands in its own record: weights/maps/NAME.py."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import minenetcd
from minenetcd.benchmark.suite.labels import method_label
from minenetcd.models.catalog import MODELS, model_class
from minenetcd.weights.maps import MAPS

PACKAGE = Path(minenetcd.__file__).parent

#: The package and its paper are called so as well: of this method only comparisons of names are looked for.
OWN = "minenetcd"

#: Places that name MineNetCD's trunks and their costs, and so ask whether a network is one.
ASKS_FOR_OWN = {"benchmark/suite/labels.py"}

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def texts(tree: ast.Module) -> Iterator[str]:
    """Every text but docstrings."""
    docs = {node.body[0].value for node in ast.walk(tree) if isinstance(node, DOCUMENTED) and ast.get_docstring(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs:
            yield node.value


def compared(tree: ast.Module) -> Iterator[str]:
    """Every text that something is compared with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from (part.value for part in node.comparators if isinstance(part, ast.Constant))


@functools.cache
def files() -> dict[str, ast.Module]:
    """Every file but the records and the table of architectures."""
    places = {file.relative_to(PACKAGE).as_posix(): file for file in sorted(PACKAGE.rglob("*.py"))}
    return {
        place: ast.parse(file.read_text(encoding="utf-8"))
        for place, file in places.items()
        if not place.startswith("weights/maps/") and place != "models/catalog.py"
    }


def test_every_published_method_has_a_record_and_a_label() -> None:
    assert sorted(MAPS) == sorted(name for name in MODELS.built_in if model_class(name).about.title)
    assert {name: method_label(name) for name in ("bit", "tfi_gr", "minenetcd", "resunet", "siamunet_diff")} == {
        "bit": "BIT", "tfi_gr": "TFI-GR", "minenetcd": "MineNetCD", "resunet": "ResUnet",
        "siamunet_diff": "SiamUnet-Diff",
    }  # fmt: skip


def test_no_other_file_names_a_method() -> None:
    """Its own architecture may, in what it says to users."""
    owners = {}
    for name, record in MAPS.items():
        if name != OWN:
            published = record.PUBLISHED
            owners |= dict.fromkeys({name, published.framework, published.table, published.label or name}, name)
    spelt = re.compile(rf"\b({'|'.join(map(re.escape, owners.keys() - MAPS.keys()))})\b")
    faults = []
    for place, tree in files().items():
        for text in texts(tree):
            found = {text} & owners.keys() or set(spelt.findall(text))
            modules = {MODELS.built_in[owners[spelling]].partition(":")[0] for spelling in found}
            if modules - {f"minenetcd.{place.removesuffix('.py').replace('/', '.')}"}:
                faults.append(f"{place}: {text!r}")
    assert faults == []


def test_one_file_asks_whether_a_network_is_minenetcd() -> None:
    assert {place for place, tree in files().items() if OWN in compared(tree)} == ASKS_FOR_OWN
