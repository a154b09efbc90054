"""The map whose accuracy is asked for: the result of a prediction, or a raster of classes on its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.accuracy.classes import CHANGE, LARGEST_CODE, NO_CHANGE, MapClass
from minenetcd.accuracy.sampling.options import SampleOptions
from minenetcd.errors import OptionError, RasterError
from minenetcd.files import settle
from minenetcd.geo.date_files.read_files import ReadPair
from minenetcd.geo.grid import SQUARE_METRES_PER_HECTARE, Grid
from minenetcd.geo.polygons.hectares import changed_hectares
from minenetcd.geo.raster import Raster
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.outputs import DETAILS, result_names
from minenetcd.prediction.rasters.scene_rasters import strips
from minenetcd.prediction.rasters.stored import StoredProbability

#: A raster with more different numbers is an image, not a map of classes.
MOST_CLASSES = 64


@dataclass(frozen=True)
class ClassMap:
    """An opened map: `classes`, and which of them is `change` (None: no map of change); for one thread at a time.

    `pixel_metres`: (width, height) of a pixel. `facts`: of a prediction, else None;
    `inputs`: the files it was made of, where it kept them.
    """

    name: str
    raster: Raster
    classes: tuple[MapClass, ...]
    change: int | None
    pixel_metres: tuple[float, float]
    probability: Raster | None = None
    stored: StoredProbability | None = None
    facts: SceneFacts | None = None
    inputs: ReadPair | None = None

    @property
    def grid(self) -> Grid:
        return self.raster.grid

    def read(self, window: Window) -> NDArray[np.int16]:
        """The place of each pixel's class among `classes`, -1 where there is no data or no class (H, W)."""
        places: NDArray[np.int16] = self._table()[_codes(self.raster, window)]
        return places

    def read_probability(self, window: Window) -> NDArray[np.float32]:
        """0 to 1, NaN where it is not known (H, W)."""
        if self.probability is None or self.stored is None:
            return np.full((window.height, window.width), np.nan, np.float32)
        values, valid = self.probability.read(window)
        return np.where(valid, self.stored.decode(values[..., 0]), np.float32(np.nan))

    def hectares(self, mask: NDArray[np.bool_], part: Grid) -> float:
        """Of the True pixels of a mask (H, W) of a `part` of the grid."""
        if part.is_georeferenced:
            return changed_hectares(mask, part)
        width, height = self.pixel_metres
        return float(np.count_nonzero(mask) * width * height / SQUARE_METRES_PER_HECTARE)

    def _table(self) -> NDArray[np.int16]:
        table = np.full(LARGEST_CODE + 2, -1, np.int16)
        table[[each.code for each in self.classes]] = np.arange(len(self.classes))
        return table


@contextmanager
def open_map(source: str | Path, options: SampleOptions) -> Iterator[ClassMap]:
    """The map at `source`. InputError where there is none, or `options` do not fit it."""
    path = Path(source)
    if not path.exists():
        raise RasterError(f"A map is needed, there is nothing at {source}: name a result of minenetcd predict.")
    with ExitStack() as opened:
        yield _result(path, options, opened) if path.is_dir() else _raster(path, options, opened)


def _result(folder: Path, options: SampleOptions, opened: ExitStack) -> ClassMap:
    if options.classes or options.change is not None:
        raise OptionError(
            f"The classes of a result are change and no change, got others for {folder}: leave --class and --change "
            "out, or name a raster."
        )
    settle(folder)
    details = read_details(folder / DETAILS)
    facts = details.facts
    names = result_names(facts.grid, facts.options).within(folder)
    raster, probability = (
        opened.enter_context(Raster.open(path, bands=(1,))) for path in (names.raster, names.probability)
    )
    details.check_probability(names.probability)
    if raster.grid.shape != facts.grid.shape or probability.grid.shape != facts.grid.shape:
        raise RasterError(f"The rasters of this result are needed, {names.raster} has another size: predict again.")
    return ClassMap(
        name=str(folder),
        raster=raster,
        classes=(NO_CHANGE, CHANGE),
        change=CHANGE.code,
        pixel_metres=_pixel_metres(raster.grid, options.metres_per_pixel or facts.options.metres_per_pixel),
        probability=probability,
        stored=StoredProbability(facts.threshold, as_float=facts.options.float_probability),
        facts=facts,
        inputs=details.inputs,
    )


def _raster(path: Path, options: SampleOptions, opened: ExitStack) -> ClassMap:
    raster = opened.enter_context(Raster.open(path, bands=(1,)))
    if len(raster.said.bands) > 1 or not np.issubdtype(raster.dtype, np.integer):
        raise RasterError(
            f"One band of whole numbers is needed, classes, {path} has {len(raster.said.bands)} of {raster.dtype}: "
            "name a map, or the folder of a result."
        )
    metres = _pixel_metres(raster.grid, options.metres_per_pixel)
    classes = options.classes or _found(raster)
    if options.change is not None and options.change not in [each.code for each in classes]:
        raise OptionError(
            f"Change is to be one of the classes ({', '.join(str(each.code) for each in classes)}), got "
            f"{options.change}: change --change."
        )
    if options.confidence:
        raise OptionError(
            f"Confidence is that of a result of minenetcd predict, {path} has none: name the folder, or leave "
            "--confidence out."
        )
    if options.buffer is not None and (options.change is None or len(classes) != 2):
        raise OptionError(
            f"A buffer lies around change, in a map of two classes, {path} has {len(classes)}: name the one that is "
            "change (--change 1), or leave --buffer out."
        )
    return ClassMap(str(path), raster, classes, options.change, metres)


def _found(raster: Raster) -> tuple[MapClass, ...]:
    """A class for each number that the raster holds."""
    seen = np.zeros(LARGEST_CODE + 2, bool)
    for window in strips(raster.grid):
        codes = _codes(raster, window)
        seen |= np.bincount(codes.ravel(), minlength=len(seen)).astype(bool)
        if np.count_nonzero(seen[:-1]) > MOST_CLASSES:
            raise RasterError(
                f"A map of at most {MOST_CLASSES} classes is needed, {raster.source} holds more numbers: name a map, "
                "or its classes (--class '1=new pit')."
            )
    return tuple(MapClass(int(code), f"class {code}") for code in np.flatnonzero(seen[:-1]))


def _codes(raster: Raster, window: Window) -> NDArray[Any]:
    """The numbers of a raster (H, W), LARGEST_CODE + 1 where there is none that a class may have."""
    values, valid = raster.read(window)
    codes = values[..., 0]
    if codes.dtype.itemsize > 2 or np.issubdtype(codes.dtype, np.signedinteger):
        valid = valid & (codes >= 0) & (codes <= LARGEST_CODE)
    known = codes.astype(np.int32)  # wide enough for the number of none
    known[~valid] = LARGEST_CODE + 1
    return known


def _pixel_metres(grid: Grid, stated: float | None) -> tuple[float, float]:
    """Width and height of a pixel; of a picture as `stated`. OptionError where nobody says, or both do."""
    stated = grid.metres_or(stated)
    if stated is None:
        raise OptionError(
            "Hectares need the size of a pixel, got a map that does not say it: state it (--metres-per-pixel 0.5), or "
            "give a GeoTIFF."
        )
    return grid.metres_per_pixel if grid.is_georeferenced else (stated, stated)
