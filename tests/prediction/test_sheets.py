"""Sheets: one offline file, a page for each of the largest changes, never those of another map."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minenetcd
from fixtures.scene_files import utm_grid
from minenetcd.errors import OptionError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

#: Row, column and side of squares that change.
SQUARES = ((10, 10, 30), (60, 70, 20), (10, 90, 10))


def saved(write_scene: WriteScene, out: Path, *, name: str = "b.tif", **options: Any) -> SavedPrediction:
    before = np.full((100, 120), 20, np.uint8)
    after = before.copy()
    for row, column, side in SQUARES:
        after[row : row + side, column : column + side] = 200
    grid = None if name.endswith(".png") else utm_grid(*before.shape)
    paths = write_scene(name, before, grid), write_scene(f"after-{name}", after, grid)
    second = Difference(name="other")
    with predict_scene(Difference(), *paths, out, options=PredictOptions(**options), second=second) as found:
        assert found.saved is not None
        return found.saved


def test_each_of_the_largest_changes_has_a_page(write_scene: WriteScene, tmp_path: Path) -> None:
    result = saved(write_scene, tmp_path / "out", sheets=2)
    html = result.sheets["sheets"].read_text(encoding="utf-8")
    assert html.count('<section class="sheet">') == 2 and html.count('class="outline"') == 4
    assert "script" not in html and "default-src 'none'" in html
    assert all(
        target.startswith(("data:image/webp", "data:image/jpeg")) for target in re.findall(r"url\(([^)]*)", html)
    )
    words = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())
    for told in (
        "Change 1: 9.01 ha",
        "Change 2: 4.0",
        "other calls 100 % of it changed",
        "(threshold 0.5)",
        "(WGS 84)",
    ):
        assert told in words, told
    assert "the largest of 3" in words and "perimeter 1,2" in words
    assert json.loads(result.summary.read_text())["files"]["sheets"] == "sheets.html"


def test_pictures_have_sheets_too(write_scene: WriteScene, tmp_path: Path) -> None:
    result = saved(write_scene, tmp_path / "out", name="b.png", sheets=True)
    html = result.sheets["sheets"].read_text(encoding="utf-8")
    assert html.count('<section class="sheet">') == 3 and "900 pixels" in html and "column 25, row 25" in html


def test_no_sheets_of_another_map_stay(write_scene: WriteScene, tmp_path: Path) -> None:
    result = saved(write_scene, tmp_path / "out", sheets=1)
    said: list[str] = []
    minenetcd.rethreshold(result.report.parent, threshold=0.6, note=said.append).close()
    assert not result.sheets["sheets"].exists() and "--sheets 1" in said[0] and len(said) == 1
    saved(write_scene, tmp_path / "out", sheets=1)
    assert result.sheets["sheets"].exists()
    assert saved(write_scene, tmp_path / "out").sheets == {} and not result.sheets["sheets"].exists()


@pytest.mark.parametrize("sheets", [-1, 1001])
def test_there_are_zero_to_a_thousand(sheets: int) -> None:
    with pytest.raises(OptionError, match="0 to 1000 sheets"):
        PredictOptions(sheets=sheets)
    assert PredictOptions(sheets=True).sheets == 50 and PredictOptions(sheets=False).sheets == 0
