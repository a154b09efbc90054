"""The labelling desk in a browser: clicks, strokes, splits, merges, undo, a kill, and what is built of its labels."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
import rasterio

from labelling.drawn_pair import DrawnPair, drawn_pair, new_desk
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.needs("numba"), pytest.mark.needs("fastapi"), pytest.mark.needs("rio_tiler")]


class Running(NamedTuple):
    process: "subprocess.Popen[str]"
    address: str


@contextmanager
def labelling(folder: Path, *arguments: str | Path) -> Iterator[Running]:
    """`minenetcd label` of the desk in `folder`, ended as Ctrl-C does."""
    command = [sys.executable, "-m", "minenetcd", "label", *map(str, arguments)]
    command += ["--out", str(folder), "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield Running(process, address_told(process))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def address_told(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"http://\S+/(?=,)", line):
            return found[0]
    raise AssertionError(said)


def opened(page: "Page", address: str) -> None:
    page.goto(address)
    page.wait_for_selector('.label-desk[data-ready="true"]')


@contextmanager
def acting(page: "Page") -> Iterator[None]:
    """What is done within is one act, which the server answers and the page shows."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        yield
    page.wait_for_selector('.label-desk[data-waiting="false"]')


def press(page: "Page", key: str) -> None:
    with acting(page):
        page.keyboard.press(key)


def middle(page: "Page") -> tuple[float, float]:
    box = page.locator(".map canvas").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click(page: "Page", right: float, down: float) -> None:
    """So many pixels of the screen off the middle of the map."""
    x, y = middle(page)
    with acting(page):
        page.mouse.click(x + right, y + down)


def draw(page: "Page", *offsets: tuple[float, float]) -> None:
    x, y = middle(page)
    first, *others = offsets
    page.mouse.move(x + first[0], y + first[1])
    page.mouse.down()
    for right, down in others:
        page.mouse.move(x + right, y + down, steps=6)
    with acting(page):
        page.mouse.up()


def said(page: "Page") -> str:
    return page.locator(".said").inner_text()


def mask_of(page: "Page", folder: Path) -> np.ndarray:
    press(page, "s")
    assert said(page).startswith("Saved mask.tif")
    with rasterio.open(folder / "mask.tif") as raster:
        found: np.ndarray = raster.read(1)
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> DrawnPair:
    return drawn_pair(tmp_path_factory.mktemp("images"))


@pytest.fixture
def folder(tmp_path: Path, pair: DrawnPair) -> Path:
    return new_desk(tmp_path / "pit", pair)


@pytest.mark.slow
def test_clicks_strokes_and_undo(page: "Page", folder: Path) -> None:
    with labelling(folder) as running:
        opened(page, running.address)
        assert page.title() == "2019.tif to 2023.tif"
        click(page, 60, 40)
        assert re.match(r"[\d,]+ pixels changed", said(page))
        one = mask_of(page, folder)
        assert (one == 1).any() and (one != 0).all()
        hint = page.get_by_role("status").filter(has_text="Only what changed is labelled, the rest is not")
        hint.wait_for()
        page.keyboard.press("b")
        page.keyboard.press("r")
        draw(page, (-200, -100), (-150, 0), (-100, 60))
        two = mask_of(page, folder)
        assert hint.count() == 0
        assert (two == 0).any() and (two == 1).any()
        with acting(page):
            page.get_by_role("button", name="All the rest is unchanged").click()
        assert page.locator(".labelled-figure").inner_text() == "100 %"
        press(page, "z")
        assert np.array_equal(mask_of(page, folder), two)
        with acting(page):
            page.get_by_role("button", name="Undo").click()
        assert np.array_equal(mask_of(page, folder), one)
        press(page, "z")
        assert (mask_of(page, folder) == 255).all() and page.get_by_role("button", name="Undo").is_disabled()


@pytest.mark.slow
def test_the_slider_changes_the_scale_splits_and_merges_the_partition(page: "Page", folder: Path) -> None:
    with labelling(folder) as running:
        opened(page, running.address)
        slider = page.get_by_role("slider", name="Scale")
        slider.fill("3")
        coarse = page.locator(".slider label").first.inner_text()
        click(page, 0, 60)
        large = int((mask_of(page, folder) == 1).sum())
        press(page, "z")
        page.keyboard.press("x")
        click(page, 0, 60)
        assert said(page) == "split"
        page.keyboard.press("c")
        click(page, 0, 60)
        part = int((mask_of(page, folder) == 1).sum())
        assert 0 < part < large
        page.keyboard.press("m")
        draw(page, (0, 60), (200, 60))
        assert said(page) == "merged"
        page.keyboard.press("c")
        click(page, 0, 60)
        assert int((mask_of(page, folder) == 1).sum()) > part
        page.keyboard.press("[")
        assert page.locator(".slider label").first.inner_text() != coarse
        page.keyboard.press("x")
        page.keyboard.press("[")
        page.keyboard.press("[")
        for _ in range(4):
            click(page, -250, -200)
        assert "it is of the finest scale" in said(page)
        assert page.get_by_role("alert").inner_text() == said(page)


@pytest.mark.slow
def test_a_reload_another_page_and_a_kill_lose_nothing(page: "Page", folder: Path) -> None:
    with labelling(folder) as running:
        opened(page, running.address)
        click(page, 60, 40)
        figure = page.locator(".changed-figure").inner_text()
        assert figure != "0 ha"
        page.reload()
        page.wait_for_selector('.label-desk[data-ready="true"]')
        assert page.locator(".changed-figure").inner_text() == figure
        other = page.context.new_page()
        opened(other, running.address)
        click(other, -200, 0)
        after = other.locator(".changed-figure").inner_text()
        page.wait_for_function("figure => document.querySelector('.changed-figure').innerText === figure", arg=after)
        other.close()
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(20)
        page.keyboard.press("z")
        page.locator(".said", has_text="does not answer").wait_for()
    with labelling(folder) as running:
        opened(page, running.address)
        assert page.locator(".changed-figure").inner_text() == after


@pytest.mark.slow
def test_a_map_is_proposed_and_what_is_saved_is_built(
    page: "Page", tmp_path: Path, pair: DrawnPair, folder: Path
) -> None:
    predict_scene(Difference(), pair.before, pair.after, tmp_path / "change").close()
    with labelling(folder, pair.before, pair.after, "--result", tmp_path / "change") as running:
        opened(page, running.address)
        with acting(page):
            page.get_by_role("button", name="Take over the map's changes").click()
        assert "changed, by the map" in said(page)
        with acting(page):
            page.get_by_role("button", name="All the rest is unchanged").click()
        mask = mask_of(page, folder)
    assert set(np.unique(mask)) == {0, 1}
    build = [sys.executable, "-m", "minenetcd", "data", "build", str(folder / "sites.csv"), "--out", "patches"]
    built = subprocess.run([*build, "--size", "64", "--split", "100/0/0"], cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    check = [sys.executable, "-m", "minenetcd", "data", "check"]
    for source in ("patches", "pit"):
        found = subprocess.run([*check, source], cwd=tmp_path, capture_output=True, text=True)
        assert found.returncode == 0 and "is fit to train" in found.stdout, found.stderr


@pytest.mark.slow
def test_on_a_phone_a_finger_labels_and_the_sheet_opens(phone: "Page", folder: Path) -> None:
    with labelling(folder) as running:
        opened(phone, running.address)
        x, y = middle(phone)
        phone.touchscreen.tap(x + 40, y + 40)
        phone.locator(".changed-figure", has_text=re.compile("[1-9]")).wait_for()
        phone.get_by_role("button", name="Show more").tap()
        phone.get_by_role("button", name="Save mask and polygons").tap()
        phone.locator(".said", has_text="Saved mask.tif").wait_for()
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    with rasterio.open(folder / "mask.tif") as raster:
        assert (raster.read(1) == 1).any()


@pytest.mark.slow
def test_the_page_is_accessible(page: "Page", folder: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with labelling(folder) as running:
        opened(page, running.address)
        page.keyboard.press("?")
        page.get_by_role("heading", name="Keys").wait_for()
        found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
