import tomllib
from pathlib import Path

import numpy as np
import pytest

import minenetcd
from classical.conftest import drawn_pair
from minenetcd.errors import SizeError
from minenetcd.runtime.execution import ENGINES


def test_every_listed_name_is_there() -> None:
    for name in minenetcd.__all__:
        assert getattr(minenetcd, name) is not None


def test_the_face_agrees_with_where_things_live() -> None:
    assert set(minenetcd._HOME) | {"errors", "__version__"} == set(minenetcd.__all__)


def test_a_detector_without_training_is_named_like_any_other() -> None:
    pair = drawn_pair()
    detector = minenetcd.from_pretrained("irmad")
    score = detector.probability(pair.before, pair.after)
    assert detector.name == "irmad" and score.shape == pair.valid.shape and score.dtype == np.float32
    scene = detector.for_scene([pair])
    assert np.array_equal(score, scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0])
    with pytest.raises(SizeError, match=r"two images of one shape \(H, W, C\), got \(96, 96, 3\) and \(96, 96\)"):
        detector.probability(pair.before, pair.after[..., 0])
    with pytest.raises(SizeError, match=r"valid needs the images' shape \(96, 96\), got \(9,\)"):
        detector.probability(pair.before, pair.after, valid=np.ones(9, bool))
    assert isinstance(minenetcd.from_pretrained("minenetcd-nano"), minenetcd.ChangeDetector)


def test_pixels_that_are_no_numbers_take_no_part() -> None:
    before, after = (date.astype(np.float32) for date in (drawn_pair().before, drawn_pair().after))
    detector, valid = minenetcd.from_pretrained("cva"), np.ones((96, 96), bool)
    after[:9, :9], valid[:9, :9] = np.nan, False
    known = detector.probability(np.nan_to_num(before), np.nan_to_num(after), valid=valid)
    assert np.array_equal(detector.probability(before, after), known) and not known[:9, :9].any()


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fetch'"):
        _ = minenetcd.fetch


def test_the_version_is_the_changelogs_newest() -> None:
    changelog = (Path(__file__).parents[1] / "CHANGELOG.md").read_text()
    assert f"## {minenetcd.__version__}" in changelog


def extras_of(file: Path) -> tuple[str, ...]:
    """Of which a file of the package may import the libraries at module level: it is read where they are needed."""
    if file.stem in ENGINES:
        return "openvino", "onnx"
    if file.parts[:2] == ("labelling", "segments"):
        return ("label",)
    return ("web",) if file.parts[0] == "web" else ()


def test_every_direct_import_is_declared() -> None:
    """What the package imports at module level is among its dependencies; in a file that is read for an engine, for
    segments or for a page alone, among those of its extra."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

    def declared(*extras: str) -> set[str]:
        lines = [
            *project["dependencies"],
            *(line for each in extras for line in project["optional-dependencies"][each]),
        ]
        return {line.split(">=")[0].lower().replace("-", "_") for line in lines}

    names = {"yaml": "pyyaml", "PIL": "pillow", "rio_cogeo": "rio_cogeo", "affine": "rasterio"}
    import ast
    import sys

    house = Path(minenetcd.__file__).parent
    for file in house.rglob("*.py"):
        known = declared(*extras_of(file.relative_to(house)))
        for node in ast.parse(file.read_text()).body:
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for module in (m.split(".")[0] for m in modules):
                if module != "minenetcd" and module not in sys.stdlib_module_names:
                    assert names.get(module, module).lower() in known, f"{file.name} imports {module}"
