"""Coordinates, scale, distances and areas, of known pixels."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from web.drawn_results import GRID
from web.offline.conftest import opened
from web.offline.seeing import from_spot, magenta_spot, numbers, pixel_side
from web.waiting import drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("rio_tiler"), pytest.mark.slow]

PIXEL = 10  # [m]


def test_the_pointer_tells_longitude_and_latitude_of_a_known_pixel(view: "Page") -> None:
    spot = magenta_spot(view)
    view.mouse.move(spot.x, spot.y)
    latitude, longitude = numbers(view.locator(".coordinates").inner_text())
    corner = GRID.transform @ (301.0, 31.0)  # the middle of the spot
    expected = GRID.to_degrees(*(np.array([place]) for place in corner))
    metre = 1 / 111_000
    assert latitude == pytest.approx(float(expected[1][0]), abs=PIXEL * metre)
    assert longitude == pytest.approx(float(expected[0][0]), abs=2 * PIXEL * metre)


def test_the_scale_is_as_long_as_it_says(view: "Page") -> None:
    box = view.locator(".scale").bounding_box()
    assert box is not None
    metres = numbers(view.locator(".scale").inner_text())[0]
    metres *= 1000 if "km" in view.locator(".scale").inner_text() else 1
    assert metres / PIXEL * pixel_side(view) == pytest.approx(box["width"], rel=0.02)


def test_a_distance_and_an_area_are_those_of_the_ground(view: "Page") -> None:
    corners = [from_spot(view, row, column) for row, column in ((60, 60), (60, 260), (160, 260), (160, 60))]
    view.keyboard.press("d")
    for corner in corners[:2]:
        view.mouse.click(*corner)
        view.wait_for_timeout(350)  # two clicks, not a double one
    assert numbers(view.locator(".measuring .value").inner_text())[0] == pytest.approx(2.0, rel=0.02)  # km
    view.keyboard.press("m")
    for corner in corners:
        view.mouse.click(*corner)
        view.wait_for_timeout(350)
    assert view.locator(".measuring .value").inner_text().endswith("ha")
    assert numbers(view.locator(".measuring .value").inner_text())[0] == pytest.approx(200, rel=0.03)
    view.get_by_role("button", name="Take back").click()
    view.mouse.move(*corners[2])
    assert numbers(view.locator(".measuring .value").inner_text())[0] == pytest.approx(100, rel=0.05)
    view.keyboard.press("Escape")
    assert view.locator(".measuring").count() == 0


def test_measuring_needs_no_pointer(view: "Page") -> None:
    view.keyboard.press("d")
    view.locator(".map canvas").first.focus()
    view.keyboard.press("Enter")
    view.keyboard.press("ArrowRight")
    drawn(view)
    view.keyboard.press("Enter")
    said = view.locator(".measuring [role=status]", has_text=re.compile(r"[1-9]"))
    assert numbers(said.inner_text())[0] > 0  # once it is said


def test_pictures_without_a_place_have_pixels(page: "Page", picture_file: Path) -> None:
    view = opened(page, picture_file)
    spot = magenta_spot(view)
    view.mouse.move(spot.x, spot.y)
    column, row = numbers(view.locator(".coordinates").inner_text())
    assert column == pytest.approx(301, abs=1) and row == pytest.approx(31, abs=1)
    assert view.locator(".scale").inner_text().endswith("px")
    assert "pixels" in view.locator(".figures").inner_text()
    view.keyboard.press("d")
    for place in (from_spot(view, 100, 100), from_spot(view, 100, 200)):
        view.mouse.click(*place)
        view.wait_for_timeout(350)
    assert numbers(view.locator(".measuring .value").inner_text())[0] == pytest.approx(100, abs=1.5)
    view.keyboard.press("Escape")
    view.mouse.click(*from_spot(view, 80, 70))
    assert "pixels" in view.locator(".details").inner_text()
