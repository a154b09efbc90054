"""How fast a server gives tiles of a result, beside rasterio alone.

python benchmarks/serving.py RESULT [--tiles 6]

`minenetcd serve RESULT` runs in a process of its own. By layer and zoom some tiles are asked for over HTTP and, in
turns, the same ground is warped to the same 256 x 256 pixels by rasterio, from the file as it lies on the disk: without
validity, colours, PNG and HTTP. Prints when the description came, when all images were read, and medians.
"""

import argparse
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pandas as pd
import rasterio
from markdown_table import markdown
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from minenetcd.web.results.folder import ResultFolder
from minenetcd.web.results.placement import Tile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path)
    parser.add_argument("--tiles", type=int, default=6, help="of each layer and zoom")
    arguments = parser.parse_args()
    with ResultFolder.read(arguments.result, waits=False) as result, served(arguments.result) as client:
        inputs = result.details.inputs
        assert inputs is not None and inputs.opened_before is not None and inputs.opened_after is not None
        files = {"before": inputs.opened_before, "after": inputs.opened_after, "probability": result.files.probability}
        (site,) = client.get("api/sites").json()["sites"]
        address = f"api/results/{site['id']}"
        seconds, described = timed(lambda: client.get(address).json())
        print(f"described after {seconds:.2f} s")
        waited, _ = timed(lambda: until_read(client, address))
        print(f"images read after {seconds + waited:.1f} s\n")
        rows = [row for name, file in files.items() for row in rows_of(client, name, file, described, arguments.tiles)]
    print(markdown(pd.DataFrame(rows)))


def rows_of(
    client: httpx.Client, name: str, file: str | Path, described: dict[str, Any], count: int
) -> Iterator[dict[str, str | int]]:
    layer = described["layers"][name]
    for zoom in range(layer["minzoom"], layer["maxzoom"] + 1):
        own, alone = [], []
        for tile in tiles(layer["bounds"], zoom, count):
            path = layer["tiles"].format(z=tile.z, x=tile.x, y=tile.y)
            own.append(timed(lambda path=path: client.get(path).raise_for_status())[0])
            alone.append(timed(lambda tile=tile: warped(file, tile))[0])
        yield {
            "layer": name,
            "zoom": zoom,
            "served, tiles a second": f"{1 / median(own):.1f}",
            "rasterio alone": f"{1 / median(alone):.1f}",
            "times as fast": f"{median(alone) / median(own):.2f}",
        }


def tiles(bounds: list[float], zoom: int, count: int) -> list[Tile]:
    """Some of those over `bounds`, the same ones each time."""
    west, south, east, north = bounds
    chosen = random.Random(zoom)
    points = ((chosen.uniform(west, east), chosen.uniform(south, north)) for _ in range(count))
    return [Tile.at(longitude, latitude, zoom) for longitude, latitude in points]


def warped(file: str | Path, tile: Tile) -> None:
    grid = tile.grid
    with rasterio.open(file) as stored:
        options = {"crs": grid.crs, "transform": grid.transform, "height": grid.height, "width": grid.width}
        with WarpedVRT(stored, resampling=Resampling.bilinear, **options) as dataset:
            dataset.read()


def until_read(client: httpx.Client, address: str) -> None:
    while client.get(address).json()["being_read"]:
        time.sleep(0.1)


def timed(do: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it gives."""
    begin = time.perf_counter()
    found = do()
    return time.perf_counter() - begin, found


@contextmanager
def served(result: Path) -> Iterator[httpx.Client]:
    command = [sys.executable, "-m", "minenetcd", "serve", "--no-open", "--port", "0", str(result)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next(found[1] for line in process.stdout if (found := re.search(r"at (http://\S+)", line)))
        try:
            with httpx.Client(base_url=address, timeout=600) as client:
                yield client
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
