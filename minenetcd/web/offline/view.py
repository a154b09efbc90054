"""One HTML file with a result in it: to look at, and to pass on."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import Progress, no_progress
from minenetcd.errors import InputError, OutputPathError
from minenetcd.files import atomic_path
from minenetcd.geo.raster import Raster
from minenetcd.prediction.rasters.scene_rasters import strips
from minenetcd.prediction.rasters.stored import STEPS, StoredProbability
from minenetcd.web.offline.elements import FORMS, result_elements, tile_address, tiles_element
from minenetcd.web.pages import Page, offline_page
from minenetcd.web.results.folder import ResultFolder

#: Beyond, a file would have hundreds of megabytes, and a browser no memory for it. [px]
MOST_PIXELS = 50_000_000


def write_view(result: str | Path, out: str | Path | None = None, *, progress: Progress = no_progress) -> Path:
    """The finished `result` of `predict` as one offline page; returns its path.

    out: None is a file beside the folder, named as the folder. `progress` counts blocks of the images.
    InputError where the folder holds no result, or one of more than MOST_PIXELS.
    """
    with ResultFolder.read(result) as opened:
        _check_size(opened)
        path = beside(opened.folder) if out is None else _checked(Path(out))
        with atomic_path(path) as target, target.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(page_of(opened, progress))
    return path


def beside(folder: Path) -> Path:
    """Where the page of the result in `folder` is written unless somebody says."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}.html")


def page_of(result: ResultFolder, progress: Progress = no_progress) -> Iterator[str]:
    """The HTML of the page, part by part."""
    layers = {name: layer for name, layer in result.layers.by_name.items() if name in FORMS}
    description = result.description(result.folder.resolve().name, tiles=tile_address, polygons="embedded")
    facts: dict[str, Any] = description.model_dump(mode="json")
    facts["layers"] = {name: facts["layers"][name] for name in layers}
    if "probability" in layers:
        facts["histogram"] = steps_of(result).tolist()
    title = f"{description.dates[0].label} to {description.dates[1].label}, change"
    elements = chain(result_elements(facts, result.geojson()), tiles_element(layers, progress))
    yield from offline_page(Page("result", title), elements)


def steps_of(result: ResultFolder) -> NDArray[np.int64]:
    """How many pixels have each of the 255 steps of probability, 0 to 254."""
    stored = StoredProbability(result.facts.threshold, as_float=result.facts.options.float_probability)
    counts = np.zeros(STEPS + 1, np.int64)
    with Raster.open(result.files.probability, bands=(1,)) as raster:
        for window in strips(raster.grid):
            pixels, valid = raster.read(window)
            steps = np.rint(stored.decode(pixels[..., 0])[valid] * STEPS)
            counts += np.bincount(np.clip(steps, 0, STEPS).astype(np.intp), minlength=STEPS + 1)
    return counts


def _checked(out: Path) -> Path:
    if out.suffix.lower() not in (".html", ".htm"):
        raise OutputPathError(f"A page needs a name that ends with .html, got {out}: name it {out.name}.html, say.")
    return out


def _check_size(result: ResultFolder) -> None:
    grid = result.facts.grid
    if grid.width * grid.height > MOST_PIXELS:
        raise InputError(
            f"One file holds results of up to {MOST_PIXELS / 1e6:.0f} megapixels, {result.folder} has "
            f"{grid.width * grid.height / 1e6:.0f}: use minenetcd serve {result.folder}."
        )
