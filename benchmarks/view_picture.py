"""Draw docs/images/view.png: the demo's result as minenetcd view shows it.

python benchmarks/view_picture.py
"""

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import minenetcd
from minenetcd.prediction.demo import run_demo
from minenetcd.web.offline.view import write_view

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "view.png"
ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run_demo(minenetcd.from_pretrained("minenetcd-nano"), folder).prediction.close()
        browser = playwright.chromium.launch(executable_path=asked.browser, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.goto(write_view(folder, Path(folder) / "view.html").as_uri())
        page.wait_for_selector(".result[data-ready=true]")
        page.locator(".change-row").nth(3).click()
        page.wait_for_timeout(1500)
        shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        browser.close()
    shown.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(PICTURE)


if __name__ == "__main__":
    main()
