"""Draw docs/images/serve-sites.png, serve-series.png and review.png: pages of minenetcd serve, of drawn mines.

python benchmarks/served_pictures.py
"""

import argparse
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from series_pictures import IMAGES, drawn_pairs, grown_mine

import minenetcd
from minenetcd.prediction.demo import run_demo

ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
LISTED, DESK = {"width": 1200, "height": 680}, {"width": 1440, "height": 900}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    asked = parser.parse_args()
    detector = minenetcd.from_pretrained("minenetcd-nano")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        minenetcd.monitor(detector, grown_mine(folder), folder / "north-mine")
        minenetcd.predict_pairs(detector, drawn_pairs(folder), folder / "mines")
        run_demo(detector, folder / "change").prediction.close()
        browser = playwright.chromium.launch(executable_path=asked.browser, args=ARGUMENTS)
        with serving(folder / "mines", folder / "north-mine", "--uploads", folder / "uploads") as address:
            draw_sites(opened(browser, f"{address}sites", LISTED))
            draw_series(opened(browser, f"{address}series/north-mine", LISTED))
        with serving(folder / "change") as address:
            draw_desk(opened(browser, f"{address}results/change", DESK))
        browser.close()


@contextmanager
def serving(*arguments: str | Path) -> Iterator[str]:
    """The address of `minenetcd serve`."""
    command = [sys.executable, "-m", "minenetcd", "serve", *map(str, arguments), "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" at ")[1].strip()
        finally:
            process.terminate()


def opened(browser: Browser, address: str, size: dict[str, int]) -> Page:
    page = browser.new_page(viewport=size, reduced_motion="reduce")
    page.add_init_script("localStorage.setItem('minenetcd reviewer', 'Ann')")
    page.goto(address)
    page.locator(".map canvas").first.wait_for()
    page.wait_for_timeout(4000)
    return page


def draw_sites(page: Page) -> None:
    page.get_by_role("link", name="south").hover()
    save(page, "serve-sites.png")


def draw_series(page: Page) -> None:
    slider = page.get_by_role("slider")
    slider.press("End")
    slider.press("ArrowLeft")
    slider.blur()
    save(page, "serve-series.png")


def draw_desk(page: Page) -> None:
    for key in "2aru":
        page.keyboard.press(key)
        page.wait_for_timeout(1000)
    save(page, "review.png")


def save(page: Page, name: str) -> None:
    page.wait_for_timeout(2500)
    shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shown.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)
    print(IMAGES / name)


if __name__ == "__main__":
    main()
