"""Masks of a date: where it is not to be looked at, seen on any grid."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.areas.limits import Masked
from minenetcd.geo.areas.placed import PlacedPolygons
from minenetcd.geo.areas.wanted import Meaning
from minenetcd.geo.date_files.finding import DateFiles
from minenetcd.geo.footprints.overlap import extent_in_words, shared_area
from minenetcd.geo.footprints.turns import turned_grids
from minenetcd.geo.grid import Grid
from minenetcd.geo.source import inspect, open_or_explain, quiet_gdal, reason
from minenetcd.geo.vrt import GDAL_NAMES, band_source, vrt_document

_POSITION_TOLERANCE = 0.01  # of a pixel, in the warp


@dataclass(frozen=True)
class PolygonMask:
    """Polygons in the CRS of the grids it is asked for: pixels whose centres lie in one are masked."""

    polygons: PlacedPolygons

    def on(self, grid: Grid, opened: ExitStack) -> Masked:
        return lambda window: self.polygons.inside(grid.part(window))


@dataclass(frozen=True)
class RasterMask:
    """A band of a raster of any grid, by the nearest of its pixels; beyond its edge nothing is masked."""

    document: str  # its VRT
    shown: str
    grid: Grid
    meaning: Meaning
    nodata: float | None

    def on(self, grid: Grid, opened: ExitStack) -> Masked:
        with _readable(self.shown):
            stored = opened.enter_context(rasterio.open(self.document))
            places = [
                opened.enter_context(
                    WarpedVRT(
                        stored, src_crs=place.crs, src_transform=place.transform,
                        crs=grid.crs, transform=grid.transform, height=grid.height, width=grid.width,
                        resampling=Resampling.nearest, tolerance=_POSITION_TOLERANCE, add_alpha=True,
                    )
                )
                for place in turned_grids(self.grid, grid)
            ]  # fmt: skip

        def masked(window: Window) -> NDArray[np.bool_]:
            found = np.zeros((window.height, window.width), dtype=bool)
            with _readable(self.shown):
                for place in places:
                    numbers, reaches = place.read(1, window=window), place.read(2, window=window) > 0
                    found |= reaches & self.meaning.masked(numbers, self.nodata)
            return found

        return masked


@contextmanager
def _readable(shown: str) -> Iterator[None]:
    """GDAL set up for reading a mask; what it cannot read becomes a RasterError."""
    try:
        with quiet_gdal():
            yield
    except (RasterioError, OSError) as error:
        raise RasterError(
            f"The mask {shown} cannot be read to the end ({reason(error)}): download or export it again."
        ) from error


def raster_mask(date: DateFiles, band: int, meaning: Meaning, grid: Grid, option: str) -> RasterMask:
    """The mask in a band of a raster, for a scene on `grid`.

    GridError where it lies on no grid on Earth, or misses the scene; OptionError where its numbers cannot be classes.
    """
    said = inspect(date.text, (band,), name=date.name)
    if not said.grid.is_georeferenced:
        raise GridError(
            f"A mask on a grid with a CRS is needed ({option}), {date} is "
            f"{'in coordinates without one on Earth' if said.grid.has_coordinates else 'a picture without CRS'}: "
            "georeference it (gdal_edit.py -a_srs, -a_ullr), or leave it out."
        )
    if shared_area(grid, said.grid).area == 0:
        raise GridError(
            f"A mask of the scene is needed ({option}), which covers {extent_in_words(grid)}, {date} covers "
            f"{extent_in_words(said.grid)}: name another."
        )
    with quiet_gdal(), open_or_explain(date.name, date.text) as stored:
        dtype, nodata = np.dtype(stored.dtypes[band - 1]), stored.nodatavals[band - 1]
    if dtype.name not in GDAL_NAMES or (meaning.bits and not np.issubdtype(dtype, np.integer)):
        raise OptionError(f"A mask of whole numbers is needed ({option}), {date} holds {dtype}: name another band.")
    whole = Window(0, 0, said.grid.width, said.grid.height)
    document = vrt_document(
        date.name, said.grid, whole, said.grid.shape, dtype=dtype, bands=[band_source(band)], masks=[]
    )
    return RasterMask(document, date.text, said.grid, meaning, nodata)
