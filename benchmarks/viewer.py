"""How smoothly a result with very many polygons is panned, against the same page without any.

python benchmarks/viewer.py

The page of a drawn scene is made twice, with 50,000 polygons and with none, and dragged about in a real browser, in
turns: median time of a frame, and tasks that kept the main thread for longer than 50 ms.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

import minenetcd
from minenetcd.constants import no_progress
from minenetcd.prediction.demo import run_demo
from minenetcd.web.offline.elements import FORMS, result_elements, tile_address, tiles_element
from minenetcd.web.pages import Page as PageFacts
from minenetcd.web.pages import offline_page
from minenetcd.web.results.folder import ResultFolder

ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SIZE = {"width": 1280, "height": 800}
CORNERS = 12

#: Drags the map to and fro, a step a frame; milliseconds a frame, and of tasks longer than 50 ms.
DRAG = """async (steps) => {
  const long = [];
  const watcher = new PerformanceObserver((list) => long.push(...list.getEntries().map((task) => task.duration)));
  watcher.observe({ type: "longtask" });
  const canvas = document.querySelector(".map canvas");
  const box = canvas.getBoundingClientRect();
  let [x, y] = [box.left + box.width / 3, box.top + box.height / 2];
  const send = (target, type, buttons) =>
    target.dispatchEvent(new MouseEvent(type, { clientX: x, clientY: y, buttons, bubbles: true }));
  send(canvas, "mousedown", 1);
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < steps; step++) {
    x += step % 40 < 20 ? 6 : -6;
    y += step % 24 < 12 ? 4 : -4;
    send(document, "mousemove", 1);
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  send(document, "mouseup", 0);
  return { frames, long };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polygons", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run_demo(minenetcd.from_pretrained("minenetcd-nano"), folder).prediction.close()
        pages = {count: page_with(Path(folder), count) for count in (0, asked.polygons)}
        measured: dict[int, list[dict[str, Any]]] = {count: [] for count in pages}
        for _ in range(asked.runs):
            for count, path in pages.items():
                browser = playwright.chromium.launch(executable_path=asked.browser, args=ARGUMENTS)
                measured[count].append(dragged(browser.new_page(viewport=SIZE), path, asked.steps))
                browser.close()
    for count, runs in measured.items():
        frame = median(frame for run in runs for frame in run["frames"])
        longest = max((task for run in runs for task in run["long"]), default=0.0)
        tasks = sum(len(run["long"]) for run in runs)
        print(f"{count:>7,} polygons: {frame:.1f} ms a frame, {tasks} tasks over 50 ms, the longest {longest:.0f} ms")
    with_many, without = (median(f for run in measured[count] for f in run["frames"]) for count in (asked.polygons, 0))
    print(f"ratio {with_many / without:.2f}")


def dragged(page: Page, path: Path, steps: int) -> dict[str, Any]:
    page.goto(path.as_uri())
    page.wait_for_selector(".result[data-ready=true]")
    page.wait_for_timeout(5000)  # what the page does once, when it is opened, is none of this
    found: dict[str, Any] = page.evaluate(DRAG, steps)
    return found


def page_with(folder: Path, count: int) -> Path:
    """The page of the result in `folder`, with so many polygons in place of its own."""
    path = folder / f"{count}.html"
    with ResultFolder.read(folder) as result, path.open("w", encoding="utf-8") as file:
        layers = {name: layer for name, layer in result.layers.by_name.items() if name in FORMS}
        polygons = {"type": "FeatureCollection", "features": list(stars(result.placement.bounds, count))}
        facts = result.description("many", tiles=tile_address, polygons="embedded").model_dump(mode="json")
        facts["layers"] = {name: facts["layers"][name] for name in layers}
        elements = [*result_elements(facts, json.dumps(polygons)), *tiles_element(layers, no_progress)]
        file.writelines(offline_page(PageFacts("result", path.name), elements))
    return path


def stars(bounds: tuple[float, float, float, float], count: int) -> Iterator[dict[str, Any]]:
    """Polygons of 12 corners, in rows over `bounds`."""
    west, south, east, north = bounds
    side, random = math.ceil(math.sqrt(count)), np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    for place in range(count):
        x, y = (place % side + 0.5) / side, (place // side + 0.5) / side
        radius = random.uniform(0.2, 0.45, CORNERS) / side
        across, up = x + radius * np.cos(angles), y + radius * np.sin(angles)
        ring = np.stack([west + (east - west) * across, south + (north - south) * up], axis=1).round(7).tolist()
        own = {"id": place + 1, "area_ha": 1 / (place + 1), "confidence_mean": 0.5, "confidence_p10": 0.3}
        shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        yield {"type": "Feature", "properties": own, "geometry": shape}


if __name__ == "__main__":
    main()
