"""Clouds found by a library of its own (the extra `clouds`), as a mask of each date.

Sources: omnicloudmask (Wright et al. 2025: red, green, near infrared of 10 to 50 m; clouds and their shadows) and
s2cloudless (Sentinel Hub: ten bands of Sentinel-2 L1C; clouds alone), by the interfaces of their versions 1.8 and 1.7.
"""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.errors import MineNetCDError, OptionError, one_line
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.areas.masks import RasterMask, raster_mask
from minenetcd.geo.areas.wanted import Meaning
from minenetcd.geo.bands.choosing import numbers_of
from minenetcd.geo.date import Date
from minenetcd.geo.date_files.finding import DateFiles, find_date
from minenetcd.geo.grid import Grid
from minenetcd.geo.metadata.stated import Stated
from minenetcd.geo.raster import Raster, RasterWriter
from minenetcd.geo.sample import side_by_side

#: Side of the tiles that are searched for clouds, and how much wider each is read. [pixels]
TILE, MARGIN = 1024, 160

#: Reflectances are told as so many times themselves, in whole numbers.
_REFLECTANCE = 10_000
#: What s2cloudless averages probabilities over, and by how much it widens clouds. [m]
_AVERAGED, _WIDENED = 240.0, 120.0
_MOST_PIXELS = 64  # of both

#: Bands, each by all the names that it may have.
Names = tuple[tuple[str, ...], ...]


class CloudDetector(Protocol):
    """A library that finds clouds in the `bands` that it names."""

    bands: ClassVar[Names]

    def clouded(self, pixels: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where `pixels` (H, W, C) are clouded, or in the shadow of a cloud (H, W)."""


class OmniCloudMask:
    """Thick and thin clouds and shadows (its classes 1, 2 and 3), in any numbers: it scales them itself."""

    bands: ClassVar[Names] = (("red",), ("green",), ("nir", "nir08"))

    def __init__(self, raster: Raster, grid: Grid, device: str) -> None:
        self._find = _imported("omnicloudmask").predict_from_array
        self._device = None if device == "auto" else device

    def clouded(self, pixels: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        shown = np.where(valid[..., np.newaxis], pixels, 0).astype(np.float32)
        classes = self._find(np.ascontiguousarray(np.moveaxis(shown, -1, 0)), inference_device=self._device)
        return np.asarray(classes[0] > 0)


class S2Cloudless:
    """Clouds by the reflectances of ten bands of a Sentinel-2 L1C product."""

    bands: ClassVar[Names] = (
        ("B01", "coastal"), ("B02", "blue"), ("B04", "red"), ("B05", "rededge071"), ("B08", "nir"), ("B8A", "nir08"),
        ("B09", "nir09"), ("B10", "cirrus"), ("B11", "swir16"), ("B12", "swir22"),
    )  # fmt: skip

    def __init__(self, raster: Raster, grid: Grid, device: str) -> None:
        averaged, widened = (
            max(1, min(_MOST_PIXELS, round(metres / grid.mean_metres))) for metres in (_AVERAGED, _WIDENED)
        )
        detector = _imported("s2cloudless").S2PixelCloudDetector
        self._detector = detector(threshold=0.4, all_bands=False, average_over=averaged, dilation_size=widened)
        self._offset = 0 if raster.processing is None else raster.processing.offset

    def clouded(self, pixels: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        is_whole = np.issubdtype(pixels.dtype, np.integer)
        reflectances = (pixels.astype(np.float64) + self._offset) / _REFLECTANCE if is_whole else pixels
        shown = np.where(valid[..., np.newaxis], np.maximum(reflectances, 0), 0).astype(np.float32)
        return np.asarray(self._detector.get_cloud_masks(shown[np.newaxis])[0] > 0)


_DETECTORS: dict[str, type[OmniCloudMask] | type[S2Cloudless]] = {
    "omnicloudmask": OmniCloudMask,
    "s2cloudless": S2Cloudless,
}


def check_clouds(library: str, *dates: DateFiles) -> None:
    """OptionError where `library` is not installed, or one of `dates` lacks the bands that it needs."""
    _imported(library)
    for date in dates:
        _numbers(_DETECTORS[library].bands, date, library)


def cloud_mask(path: Path, date: DateFiles, stated: Stated, pair: AlignedPair, library: str, device: str) -> RasterMask:
    """What is clouded in `date`, one of the two of `pair`, found tile by tile and written to `path`, once.

    What stands at `path` already is used: a run that was killed had finished it. OptionError where the library is not
    installed, or the image lacks the bands that it needs.
    """
    if not path.exists():
        kind, grid = _DETECTORS[library], pair.grid
        bands = _numbers(kind.bands, date, library)
        with Raster.open(date, bands=bands, stated=stated) as raster, Date(raster, grid) as seen:
            _write(path, pair, seen, kind(raster, grid, device), library)
    return raster_mask(find_date(path), 1, Meaning(), pair.grid, "--clouds")


def _write(path: Path, pair: AlignedPair, date: Date, detector: CloudDetector, library: str) -> None:
    """Where `date` is clouded in the overlap of `pair`: 1, else 0."""
    area = pair.overlap
    with RasterWriter(path, pair.grid.part(area), dtype="uint8") as writer:
        for window in side_by_side(area, TILE):
            inside = pair.inside(window)
            if inside is not None and not inside.any():
                continue
            wide, own = _with_surroundings(window, area)
            pixels, valid = date.read(wide)
            if not valid[own].any():
                continue
            try:
                clouded = detector.clouded(pixels, valid)
            except Exception as error:  # its errors have no common root
                raise MineNetCDError(
                    f"{library} failed ({one_line(error, with_kind=True)}): leave --clouds out, or mask them by a file "
                    "(--mask)."
                ) from error
            place = Window(window.col_off - area.col_off, window.row_off - area.row_off, window.width, window.height)
            writer.write(clouded[own].astype(np.uint8), place)


def _with_surroundings(window: Window, area: Window) -> tuple[Window, tuple[slice, slice]]:
    """`window` and what lies around it in `area`, and where in that it is."""
    left, top = max(area.col_off, window.col_off - MARGIN), max(area.row_off, window.row_off - MARGIN)
    right = min(area.col_off + area.width, window.col_off + window.width + MARGIN)
    bottom = min(area.row_off + area.height, window.row_off + window.height + MARGIN)
    row, col = window.row_off - top, window.col_off - left
    own = slice(row, row + window.height), slice(col, col + window.width)
    return Window(left, top, right - left, bottom - top), own


def _numbers(bands: Names, date: DateFiles, library: str) -> tuple[int, ...]:
    """Of the bands that a library needs. OptionError where `date` has one of them not."""
    found = []
    for names in bands:
        number = next(filter(None, (_number(name, date) for name in names)), None)
        if number is None:
            needed = ", ".join(each[0] for each in bands)
            raise OptionError(
                f"{library} needs bands called {needed} (--clouds), {date} has {date.bands.in_words()}: name them in "
                "the file, use the other library, or give a mask (--mask)."
            )
        found.append(number)
    return tuple(found)


def _number(name: str, date: DateFiles) -> int | None:
    try:
        return numbers_of((name,), date.bands, date)[0]
    except OptionError:
        return None


def _imported(library: str) -> Any:
    try:
        return import_module(library)
    except ImportError as error:
        raise OptionError(f"{library} is not installed (--clouds): pip install 'minenetcd[clouds]'.") from error
