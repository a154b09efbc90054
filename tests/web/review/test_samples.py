"""Judging the points of a sample in the browser, with the keys of the page that works offline."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import minenetcd
from minenetcd.accuracy.judging import Judging, Said
from minenetcd.accuracy.sampling.options import SampleOptions
from web.review.conftest import Server
from web.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("fastapi"), pytest.mark.needs("playwright"), pytest.mark.slow]  # servers, a browser


@pytest.fixture
def sample_server(made_result: Path, tmp_path: Path) -> Iterator[Server]:
    options = SampleOptions(points=20, least=10, context=16)
    folder = minenetcd.sample_accuracy(made_result, tmp_path / "accuracy", options=options).folder
    server = Server(folder).start()
    yield server
    server.end()


def opened(page: "Page", server: Server) -> "Page":
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.goto(server.address)  # one sample is all there is
    page.locator(".samples-state").get_by_text("Point 1 of 20").wait_for()
    return page


def said(server: Server) -> dict[str, Said]:
    return Judging(server.folder).said()


def test_it_is_listed_and_leads_back(page: "Page", sample_server: Server) -> None:
    opened(page, sample_server)
    page.get_by_role("link", name="Sites").click()
    page.wait_for_url("**/sites")
    page.locator(".sample-list").get_by_role("link", name="accuracy").click()
    page.wait_for_url("**/samples/accuracy")


def test_every_key(page: "Page", sample_server: Server) -> None:
    opened(page, sample_server)
    ids = [*Judging(sample_server.folder).sample.points["id"]]
    for key in ("1", "0", "u"):
        page.keyboard.press(key)
    until(lambda: [said(sample_server).get(id) for id in ids[:3]] == [Said(code, "") for code in "10u"], page=page)
    page.locator(".samples-state").get_by_text("Point 4 of 20").wait_for()
    page.keyboard.press("z")
    page.keyboard.press("ArrowLeft")
    page.locator(".samples-state").get_by_text("Point 2 of 20").wait_for()
    page.keyboard.press("x")
    until(lambda: ids[1] not in said(sample_server), page=page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    page.locator(".samples-state").get_by_text("Point 4 of 20").wait_for()
    before = page.locator(".chips img").first
    assert "_before.png" in str(before.get_attribute("src"))
    page.keyboard.down(" ")
    until(lambda: "_after.png" in str(before.get_attribute("src")), page=page)
    page.keyboard.up(" ")
    until(lambda: "_before.png" in str(before.get_attribute("src")), page=page)


def test_the_page_is_blind(page: "Page", sample_server: Server) -> None:
    opened(page, sample_server)
    address = f"{sample_server.address}api/samples/accuracy"
    texts = [page.content(), *(page.request.get(f"{address}{place}").text() for place in ("", "/said"))]
    whole = " ".join(texts)
    assert "points" in whole
    for word in ("stratum", "map_class", "probability", "weight"):
        assert word not in whole


def test_a_reload_and_an_estimate(page: "Page", sample_server: Server) -> None:
    opened(page, sample_server)
    page.get_by_label("Comment").fill("a pit, I say")
    page.keyboard.press("Enter")
    page.keyboard.press("1")
    page.reload()
    page.locator(".samples-state").get_by_text("1 judged").wait_for()
    page.locator(".samples-state").get_by_text("Point 2 of 20").wait_for()  # the first without an answer
    for _ in range(19):
        page.keyboard.press("0")
    page.locator(".samples-state").get_by_text("All are judged").wait_for()
    until(lambda: len(said(sample_server)) == 20, page=page)
    first = Judging(sample_server.folder).sample.points["id"].iloc[0]
    assert said(sample_server)[first] == Said("1", "a pit, I say")
    assert minenetcd.estimate_accuracy(sample_server.folder).judged == 20


def test_a_server_that_dies_loses_no_answer(page: "Page", sample_server: Server) -> None:
    opened(page, sample_server)
    page.keyboard.press("1")
    sample_server.kill()
    page.keyboard.press("0")
    page.locator(".trouble").get_by_text("kept here until it does").wait_for()
    sample_server.start()
    until(lambda: len(said(sample_server)) == 2, patience=30, page=page)
    page.locator(".trouble").wait_for(state="detached")


def test_two_tabs(page: "Page", second_page: "Page", sample_server: Server) -> None:
    opened(page, sample_server)
    opened(second_page, sample_server)
    second_page.keyboard.press("1")
    page.locator(".samples-state").get_by_text("1 judged").wait_for()
    page.locator(".answer[aria-pressed=true]").wait_for()


@pytest.mark.needs("axe_playwright_python")
def test_the_page_is_accessible(page: "Page", phone: "Page", sample_server: Server) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for each in (page, phone):
        opened(each, sample_server)
        found = Axe().run(each)
        assert found.violations_count == 0, found.generate_report()
