"""The house keeps its order: every room imports only from its left (docs/architecture.md)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import minenetcd

HOUSE = Path(minenetcd.__file__).parent
ORDER = [
    *("errors", "constants", "files", "registry", "runtime", "display", "configs", "types", "geo"),
    *("layers", "backbones", "models", "weights", "classical", "detectors", "synthetic", "data", "building"),
    *("datasets", "examining", "evaluation", "training", "prediction", "explain", "labelling", "accuracy"),
    *("export", "fleet", "benchmark", "__init__", "web", "cli", "__main__"),
]
FILES = sorted(HOUSE.rglob("*.py"))
FORBIDDEN = {
    **{room: {"torch", "torchvision", "transformers"} for room in ("geo", "synthetic")},
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


def test_imports_run_one_way() -> None:
    wrong = []
    for file in FILES:
        here = room(file)
        for module in imports(file):
            top, _, rest = module.partition(".")
            there = rest.split(".")[0] if rest.split(".")[0] in ORDER else "__init__"
            if top == "minenetcd" and here != "__init__" and ORDER.index(there) > ORDER.index(here):
                wrong.append(f"{file} imports {module}, which stands above it")
            if top in FORBIDDEN.get(here, ()):
                wrong.append(f"{file} imports {top}")
    assert wrong == []


def test_the_order_test_sees_an_upward_import(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from minenetcd.prediction.scene import predict_scene\nfrom minenetcd import predict\n")
    assert imports(planted) == ["minenetcd.prediction.scene", "minenetcd.predict"]


@pytest.mark.parametrize("file", [f for f in FILES if room(f) == "models"], ids=lambda file: file.stem)
def test_architectures_do_not_import_each_other(file: Path) -> None:
    allowed = {"minenetcd.models.base"}
    if file.stem not in ("catalog", "complexity", "__init__"):
        assert {m for m in imports(file) if m.startswith("minenetcd.models")} <= allowed


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import minenetcd, sys; print([m for m in ('torch', 'rasterio', 'transformers', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
