"""The page as a file: it asks for nothing, is fit for everybody, and is refused where it cannot be made."""

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rasterio

from fixtures.scene_files import write_geotiff
from minenetcd.cli.main import app
from minenetcd.errors import InputError
from web.browser import PHONE
from web.drawn_results import GRID, ORANGE, drawn_dates, predicted
from web.offline.conftest import opened
from web.offline.seeing import from_spot, is_like, picture
from web.waiting import drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("rio_tiler"), pytest.mark.slow]


def test_it_asks_for_nothing_but_itself(page: "Page", view_file: Path) -> None:
    asked: list[str] = []
    page.context.set_offline(True)
    page.on("request", lambda request: asked.append(request.url))
    opened(page, view_file)
    for key in ("p", "2", "3", "+"):
        page.keyboard.press(key)
        drawn(page)
    assert [url for url in asked if not url.startswith(("blob:", "data:"))] == [view_file.as_uri()]


def test_nothing_in_it_comes_from_elsewhere(view_file: Path) -> None:
    text = view_file.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=\"(?!data:)", text)


def test_false_colours_are_said_once_where_both_dates_have_the_same(page: "Page", tmp_path: Path) -> None:
    from minenetcd.web.offline.view import write_view

    names = tmp_path / "2019.tif", tmp_path / "2023.tif"
    paths = [write_geotiff(name, date, GRID) for name, date in zip(names, drawn_dates(), strict=True)]
    for path in paths:
        with rasterio.open(path, "r+") as stored:
            stored.descriptions = ("B08", "B04", "B03")
    opened(page, write_view(predicted(tmp_path / "change", *paths), tmp_path / "view.html"))
    assert page.locator(".sources").all_inner_texts()[-1] == "False colours: B08, B04, B03 as red, green, blue"


@pytest.mark.needs("axe_playwright_python")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(page: "Page", view_file: Path, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    view = opened(page, view_file)
    for keys in ([], ["?"], ["n", "d"], ["2"], ["3", "]"]):
        for key in keys:
            view.keyboard.press(key)
        drawn(view)
        found = Axe().run(view).response["violations"]
        serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in serious] == [], keys


def test_tools_are_reached_by_the_tab_key(view: "Page") -> None:
    reached = set()
    for _ in range(30):
        view.keyboard.press("Tab")
        reached.add(
            view.evaluate("() => (({ ariaLabel, id, name }) => ariaLabel || id || name)(document.activeElement)")
        )
    assert {"threshold", "Order", "Changes", "mode", "Probability of change", "Measure an area", "Closer"} <= reached


def test_a_phone_shows_all_of_it(phone: "Page", view_file: Path) -> None:
    view = opened(phone, view_file)
    assert view.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    for name in ("Probability of change", "Measure a distance", "All of the result"):
        box = view.get_by_role("button", name=name).bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["height"] >= 42
    view.touchscreen.tap(*from_spot(view, 65, 70))
    assert "Change 1" in view.locator(".details").inner_text()
    view.get_by_role("button", name="Let this change go").tap()
    view.get_by_role("button", name="Show more of the result").tap()
    drawn(view)
    view.get_by_role("slider", name="Threshold").fill("0.40")
    assert "0.40" in view.locator(".threshold output").inner_text()


def test_the_line_follows_a_finger(phone: "Page", view_file: Path) -> None:
    view = opened(phone, view_file)
    before = is_like(picture(view), ORANGE, 60).sum()
    grip = view.locator(".grip").bounding_box()
    assert grip is not None
    fingers = view.context.new_cdp_session(view)
    y = grip["y"] + 20
    for kind, points in (
        ("touchStart", [{"x": grip["x"] + 20, "y": y}]),
        ("touchMove", [{"x": 100, "y": y}]),
        ("touchMove", [{"x": 6, "y": y}]),
        ("touchEnd", []),
    ):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert view.get_by_role("slider", name="Line between").get_attribute("aria-valuenow") in ("1", "2")
    assert is_like(picture(view), ORANGE, 60).sum() > before


def test_a_result_without_its_images_shows_the_rest(page: "Page", drawn_result: Path, tmp_path: Path) -> None:
    from minenetcd.web.offline.view import write_view

    copy = tmp_path / "change"
    shutil.copytree(drawn_result, copy)
    hidden = [(image, image.rename(image.with_suffix(".away"))) for image in drawn_result.parent.glob("20*.tif")]
    try:
        path = write_view(copy)
    finally:
        for image, away in hidden:
            away.rename(image)
    assert path == tmp_path / "change.html"
    view = opened(page, path)
    assert view.locator(".warnings").count() == 1
    assert view.get_by_role("button", name="Probability of change").is_enabled()


def test_the_command_names_the_file_and_its_size(
    drawn_result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "seen.html"
    app(["view", str(drawn_result), "--out", str(out), "--no-open"], standalone_mode=False)
    assert re.search(rf"View +{re.escape(str(out))} \(\d[\d.]* [kM]B, needs no network\)", capsys.readouterr().out)
    assert out.stat().st_size < 4_000_000


def test_what_cannot_be_viewed_is_refused_in_one_line(
    drawn_result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minenetcd.web.offline import view

    with pytest.raises(InputError, match=r"name that ends with \.html"):
        view.write_view(drawn_result, tmp_path / "change.tif")
    with pytest.raises(InputError, match="there is no folder"):
        view.write_view(tmp_path / "nothing")
    monkeypatch.setattr(view, "MOST_PIXELS", 1000)
    with pytest.raises(InputError, match=r"minenetcd serve .*change"):
        view.write_view(drawn_result, tmp_path / "change.html")
    assert list(tmp_path.iterdir()) == []
