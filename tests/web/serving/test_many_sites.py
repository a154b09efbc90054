"""Very many sites: the list comes in pages, and is searched and sorted as a whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference
from web.serving.made_results import write_pair
from web.serving.many_sites import many_sites
from web.serving.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow  # a browser, and 230 folders
COUNT, A_PAGE = 230, 100


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Server]:
    predict_scene(Difference(), *write_pair(tmp_path / "images", "one"), tmp_path / "one").close()
    with Server.start(many_sites(tmp_path / "one", tmp_path / "sites", COUNT)) as server:
        yield server


def test_a_long_list_has_pages_and_is_sorted_and_searched_as_a_whole(crowded: Server, page: "Page") -> None:
    listed = crowded.json("/api/sites")["sites"]
    assert len(listed) == COUNT
    largest = sorted((site["hectares"] for site in listed), reverse=True)
    page.goto(crowded.url)
    page.get_by_role("heading", name=f"{COUNT} sites").wait_for()
    rows, pages = page.locator(".site-table tbody tr"), page.get_by_role("navigation", name="Pages of the list")
    page.get_by_role("button", name="Changed").click()
    assert shown_hectares(page) == pytest.approx(largest[:A_PAGE], rel=0.01)
    assert pages.get_by_role("button", name="Previous").is_disabled()
    for _ in range(2):
        pages.get_by_role("button", name="Next").click()
    pages.get_by_text(f"201 to {COUNT} of {COUNT}").wait_for()
    assert shown_hectares(page) == pytest.approx(largest[2 * A_PAGE :], rel=0.01)
    assert pages.get_by_role("button", name="Next").is_disabled()
    page.get_by_placeholder("Filter by name").fill("mine-0123")
    page.get_by_role("heading", name="1 site").wait_for()
    assert rows.count() == 1 and pages.count() == 0
    page.get_by_placeholder("Filter by name").fill("")
    pages.get_by_text(f"1 to {A_PAGE} of {COUNT}").wait_for()


def shown_hectares(page: "Page") -> list[float]:
    texts = page.locator("tbody td:nth-child(2)").all_inner_texts()
    return [float(text.split()[0].replace(",", "")) for text in texts]
