"""Draws the picture in docs/label.md: the desk of a drawn mine, with what the embedded detector proposes.

    python benchmarks/label_picture.py [docs/images/label.png]

Needs the extras label and web, Playwright, and a Chromium (MINENETCD_CHROMIUM names another).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from affine import Affine
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from rasterio.crs import CRS
from rasterio.windows import Window

import minenetcd
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.synthetic import make_scene

SIDE, METRES = 512, 1.2
ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/label.png").resolve()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        dates = draw(folder)
        minenetcd.predict(minenetcd.from_pretrained("minenetcd-nano"), *dates, folder / "change")
        command = ["label", *map(str, dates), "--result", str(folder / "change"), "--out", str(folder / "labels")]
        with subprocess.Popen(
            [sys.executable, "-m", "minenetcd", *command, "--port", "0", "--no-open"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            address = process.stdout.readline().split()[2].rstrip(",")
            try:
                show(address, folder / "page.png")
            finally:
                process.terminate()
        picture = Image.open(folder / "page.png").convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(out, optimize=True)


def draw(folder: Path) -> tuple[Path, Path]:
    scene = make_scene(5, size=SIDE, metres_per_pixel=METRES)
    grid = Grid(SIDE, SIDE, Affine(METRES, 0, 4e5, 0, -METRES, 5.6e6), CRS.from_epsg(32633))
    paths = folder / "2019.tif", folder / "2023.tif"
    for path, date in zip(paths, (scene.before, scene.after), strict=True):
        with RasterWriter(path, grid, dtype=np.uint8, bands=3) as writer:
            writer.write(date, Window(0, 0, SIDE, SIDE))
    return paths


def show(address: str, path: Path) -> None:
    program = os.environ.get("MINENETCD_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.goto(address)
        page.wait_for_selector('.label-desk[data-ready="true"]')
        page.get_by_role("button", name="Take over the map's changes").click()
        page.wait_for_timeout(1000)
        label_unchanged(page)
        page.wait_for_timeout(4000)
        page.evaluate("() => document.activeElement.blur()")
        page.screenshot(path=path)
        browser.close()


def label_unchanged(page: Page) -> None:
    """A stroke over ground in the upper left."""
    box = page.locator(".map canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.keyboard.press("b")
    page.keyboard.press("r")
    page.mouse.move(x - 250, y - 250)
    page.mouse.down()
    for right, down in ((-150, -220), (-20, -200)):
        page.mouse.move(x + right, y + down, steps=8)
    page.mouse.up()
    page.keyboard.press("c")
    page.keyboard.press("a")


if __name__ == "__main__":
    main()
