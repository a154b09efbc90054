"""How fast a scene is mapped, what takes the time, and how that compares with earlier code.

    python benchmarks/scene.py [--size 2048] [--model minenetcd-nano] [--second irmad] [--rounds 3]
    python benchmarks/scene.py --size 768 --config minenetcd-swin-t

Two rasters of a drawn mine, the after image in another CRS, so that warping is part of the work, are mapped by this
code and by that of the commit in `earlier.py`, which take turns, each in a process of its own; printed are medians.
Then, by this code alone, the parts: processor time of each, by the threads that call them (use OMP_NUM_THREADS=1). The
limit is the network alone on the tiles that are read. F1 is that of the mask against what was drawn; it says nothing of
a --config, which has random weights.
"""

import argparse
import functools
import inspect
import pkgutil
import re
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import earlier
import numpy as np
import pandas as pd
import rasterio
import torch
from affine import Affine
from markdown_table import markdown
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.windows import Window
from turns import Numbers, in_turn

import minenetcd
from minenetcd.detectors.blending import Blender
from minenetcd.detectors.by_name import open_detector
from minenetcd.detectors.learned import ChangeDetector, NetworkScene
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction import result
from minenetcd.prediction.scene import predict_scene
from minenetcd.synthetic import make_scene


def those_here(*names: str) -> tuple[tuple[Any, str], ...]:
    """Of functions, named as "module:Owner.function", those that this code has; earlier code had others."""
    found = []
    for name in names:
        with suppress(ImportError, AttributeError):
            _ = pkgutil.resolve_name(name)
            owner, function = re.fullmatch(r"(.+)[.:](\w+)", name).groups()
            found.append((pkgutil.resolve_name(owner), function))
    return tuple(found)


NETWORK = "network"
TILES = "minenetcd.prediction.inference"
ONE_PASS, KEPT = "minenetcd.prediction.rasters.one_pass", "minenetcd.prediction.kept.finished_strips"
#: What is timed: a name, and the functions whose processor time it is, without that of others within.
PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "reading and warping": those_here(f"{TILES}:read_batches", f"{TILES}:_batches"),
    NETWORK: ((NetworkScene, "scores"),),
    "learning the scene": ((ChangeDetector, "for_scene"),),
    "blending": ((Blender, "feed"), (Blender, "finish")),
    "writing rasters": (
        *((RasterWriter, "write"), (RasterWriter, "__exit__")),
        *those_here(f"{KEPT}:FinishedStrips.keep"),
    ),
    "mask, measures, polygons": (
        (result, "measured"),
        *those_here(f"{ONE_PASS}:ScenePass.add", f"{ONE_PASS}:SecondOpinion.compare"),
    ),
    "checks of the pair, pictures": ((result.PairFindings, "of"), (result, "date_pictures")),
    "report, and files in place": ((result.ScenePrediction, "save"),),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--model", default="minenetcd-nano")
    parser.add_argument("--config", default="", help="A configuration, with random weights, in place of a model.")
    parser.add_argument("--second", default="", help="A detector without training that reads the scene, too.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", action="store_true", help="One of the two processes of the comparison.")
    options = parser.parse_args()
    if options.side:
        scene = Scene(options.size, options.model, options.config, options.second)
        return earlier.answer(scene.measure)
    arguments = ["--side", "--size", str(options.size), "--model", options.model, "--config", options.config]
    arguments += ["--second", options.second]
    with earlier.both("scene.py", arguments) as sides:
        taken = in_turn(sides, options.rounds)
    before, now = taken["before"], taken["now"]
    shown = {
        "megapixels a second": "megapixels", "whole job [s]": "seconds", "network [s of processor time]": NETWORK,
        "outside of it [s of processor time]": "outside", "whole job / network alone": "of network", "F1": "f1",
    }  # fmt: skip
    rows = [
        {"": name, "before": f"{before[key]:.3f}", "now": f"{now[key]:.3f}", "ratio": f"{now[key] / before[key]:.2f}"}
        for name, key in shown.items()
    ]
    name, second = options.config or options.model, options.second or "none"
    print(f"{options.size} x {options.size} pixels, {name}, second opinion: {second}")
    print(markdown(pd.DataFrame(rows)))
    spent = {name: now[name] for name in (*PARTS, "the rest")}
    rows = [{"part": part, "processor time [s]": f"{each:.2f}"} for part, each in spent.items()]
    print(f"\n{markdown(pd.DataFrame(rows))}")


class Scene:
    """A scene that is mapped again and again."""

    def __init__(self, size: int, model: str, config: str, second: str) -> None:
        torch.manual_seed(0)
        self.detector = ChangeDetector.from_config(config) if config else minenetcd.from_pretrained(model)
        self.second = open_detector(second) if second else None
        self.folder = tempfile.TemporaryDirectory()
        self.before, self.after, self.truth = _rasters(Path(self.folder.name), size)
        self.clock = Clock()

    def measure(self) -> Numbers:
        self.clock.spent.clear()
        self.clock.by_the_clock = 0.0
        began, started = time.process_time(), time.perf_counter()
        out = Path(self.folder.name) / "out"
        with predict_scene(self.detector, self.before, self.after, out, second=self.second) as found:
            seconds, processor = time.perf_counter() - started, time.process_time() - began
            pixels = found.valid_pixels
            with rasterio.open(found.saved.raster) as dataset:
                mask = dataset.read(1)
        parts = {name: self.clock.spent[name] for name in PARTS}
        hits = np.sum((mask == 1) & self.truth)
        return {
            "seconds": seconds,
            "megapixels": pixels / seconds / 1e6,
            "outside": processor - parts[NETWORK],
            "of network": seconds / self.clock.by_the_clock,
            "f1": float(2 * hits / ((mask == 1).sum() + (self.truth & (mask != 255)).sum())),
            **parts,
            "the rest": processor - sum(parts.values()),
        }


class Clock:
    """Processor time of each of the PARTS, by the threads that called them, and the network's by the clock."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.by_the_clock = 0.0
        self._within = threading.local()
        for part, functions in PARTS.items():
            for owner, name in functions:
                self._wrap(owner, name, part)

    def _wrap(self, owner: Any, name: str, part: str) -> None:
        inner = owner.__dict__[name]
        function = inner.__func__ if isinstance(inner, classmethod) else inner

        @functools.wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            if inspect.isgeneratorfunction(function):
                return self._each(part, function(*arguments, **options))
            return self._timed(part, function, *arguments, **options)

        setattr(owner, name, classmethod(timed) if isinstance(inner, classmethod) else timed)

    def _each(self, part: str, items: Iterator[Any]) -> Iterator[Any]:
        while (item := self._timed(part, next, items, None)) is not None:
            yield item

    def _timed(self, part: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        stack = self._within.__dict__.setdefault("stack", [])
        stack.append(0.0)
        began, started = time.thread_time(), time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            spent, within = time.thread_time() - began, stack.pop()
            self.spent[part] += spent - within
            if stack:
                stack[-1] += spent
            if part == NETWORK:
                self.by_the_clock += time.perf_counter() - started


def _rasters(folder: Path, size: int) -> tuple[Path, Path, NDArray[np.bool_]]:
    scene = make_scene(5, size=size, metres_per_pixel=1.2, variety="plain")
    grid = Grid(size, size, Affine.translation(4e5, 7.3e6) @ Affine.scale(1.2, -1.2), CRS.from_epsg(32733))
    paths = folder / "before.tif", folder / "after.tif"
    for path, image in zip(paths, (scene.before, scene.after), strict=True):
        with RasterWriter(path, grid, dtype=np.uint8, bands=3) as writer:
            writer.write(image, Window(0, 0, size, size))
    warped = folder / "after_mercator.tif"
    with rasterio.open(paths[1]) as source, rasterio.vrt.WarpedVRT(source, crs="EPSG:3857") as vrt:
        rasterio.shutil.copy(vrt, warped, driver="GTiff")
    return paths[0], warped, np.asarray(scene.mask == 1)


if __name__ == "__main__":
    main()
