"""The changes of a result: clicked on the map, listed, filtered."""

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest

from minenetcd.display.words import number
from web.offline.seeing import from_spot, outlined, picture
from web.waiting import drawn

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.needs("rio_tiler"), pytest.mark.slow]


@pytest.fixture(scope="module")
def polygons(drawn_result: "Path") -> gpd.GeoDataFrame:
    return gpd.read_file(drawn_result / "change.gpkg", layer="change").set_index("id")


def rows(page: "Page") -> "Locator":
    return page.get_by_role("listbox").get_by_role("option")


def chosen(page: "Page") -> str:
    return page.locator(".details").inner_text()


def test_a_click_on_a_polygon_tells_all_that_is_known_of_it(view: "Page", polygons: gpd.GeoDataFrame) -> None:
    inside, outside = from_spot(view, 65, 90), from_spot(view, 150, 250)
    view.mouse.click(*inside)
    row, said = polygons.loc[1], chosen(view)
    assert "Change 1" in said and f"{number(row.area_ha)} ha" in said
    assert "2019-06-02 to 2023-07-01" in said
    assert f"{row.confidence_mean:.2f} on average, a tenth of its pixels below {row.confidence_p10:.2f}" in said
    assert view.get_by_role("listbox").get_by_role("option", selected=True).inner_text().startswith("1")
    view.mouse.click(*outside)  # nothing changed there
    assert view.locator(".details").count() == 0


def test_the_list_has_all_of_them_and_brings_one_into_sight(view: "Page", polygons: gpd.GeoDataFrame) -> None:
    listed = rows(view)
    assert listed.count() == len(polygons)
    smallest = len(polygons)
    listed.nth(smallest - 1).click()
    drawn(view)
    assert f"Change {smallest}" in chosen(view)
    across = np.flatnonzero(outlined(picture(view)).any(axis=0))
    assert np.ptp(across) > 50  # large enough to be seen well
    view.keyboard.press("n")
    assert "Change 1\n" in chosen(view)
    view.keyboard.press("Escape")
    assert view.locator(".details").count() == 0


def test_arrows_walk_through_the_list(view: "Page") -> None:
    view.get_by_role("listbox").focus()
    view.keyboard.press("ArrowDown")
    view.keyboard.press("ArrowDown")
    assert view.get_by_role("listbox").get_attribute("aria-activedescendant") == "change-2"
    drawn(view)
    assert "Change 2:" in view.locator("p[role=status].unseen").inner_text()


def test_size_and_confidence_choose_what_is_listed_and_outlined(view: "Page", polygons: gpd.GeoDataFrame) -> None:
    before = outlined(picture(view)).sum()
    limit = polygons.area_ha.sort_values().iloc[-2] + 0.01
    view.get_by_label("At least, in hectares").fill(f"{limit:.2f}")
    assert rows(view).count() == 1
    assert f"1 of {len(polygons)}" in view.locator(".count").inner_text()
    drawn(view)
    assert 0 < outlined(picture(view)).sum() < 0.8 * before
    view.get_by_role("button", name="Show all").click()
    assert rows(view).count() == len(polygons)

    least = polygons.confidence_mean.sort_values().iloc[0] + 0.01
    view.get_by_label("Confidence from").fill(f"{least:.2f}")
    assert rows(view).count() == (polygons.confidence_mean >= round(least, 2)).sum()


def test_a_search_finds_a_number_and_the_order_can_be_turned(view: "Page", polygons: gpd.GeoDataFrame) -> None:
    view.get_by_role("searchbox").fill("#2")
    assert rows(view).all_inner_texts()[0].startswith("2")
    view.get_by_role("searchbox").fill("nothing is called so")
    assert "No change is like that" in view.get_by_role("listbox").inner_text()
    view.get_by_role("searchbox").fill("")
    view.get_by_label("Order").select_option("least certain")
    first = rows(view).first.inner_text().split()[0]
    assert int(first) == polygons.confidence_mean.idxmin()
