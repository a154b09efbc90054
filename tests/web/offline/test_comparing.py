"""Both dates: under a swipe, side by side, blinking."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from web.drawn_results import ORANGE
from web.offline.seeing import from_spot, is_like, magenta_spot, picture
from web.waiting import drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("rio_tiler"), pytest.mark.slow]  # drawn without a graphics processor

COUNT_TILES = "window.tiles = 0; const from = window.atob; window.atob = (text) => (window.tiles++, from(text));"


def later_seen(page: "Page", selector: str = ".maps") -> int:
    """Pixels in which what came until the later date is seen."""
    return int(is_like(picture(page, selector), ORANGE, 60).sum())


def drag(page: "Page", to_x: float) -> None:
    box = page.locator(".grip").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(to_x, box["y"], steps=8)
    page.mouse.up()


def test_the_line_parts_the_dates_where_it_is_dragged_to(view: "Page") -> None:
    maps = view.locator(".maps").bounding_box()
    assert maps is not None
    drag(view, maps["x"] + 2)
    later = later_seen(view)
    drag(view, maps["x"] + maps["width"] - 2)
    earlier = later_seen(view)
    x, _ = from_spot(view, 80, 110)  # the middle of the large change
    drag(view, x)
    half = later_seen(view)
    assert later > 5000 and earlier < later / 10
    assert 0.2 * later < half < 0.8 * later


def test_dragging_the_line_reads_no_tile(view_file, page: "Page") -> None:
    page.add_init_script(COUNT_TILES)
    page.goto(view_file.as_uri())
    page.wait_for_selector(".result[data-ready=true]")
    drawn(page)
    before = page.evaluate("window.tiles")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for share in (0.3, 0.8, 0.5):
        drag(page, 350 + 900 * share)
    assert before > 0 and page.evaluate("window.tiles") == before
    assert asked == []


def test_the_line_is_moved_by_keys(view: "Page") -> None:
    line = view.get_by_role("slider", name="Line between")
    line.focus()
    for _ in range(3):
        view.keyboard.press("ArrowRight")
    assert line.get_attribute("aria-valuenow") == "56"
    view.keyboard.press("Home")
    assert line.get_attribute("aria-valuenow") == "0"


def test_side_by_side_shows_one_place_twice_and_moves_both(view: "Page") -> None:
    view.keyboard.press("2")
    view.wait_for_selector(".map.second canvas")
    drawn(view)
    places = [magenta_spot(view, selector) for selector in (".map:not(.second)", ".map.second")]
    boxes = [view.locator(selector).bounding_box() for selector in (".map:not(.second)", ".map.second")]
    inside = [(place.x - box["x"], place.y - box["y"]) for place, box in zip(places, boxes, strict=True) if box]
    assert np.allclose(*inside, atol=1.5)
    assert later_seen(view, ".map.second") > 2000
    assert later_seen(view, ".map:not(.second)") < 200

    view.mouse.move(places[1].x, places[1].y + 60)
    view.mouse.down()
    view.mouse.move(places[1].x - 50, places[1].y + 90, steps=4)
    view.mouse.up()
    moved = magenta_spot(view, ".map:not(.second)")
    assert moved.x == pytest.approx(places[0].x - 50, abs=3) and moved.y == pytest.approx(places[0].y + 30, abs=3)


def test_blinking_shows_one_date_after_the_other(view: "Page") -> None:
    view.keyboard.press("3")
    label = view.locator(".date.blinking")
    assert "After 2023-07-01" in label.inner_text()
    later = later_seen(view)
    view.keyboard.press("3")
    assert "Before 2019-06-02" in label.inner_text()
    assert later > 5000 and later_seen(view) < later / 10
    view.get_by_role("button", name="Go on blinking").click()  # who asked for less motion begins it by hand
    view.wait_for_selector(".date.blinking.after")
    view.wait_for_selector(".date.blinking.before")
    view.get_by_role("button", name="Stop blinking").click()


def test_keys_choose_what_is_seen_and_are_listed(view: "Page") -> None:
    for key, name in (("p", "Probability of change"), ("o", "Outlines of changes")):
        button = view.get_by_role("button", name=name)
        was = button.get_attribute("aria-pressed")
        view.keyboard.press(key)
        assert button.get_attribute("aria-pressed") != was
    view.keyboard.press("?")
    assert "side by side" in view.get_by_role("region", name="Keys").inner_text()
    view.keyboard.press("?")
    assert view.get_by_role("region", name="Keys").count() == 0

    first = magenta_spot(view)
    view.keyboard.press("ArrowRight")
    drawn(view)
    assert magenta_spot(view).x == pytest.approx(first.x - 80, abs=3)
    view.keyboard.press("+")
    drawn(view)
    view.keyboard.press("-")
    drawn(view)
    view.keyboard.press("f")
    drawn(view)
    assert magenta_spot(view).x == pytest.approx(first.x, abs=3)


def test_letters_that_are_written_are_no_keys(view: "Page") -> None:
    search = view.get_by_role("searchbox")
    search.fill("")
    search.press_sequentially("o2")
    assert view.get_by_role("button", name="Outlines of changes").get_attribute("aria-pressed") == "true"
    assert view.locator(".maps").get_attribute("data-mode") == "swipe"
