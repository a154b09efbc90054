"""Judging the changes of a result in the browser: every key, undo, reload, two tabs, two people, a server that dies."""

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import minimum_filter

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference
from web.review.conftest import Server
from web.waiting import drawn, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("fastapi"), pytest.mark.needs("playwright"), pytest.mark.slow]  # servers, a browser


def opened(page: "Page", server: Server, *, name: str | None = "Ann") -> "Page":
    """The desk, where `name` is known already."""
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    if name is not None:
        page.add_init_script(f"localStorage.setItem('minenetcd reviewer', {json.dumps(name)})")
    page.goto(f"{server.address}results/{server.folder.name}")
    page.wait_for_selector("[data-ready=true]")
    heading(page).wait_for()
    return page


def heading(page: "Page"):
    return page.locator(".review-heading b", has_text=re.compile(r"Change \d"))


def chosen(page: "Page") -> int:
    return int(heading(page).inner_text().split()[1].rstrip(","))


def stored(server: Server) -> dict[int, str]:
    return Verdicts(server.folder).statuses()


def test_one_key_a_verdict_and_the_most_doubtful_first(page: "Page", server: Server) -> None:
    queue = Verdicts(server.folder).queue()
    opened(page, server, name=None)
    assert chosen(page) == queue[0]
    page.keyboard.press("a")  # a name is asked for first, in a field
    until(lambda: page.evaluate("document.activeElement.placeholder") == "Every verdict says whose it is", page=page)
    page.keyboard.type("Ann a")
    page.keyboard.press("Enter")
    until(lambda: stored(server) == {queue[0]: "accepted"}, page=page)  # what waited for the name, and no letter of it
    assert page.locator(".review-said").inner_text() == f"Change {queue[0]} accepted"
    for key, status, place in (("r", "rejected", 1), ("u", "unsure", 2)):
        assert chosen(page) == queue[place]
        page.keyboard.press(key)
        until(lambda place=place, status=status: stored(server).get(queue[place]) == status, page=page)
    assert chosen(page) == queue[3]
    assert {each.by for each in [Verdicts(server.folder).give(queue[3], "unsure", by="Ann a")]} == {"Ann a"}
    assert set(Verdicts(server.folder).polygons()["reviewed_by"].dropna()) == {"Ann a"}


def test_letters_of_a_name_are_no_verdicts_while_the_page_loads(page: "Page", server: Server) -> None:
    page.goto(f"{server.address}results/{server.folder.name}", wait_until="commit")
    field = page.get_by_label("Your name")
    field.click()
    page.keyboard.type("Clara Ruane", delay=40)  # a, r, u, n and e are keys of the desk
    page.wait_for_selector("[data-ready=true]")
    heading(page).wait_for()
    assert field.input_value() == "Clara Ruane"
    assert stored(server) == {} and chosen(page) == Verdicts(server.folder).queue()[0]


def test_where_nothing_changed_there_is_nothing_to_judge(page: "Page", tmp_path: Path) -> None:
    image = np.random.default_rng(3).integers(10, 90, (60, 60, 3), dtype=np.uint8)
    names = tmp_path / "2020.tif", tmp_path / "2023.tif"
    paths = [write_geotiff(name, image + np.uint8(more), utm_grid(60, 60)) for more, name in enumerate(names)]
    predict_scene(Difference(), *paths, tmp_path / "change").close()
    started = Server(tmp_path / "change").start()
    try:
        page.goto(f"{started.address}results/change")
        page.wait_for_selector("[data-ready=true]")
        assert page.get_by_text("Nothing changed here: there is nothing to judge.").count() == 2
        page.get_by_role("option", name="Nothing changed here.").wait_for()
        for key in "arusnze":
            page.keyboard.press(key)
        assert page.get_by_role("alert").count() == 0 and page.locator(".verdict").count() == 0
    finally:
        started.end()


def test_skip_next_and_undo(page: "Page", server: Server) -> None:
    queue = Verdicts(server.folder).queue()
    opened(page, server)
    page.keyboard.press("n")
    assert chosen(page) == queue[1]
    page.keyboard.press("s")
    assert chosen(page) == queue[2]
    assert stored(server) == {}
    for _ in range(len(queue) - 2):
        page.keyboard.press("a")
    until(lambda: len(stored(server)) == len(queue) - 2, page=page)
    page.keyboard.press("a")
    until(lambda: len(stored(server)) == len(queue) - 1, page=page)
    assert chosen(page) == queue[1]  # what was skipped comes last
    page.keyboard.press("z")
    until(lambda: len(stored(server)) == len(queue) - 2, page=page)
    page.keyboard.press("z")
    until(lambda: len(stored(server)) == len(queue) - 3, page=page)


def test_undo_goes_to_what_was_taken_back(page: "Page", server: Server) -> None:
    opened(page, server)
    first = chosen(page)
    page.keyboard.press("r")
    until(lambda: stored(server) == {first: "rejected"}, page=page)
    page.keyboard.press("z")
    until(lambda: stored(server) == {}, page=page)
    until(lambda: chosen(page) == first, page=page)
    page.keyboard.press("z")
    page.get_by_text("There is nothing of yours to take back").first.wait_for()


def test_a_reload_loses_nothing(page: "Page", server: Server) -> None:
    opened(page, server)
    first = chosen(page)
    page.get_by_label("Comment").fill("a new pit")
    page.keyboard.press("Enter")
    page.keyboard.press("a")
    page.reload()
    page.wait_for_selector("[data-ready=true]")
    until(lambda: stored(server) == {first: "accepted"}, page=page)
    until(lambda: chosen(page) != first, page=page)
    page.get_by_text("1 of 6").wait_for()
    assert Verdicts(server.folder).polygons().set_index("id")["comment"][first] == "a new pit"


def test_letters_of_a_comment_are_no_verdicts(page: "Page", server: Server) -> None:
    opened(page, server)
    page.get_by_label("Comment").fill("")
    page.keyboard.type("rural area, aaa")
    page.keyboard.press("Escape")
    assert stored(server) == {}
    first = chosen(page)
    page.keyboard.press("u")
    until(lambda: stored(server) == {first: "unsure"}, page=page)
    assert page.get_by_label("Comment").input_value() == ""  # of the next one


def test_what_another_says_appears(page: "Page", second_page: "Page", server: Server) -> None:
    opened(page, server)
    opened(second_page, server, name="Ben")
    first = chosen(page)
    second_page.keyboard.press("r")
    until(lambda: stored(server) == {first: "rejected"}, page=page)
    page.get_by_text("1 of 6").wait_for()
    assert page.locator(".stands").inner_text() == "rejected by Ben"
    page.keyboard.press("z")  # takes back one's own alone
    page.get_by_text("There is nothing of yours to take back").first.wait_for()
    assert stored(server) == {first: "rejected"}


def test_many_are_accepted_at_once_and_taken_back_at_once(page: "Page", server: Server) -> None:
    frame = gpd.read_file(server.folder / "change.gpkg", layer="change").set_index("id")
    confidence = round(float(frame["confidence_mean"].sort_values().iloc[-3]) - 0.004, 2)
    sure = {*frame.index[frame["confidence_mean"] >= confidence]}
    opened(page, server)
    page.locator(".accept-above input").fill(str(confidence))
    page.get_by_role("button", name=f"Accept all {len(sure)}").click()
    until(lambda: set(stored(server)) == sure, page=page)
    page.locator(".review-bar").get_by_role("button", name="Undo").click()
    until(lambda: stored(server) == {}, page=page)


def test_an_outline_is_edited(page: "Page", server: Server) -> None:
    opened(page, server)
    for _ in range(2):
        page.keyboard.press("3")  # the earlier date alone, which is dark
    first = chosen(page)
    original = gpd.read_file(server.folder / "change.gpkg", layer="change").set_index("id")
    page.keyboard.press("e")
    page.get_by_text("Move the points, then accept").wait_for()
    drawn(page)
    x, y = lower_right_handle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 8, steps=4)
    page.mouse.move(x + 20, y + 16, steps=4)
    page.mouse.up()
    page.keyboard.press("a")
    until(lambda: stored(server) == {first: "accepted"}, page=page)
    now = Verdicts(server.folder).polygons().set_index("id")
    assert now["edited"][first]
    assert now["area_ha"][first] > original["area_ha"][first]
    after = gpd.read_file(server.folder / "change.gpkg", layer="change").set_index("id")
    assert after.geometry.geom_equals(original.geometry).all()
    page.keyboard.press("z")
    until(lambda: not Verdicts(server.folder).polygons()["edited"].any(), page=page)


def test_an_outline_that_is_left_stays(page: "Page", server: Server) -> None:
    opened(page, server)
    page.keyboard.press("e")
    page.get_by_text("Move the points, then accept").wait_for()
    page.keyboard.press("Escape")
    first = chosen(page)
    page.keyboard.press("a")
    until(lambda: stored(server) == {first: "accepted"}, page=page)
    assert not Verdicts(server.folder).polygons()["edited"].any()


def lower_right_handle(page: "Page") -> tuple[float, float]:
    """Where the handle of the outline's lower right point is seen: a disc of white in the map."""
    pixels = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"))
    left, top, right, bottom = 350, 180, 1200, 645  # beside the panel, below labels, above the bar
    discs = minimum_filter(pixels[top:bottom, left:right] > 250, size=6)
    y, x = max(zip(*np.nonzero(discs), strict=True), key=sum)
    return left + float(x), top + float(y)


def test_a_server_that_dies_loses_no_verdict(page: "Page", server: Server) -> None:
    opened(page, server)
    queue = Verdicts(server.folder).queue()
    page.keyboard.press("a")
    server.kill()  # in the middle of it, before, or after
    page.keyboard.press("r")
    page.locator(".trouble").get_by_text("kept here until it does").wait_for()
    server.start()
    until(lambda: stored(server) == {queue[0]: "accepted", queue[1]: "rejected"}, patience=30, page=page)
    page.locator(".trouble").wait_for(state="detached")
    assert Verdicts(server.folder).revision == 2  # each of them once
    page.get_by_text("2 of 6").wait_for()


def test_summary_and_report_follow(page: "Page", server: Server) -> None:
    opened(page, server)
    page.keyboard.press("a")
    summary = server.folder / "summary.json"
    until(lambda: json.loads(summary.read_text(encoding="utf-8")).get("review", {}).get("revision") == 1, page=page)
    page.keyboard.press("r")
    until(lambda: len(stored(server)) == 2, page=page)
    server.end()  # writes what is left
    said = json.loads(summary.read_text(encoding="utf-8"))["review"]
    assert said == Verdicts(server.folder).counts().as_json()
    assert "<h2>Review</h2>" in (server.folder / "report.html").read_text(encoding="utf-8")


def test_pictures_are_judged(page: "Page", picture_result: Path) -> None:
    server = Server(picture_result).start()
    try:
        opened(page, server)
        first = chosen(page)
        page.keyboard.press("a")
        until(lambda: stored(server) == {first: "accepted"}, page=page)
        page.locator(".review-counts").get_by_text("pixels").first.wait_for()
    finally:
        server.end()


def test_a_server_for_showing_takes_no_verdicts(page: "Page", result: Path) -> None:
    server = Server(result, ("--no-review",)).start()
    try:
        page.goto(f"{server.address}results/{result.name}")
        page.wait_for_selector("[data-ready=true]")
        assert page.locator(".review-bar").count() == 0
        answer = page.request.post(
            f"{server.address}api/results/{result.name}/verdicts",
            data={"polygon": 1, "status": "accepted", "by": "Ann"},
        )
        assert answer.status == 403
    finally:
        server.end()


def test_a_phone_has_buttons_for_the_keys(phone: "Page", server: Server) -> None:
    opened(phone, server)
    first = chosen(phone)
    for name in ("Accept", "Reject", "Unsure", "Edit the outline", "Skip", "Undo", "Next"):
        box = phone.locator(".review-bar").get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    phone.locator(".review-bar").get_by_role("button", name="Unsure").tap()
    until(lambda: stored(server) == {first: "unsure"}, page=phone)
    assert chosen(phone) != first


@pytest.mark.needs("axe_playwright_python")
def test_the_desk_is_accessible(page: "Page", phone: "Page", server: Server) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for each in (page, phone):
        opened(each, server, name=None)
        found = Axe().run(each)
        assert found.violations_count == 0, found.generate_report()
        each.keyboard.press("a")
        each.keyboard.type("Ann")
        each.keyboard.press("Enter")
        each.keyboard.press("u")
        drawn(each)
        found = Axe().run(each)
        assert found.violations_count == 0, found.generate_report()
