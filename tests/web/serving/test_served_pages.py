"""The pages of a server in a real browser; the fixtures see to it that they ask for nothing outside."""

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from web.serving.made_results import write_pair
from web.serving.servers import Server
from web.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow  # a browser, and a map that is drawn without a graphics card

#: With all that means something in an address.
TOKEN = "a%2Ftoken-of%enough#letters&more?"


def test_sites_are_listed_sorted_filtered_and_lead_to_their_viewer(server: Server, page: "Page") -> None:
    page.goto(server.url)
    rows = page.locator(".site-table tbody tr")
    page.get_by_role("heading", name="5 sites").wait_for()
    assert rows.count() == 5
    page.get_by_label("Show each pair of dates of a series").check()
    assert rows.count() == 10
    page.get_by_label("Show each pair of dates of a series").uncheck()
    page.get_by_role("button", name="Changed").click()
    areas = [
        float(text.split()[0].replace(",", ""))
        for text in page.locator("tbody td:nth-child(2)").all_inner_texts()
        if "ha" in text
    ]
    assert areas == sorted(areas, reverse=True) and len(areas) == 4
    page.get_by_placeholder("Filter by name").fill("mines nor")
    assert rows.count() == 1 and "north" in rows.first.inner_text()
    page.get_by_text("1 pair without a result").click()
    assert page.get_by_text("none.tif").is_visible()
    with page.expect_popup() as opened:
        rows.first.get_by_role("link", name="Report").click()
    assert "north_2019.tif" in opened.value.content()
    rows.first.get_by_role("link", name="north").click()
    page.wait_for_url("**/results/results-mines-north")
    page.get_by_text("difference").first.wait_for()


def test_the_world_and_the_sites_are_drawn(server: Server, page: "Page") -> None:
    with page.expect_response("**/api/world") as world:
        page.goto(server.url)
    assert world.value.ok
    page.locator(".site-link", has_text="south").hover()
    card = page.locator(".site-card")
    card.wait_for()
    assert "south" in card.inner_text() and "ha" in card.inner_text()


def test_a_series_is_gone_through_by_its_slider(server: Server, page: "Page") -> None:
    page.goto(f"{server.url}series/results-mine")
    page.locator("[data-ready=true]").wait_for()
    slider, shown = page.get_by_role("slider"), page.locator("output")
    line, ticks = slider.bounding_box(), page.locator(".ticks").bounding_box()
    assert line is not None and ticks is not None
    assert ticks["y"] >= line["y"] + line["height"] - 4 and abs(ticks["width"] - line["width"]) < 4
    assert shown.inner_text() == "2022-06-04"
    with page.expect_response("**/tiles/date-1/**") as tile:
        slider.fill("0")
    assert tile.value.ok and shown.inner_text() == "2019-06-02"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shown.inner_text() == "2020-06-01"
    facts = page.locator(".series-facts")
    assert "Changed for good until then" in facts.inner_text()
    with page.expect_response("**/tiles/when/**"):
        page.get_by_label("When it changed").check()
    page.locator(".growth-date").last.click()
    assert shown.inner_text() == "2022-06-04"
    facts.get_by_role("link", name="Compare").last.click()
    page.wait_for_url("**/results/results-mine-2019-06-02_2022-06-04")


@pytest.mark.needs("axe_playwright_python")
@pytest.mark.parametrize(
    ("address", "is_there"), [("", ".site-table"), ("jobs", ".drop"), ("series/results-mine", "[data-ready=true]")]
)
def test_pages_are_for_everybody(server: Server, page: "Page", address: str, is_there: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.goto(server.url + address)
    page.locator(is_there).first.wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_a_series_fits_a_phone(server: Server, phone: "Page") -> None:
    phone.goto(f"{server.url}series/results-mine")
    phone.locator("[data-ready=true]").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.goto(server.url)
    phone.locator(".site-table").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.goto(f"{server.url}jobs")
    phone.get_by_text("Earlier image", exact=True).wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_two_images_are_compared_and_another_tab_follows(tmp_path: Path, page: "Page") -> None:
    images = write_pair(tmp_path / "images", "mine")
    with Server.start("--uploads", tmp_path / "uploads") as server:
        page.goto(f"{server.url}jobs")
        other = page.context.new_page()
        other.goto(f"{server.url}jobs")
        button = page.get_by_role("button", name="Find what changed")
        assert button.is_disabled()
        page.locator("#before").set_input_files(images[0])
        page.locator("#after").set_input_files(images[1])
        page.get_by_text("200 pixels").nth(1).wait_for()
        page.get_by_text("How they are read").click()
        page.get_by_label("Detector").select_option("irmad")
        button.click()
        for tab in (page, other):
            tab.get_by_role("link", name="mine_2019.tif to mine_2022.tif").wait_for(timeout=90_000)
        assert button.is_disabled()
        other.get_by_role("link", name="mine_2019.tif to mine_2022.tif").click()
        other.wait_for_url("**/results/results-*")
        other.get_by_text("irmad").first.wait_for()
        page.get_by_role("button", name="Remove mine_2019.tif to mine_2022.tif and its result").click()
        page.get_by_text("None yet.").wait_for()


def test_a_job_at_work_shows_how_far_it_is_and_then_what_it_found(tmp_path: Path, page: "Page") -> None:
    images = write_pair(tmp_path / "images", "mine")
    with Server.start("--uploads", tmp_path / "uploads") as server:
        page.goto(f"{server.url}jobs")
        job = server.ask(*images, detector="irmad")
        until(lambda: server.job(job["id"])["phase"] == "preparing")
        worker = server.worker()
        os.kill(worker, signal.SIGSTOP)  # else it may be over before the page looks
        try:
            page.get_by_role("progressbar", name="Progress of mine_2019.tif to mine_2022.tif").wait_for()
        finally:
            os.kill(worker, signal.SIGCONT)
        done = server.wait(job["id"], "done", "failed")
        outcome = page.get_by_text(re.compile(r"[\d.,]+ ha changed · .*irmad"))
        outcome.wait_for()
        hectares = server.json(f"/api/results/{done['result']}")["hectares"]
        assert f"{hectares:.2f} ha changed" in outcome.inner_text()
        assert outcome.get_by_role("link", name="Viewer").get_attribute("href").endswith(f"results/{done['result']}")
        assert page.get_by_role("progressbar").count() == 0


def test_a_job_is_cancelled_by_a_click(tmp_path: Path, page: "Page") -> None:
    images = write_pair(tmp_path / "images", "mine")
    with Server.start("--uploads", tmp_path / "uploads") as server:
        server.ask(*images, detector="irmad")
        page.goto(f"{server.url}jobs")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Cancelled").wait_for(timeout=60_000)


def test_what_is_no_image_is_said_beside_where_it_was_dropped(server: Server, page: "Page", tmp_path: Path) -> None:
    (tmp_path / "notes.tif").write_text("no image")
    (tmp_path / "large.tif").write_bytes(b"\0" * 2_100_000)
    page.goto(f"{server.url}jobs")
    page.locator("#before").set_input_files(tmp_path / "notes.tif")
    page.get_by_text("An image is needed").wait_for()
    page.locator("#after").set_input_files(tmp_path / "large.tif")
    page.get_by_text("large.tif has 2.1 MB, at most 2.0 MB are taken").wait_for()


def test_a_printed_link_opens_and_leaves_no_token_behind(results: Path, page: "Page") -> None:
    with Server.start(results, "--token", TOKEN) as server:
        page.goto(server.url)
        page.wait_for_url("**/enter")
        page.get_by_label("Token").fill("x" * 20)
        page.get_by_role("button", name="Open").click()
        page.get_by_text("This is not the token").wait_for()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open").click()
        page.get_by_role("heading", name="5 sites").wait_for()
        page.context.clear_cookies()
        page.goto(server.printed.split("Open")[1].split()[0])
        page.get_by_role("heading", name="5 sites").wait_for()
        assert TOKEN not in page.url
        page.go_back()
        assert TOKEN not in page.url


def test_images_that_come_nowhere_are_said_so(results: Path, page: "Page") -> None:
    with Server.start(results) as server:
        page.goto(f"{server.url}jobs")
        page.get_by_text("minenetcd serve --uploads DIR").wait_for()


WITHOUT_WEBGL = """
const given = OffscreenCanvas.prototype.getContext;
OffscreenCanvas.prototype.getContext = function (kind, ...more) {
    return kind === "webgl2" ? null : given.call(this, kind, ...more);
};
"""


def test_where_no_map_can_be_drawn_that_is_said_and_the_list_is_there(server: Server, page: "Page") -> None:
    page.add_init_script(WITHOUT_WEBGL)
    page.goto(server.url)
    page.locator(".sites-map").get_by_text("A browser with WebGL 2 is needed").wait_for()
    page.get_by_role("heading", name="5 sites").wait_for()
    page.goto(f"{server.url}series/results-mine")
    page.get_by_text("A browser with WebGL 2 is needed").wait_for()


def test_images_are_asked_for_only_where_they_can_come_in(results: Path, server: Server, page: "Page") -> None:
    page.goto(server.url)
    page.get_by_role("link", name="Compare images").wait_for()
    with Server.start(results) as closed:
        for path in ("", "series/results-mine"):
            page.goto(f"{closed.url}{path}")
            page.get_by_role("link", name="Sites").wait_for()
            assert page.get_by_role("link", name="Compare images").count() == 0
