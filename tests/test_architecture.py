"""The house keeps its order: every room imports only from its left (docs/architecture.md)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import minenetcd

HOUSE = Path(minenetcd.__file__).parent
ORDER = [
    *("errors", "types", "geo", "layers", "backbones", "models", "weights", "configs", "detector", "data"),
    *("evaluation", "training", "prediction", "explain", "labelling", "fleet", "benchmark", "web", "cli"),
    *("__main__", "__init__"),
]
FILES = sorted(HOUSE.rglob("*.py"))
FORBIDDEN = {
    "geo": {"torch", "torchvision", "transformers"},
    **{room: {"rasterio", "accelerate", "huggingface_hub"} for room in ("layers", "backbones", "models")},
}


def room(file: Path) -> str:
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports(file: Path) -> list[str]:
    """Every module `file` imports, wherever in it, `from minenetcd import x` told apart as minenetcd.x."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found += [f"minenetcd.{a.name}" for a in node.names] if node.module == "minenetcd" else [node.module or ""]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_imports_run_one_way(file: Path) -> None:
    here = room(file)
    if here in ("__init__", "__main__", "cli"):
        return
    for module in imports(file):
        top, _, rest = module.partition(".")
        if top == "minenetcd":
            there = rest.split(".")[0]
            there = there if there in ORDER else "__init__"
            assert ORDER.index(there) <= ORDER.index(here), f"{here} imports {there}, which stands above it"
        assert top not in FORBIDDEN.get(here, ()), f"{here} imports {top}"


def test_the_order_test_sees_an_upward_import(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from minenetcd.prediction.scene import predict_scene\nfrom minenetcd import predict\n")
    assert imports(planted) == ["minenetcd.prediction.scene", "minenetcd.predict"]


@pytest.mark.parametrize("file", [f for f in FILES if room(f) == "models"], ids=lambda file: file.stem)
def test_architectures_do_not_import_each_other(file: Path) -> None:
    allowed = {"minenetcd.models.base"}
    if file.stem not in ("catalog", "__init__"):
        assert {m for m in imports(file) if m.startswith("minenetcd.models")} <= allowed


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import minenetcd, sys; print([m for m in ('torch', 'rasterio', 'transformers', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
