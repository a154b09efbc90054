"""Very many polygons: listed, seen, panned. How smoothly is measured by benchmarks/viewer.py."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from web.drawn_results import GRID
from web.offline.conftest import opened
from web.offline.seeing import numbers, outlined, picture
from web.waiting import drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("rio_tiler"), pytest.mark.slow]

COUNT = 50_000


@pytest.fixture
def crowded(drawn_result: Path, tmp_path: Path) -> Path:
    """The drawn result with other polygons: squares of half a pixel, in rows over the lower half of the scene."""
    folder = tmp_path / "many"
    shutil.copytree(drawn_result, folder)
    stored = folder / "change.gpkg"
    one = gpd.read_file(stored, layer="change").iloc[[0]].drop(columns=["geometry", "id", "area_ha"])
    stored.unlink()
    places = np.arange(COUNT)
    x = GRID.bounds.left + 10 + places % 400 * 8.5
    y = GRID.bounds.bottom + 10 + places // 400 * 11.0
    frame = one.loc[one.index.repeat(COUNT)].reset_index(drop=True)
    frame.insert(0, "id", places + 1)
    frame.insert(1, "area_ha", 0.0025)
    gpd.GeoDataFrame(frame, geometry=shapely.box(x, y, x + 5, y + 5), crs=GRID.crs).to_file(stored, layer="change")
    return folder


def test_fifty_thousand_polygons_are_listed_seen_and_panned(page: "Page", crowded: Path) -> None:
    from minenetcd.web.offline.view import write_view

    view = opened(page, write_view(crowded))
    assert f"{COUNT:,}" in view.locator(".count").inner_text()
    rows = view.get_by_role("listbox").get_by_role("option")
    assert 0 < rows.count() < 100  # no more than are in sight
    drawn(view)
    shown = outlined(picture(view))
    assert shown[450:].mean() > 0.05 > 50 * shown[:250].mean()

    view.mouse.move(700, 500)
    before = numbers(view.locator(".coordinates").inner_text())
    view.mouse.down()
    view.mouse.move(600, 430, steps=10)
    view.mouse.up()
    after = numbers(view.locator(".coordinates").inner_text())
    assert after == pytest.approx(before, abs=1e-5 * 2)  # the same ground is under the pointer

    view.get_by_role("searchbox").fill("#12345")
    rows.first.click()
    drawn(view)
    assert "Change 12345" in view.locator(".details").inner_text()
    assert 0 < outlined(picture(view)).sum() < 20_000  # this one alone
    view.get_by_role("button", name="Show all").click()
    drawn(view)
    assert outlined(picture(view)).sum() > 1000  # with its neighbours
