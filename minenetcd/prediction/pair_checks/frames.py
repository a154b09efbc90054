"""Where a pair holds no data, and no file says so."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.display.words import percent
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.metadata.unmarked import is_no_measurement
from minenetcd.geo.no_change.filling import is_empty
from minenetcd.geo.raster import Raster

#: A corner of an image that is one number in all bands, so many pixels a side, is the beginning of a frame.
CORNER = 16
#: Of the pixels, the least share that a frame takes, and the most beside which there is an image; and the least of
#: numbers that are never measured, which may lie anywhere.
LEAST_FRAME, MOST_FRAME, LEAST_HOLES = 0.01, 0.99, 0.0005

EIGHT_BITS, SIXTEEN_BITS = 255, 65535

Pixels = NDArray[Any]  # (N, C)


class Frame(NamedTuple):
    """`value` in all bands of the date `name`, at the pixels `inside` (N,)."""

    name: str
    value: float
    inside: NDArray[np.bool_]
    is_no_measurement: bool  # or may be ground


def filling_findings(pair: AlignedPair) -> Iterator[str]:
    """Numbers that were taken for no data though their file does not call them so."""
    for name, raster in (("before", pair.before), ("after", pair.after)):
        if raster.filling is not None and not raster.filling.is_stated:
            yield (
                f"The {name} image holds {_number(raster.filling.value)} at a corner, and its file names no nodata "
                "value: such pixels are read as no data; say so in the file (gdal_edit.py -a_nodata "
                f"{_number(raster.filling.value)} FILE), or state another number (--nodata)."
            )


def find_frames(pair: AlignedPair, before: Pixels, after: Pixels) -> list[Frame]:
    """Numbers that fill a corner of a date and much of its pixels (N, C), but what both dates hold as 0.

    Those that are never measured count wherever they lie.
    """
    unsaid = ~is_empty(before, after)
    found = []
    for name, raster, pixels in (("before", pair.before, before), ("after", pair.after, after)):
        ends = pixels.min().item(), pixels.max().item()
        holes = [value for value in dict.fromkeys(ends) if is_no_measurement(value, {raster.dtype})]
        frames = [value for value in _corner_values(raster) if value not in holes and _may_fill(value, pixels.dtype)]
        for value in (*holes, *frames):
            inside = (pixels == value).all(axis=1) & unsaid
            if (LEAST_HOLES if value in holes else LEAST_FRAME) <= inside.mean() <= MOST_FRAME:
                found.append(Frame(name, value, inside, value in holes))
    return found


def frame_findings(frames: Sequence[Frame]) -> Iterator[str]:
    """Frames of one number, black or white, say, that count as ground."""
    for name, value, inside, is_hole in frames:
        number = _number(value)
        option = f"--nodata {number}" + (f"; of this date alone, --nodata none,{number}" if name == "after" else "")
        holds = f"The {name} image is {number} in every band in {percent(inside.mean())} of its valid pixels"
        if is_hole:
            yield f"{holds}: no measurement, which counts as ground and shows as change; say so ({option})."
        else:
            yield (
                f"{holds}, from a corner on: a frame that its file does not call no data, maybe, which counts as "
                f"ground and can show as change; if it is one, say so ({option})."
            )


def _may_fill(value: float, dtype: np.dtype[Any]) -> bool:
    """Whether a number is black, white, or below 0, which no colour is."""
    white = (np.iinfo(dtype).max,) if np.issubdtype(dtype, np.integer) else (1.0,)
    return value <= 0 or value in (EIGHT_BITS, SIXTEEN_BITS, *white)


def _corner_values(raster: Raster) -> list[Any]:
    """The numbers that fill a corner of an image in all bands."""
    grid = raster.grid
    height, width = min(CORNER, grid.height), min(CORNER, grid.width)
    found: dict[Any, None] = {}
    for row in (0, grid.height - height):
        for column in (0, grid.width - width):
            value = _one_value(*raster.read(Window(column, row, width, height)))
            if value is not None:
                found[value] = None
    return list(found)


def _one_value(pixels: NDArray[Any], valid: NDArray[np.bool_]) -> Any:
    first = pixels.flat[0]
    return first.item() if valid.all() and (pixels == first).all() else None


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15) else repr(value)
