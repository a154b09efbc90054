import tomllib
from pathlib import Path

import pytest

import minenetcd


def test_every_listed_name_is_there() -> None:
    for name in minenetcd.__all__:
        assert getattr(minenetcd, name) is not None


def test_the_face_agrees_with_where_things_live() -> None:
    assert set(minenetcd._HOME) | {"errors", "__version__"} == set(minenetcd.__all__)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fetch'"):
        _ = minenetcd.fetch


def test_the_version_is_the_changelogs_newest() -> None:
    changelog = (Path(__file__).parents[1] / "CHANGELOG.md").read_text()
    assert f"## {minenetcd.__version__}" in changelog


def test_every_direct_import_is_declared() -> None:
    """What the package imports at module level is among its dependencies."""
    declared = {
        line.split(">=")[0].lower().replace("-", "_")
        for line in tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["dependencies"]
    }
    names = {"yaml": "pyyaml", "PIL": "pillow", "rio_cogeo": "rio_cogeo", "affine": "rasterio"}
    import ast
    import sys

    house = Path(minenetcd.__file__).parent
    for file in house.rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for module in (m.split(".")[0] for m in modules):
                if module != "minenetcd" and module not in sys.stdlib_module_names:
                    assert names.get(module, module).lower() in declared, f"{file.name} imports {module}"
