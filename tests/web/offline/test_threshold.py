"""A threshold that moves, and at once what would be changed by it."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from minenetcd.prediction.rethreshold import rethreshold
from web.offline.seeing import from_spot, numbers, outlined, picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("rio_tiler"), pytest.mark.slow]


def edge_on_the_ramp(page: "Page") -> float:
    """The column of the scene at which the outline crosses the ramp, whose probability grows to the right.

    Its right end, where probability falls to nothing, is no part of it.
    """
    left, y = from_spot(page, 230, 40)
    right, _ = from_spot(page, 230, 196)
    box = page.locator(".maps").bounding_box()
    assert box is not None
    row = outlined(picture(page))[round(y - box["y"]) - 2 : round(y - box["y"]) + 3]
    columns = np.flatnonzero(row.any(axis=0)[round(left - box["x"]) : round(right - box["x"])])
    assert len(columns) > 0, "no outline is seen on the ramp"
    return 40 + float(columns.mean()) / (right - left) * 156


def test_the_outline_follows_the_slider_smoothly(view: "Page") -> None:
    slider = view.get_by_role("slider", name="Threshold")
    view.get_by_role("button", name="Outlines of changes").click()  # those of the result would be seen, too
    edges = []
    for threshold in ("0.20", "0.30", "0.31", "0.40"):
        slider.fill(threshold)
        edges.append(edge_on_the_ramp(view))
    assert edges == sorted(edges)
    # 0.01 of probability are 160 / 165 * 2.55 columns of the ramp, or so; a jump would be more
    assert 0.5 < edges[2] - edges[1] < 6
    assert edges[3] - edges[0] == pytest.approx(0.2 * 255 * 160 / 165, rel=0.2)


def test_keys_move_it_and_lead_back_to_that_of_the_result(view: "Page") -> None:
    slider = view.get_by_role("slider", name="Threshold")
    own = float(slider.input_value())
    view.keyboard.press("]")
    assert float(slider.input_value()) == pytest.approx(own + 0.01)
    assert "rethreshold" in view.locator(".threshold").inner_text()
    view.get_by_role("button", name="Back to").click()
    assert float(slider.input_value()) == own


def test_it_says_how_much_would_be_changed(drawn_result: Path, tmp_path: Path, view: "Page") -> None:
    view.get_by_role("slider", name="Threshold").fill("0.30")
    said = numbers(view.locator("#threshold-says").inner_text())
    copy = tmp_path / "change"
    copy.mkdir()
    for file in drawn_result.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    with rethreshold(copy, threshold=0.30) as again:
        assert said[0] == pytest.approx(again.hectares, rel=0.01)


def test_probability_is_seen_in_its_colours_from_the_threshold_on(view: "Page") -> None:
    x, y = from_spot(view, 230, 100)
    box = view.locator(".maps").bounding_box()
    assert box is not None
    place = round(y - box["y"]), round(x - box["x"])
    view.get_by_role("slider", name="Line between").press("Home")
    view.get_by_role("slider", name="Threshold").fill("0.05")
    plain = picture(view)[place].astype(int)
    view.get_by_role("button", name="Probability of change").click()
    coloured = picture(view)[place].astype(int)
    assert np.abs(coloured - plain).max() > 40
    view.get_by_role("slider", name="Threshold").fill("0.90")
    assert np.abs(picture(view)[place].astype(int) - plain).max() < 12
