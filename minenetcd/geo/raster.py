"""Images read window by window with their validity, and written as Cloud Optimized GeoTIFF or PNG."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from numpy.typing import DTypeLike, NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, DatasetWriter
from rasterio.windows import Window

from minenetcd.errors import OptionError, RasterError, SizeError
from minenetcd.files import atomic_path, unwritable
from minenetcd.geo.bands.said import FileBands
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.date_files.finding import Image, find_date
from minenetcd.geo.grid import Grid
from minenetcd.geo.metadata.stated import NOTHING_STATED, Stated
from minenetcd.geo.source import Source, inspect, quiet_gdal, reason
from minenetcd.geo.vrt import band_source, colour_table, fill_in, opening
from minenetcd.secrets import without_secrets

BLOCK = 512


class Raster:
    """An opened image, local or remote; a context manager, for one thread at a time.

    `source` as given, `grid`, `dtype`, `bands` (numbers, from 1, in the order read), `acquired` (when it was taken, and
    who says so), `processing` (of a Sentinel-2 product, or None), `filling` (what means no data without being called
    so, or None) and `said`, what the file says of all its bands.
    """

    def __init__(self, source: object, description: Source) -> None:
        self.source = str(source)
        self.grid: Grid = description.grid
        self.dtype: np.dtype[Any] = description.dtype
        self.bands: tuple[int, ...] = description.bands
        self.said: FileBands = description.said
        self.acquired = description.acquired
        self.filling = description.filling
        self.processing = description.processing
        self.crs_is_stated = description.crs_is_stated
        self._description = description
        self._dataset = self.canvas(*self.grid.shape)

    @property
    def date(self) -> str | None:
        """ISO 8601."""
        return self.acquired.date

    @classmethod
    def open(cls, source: Image, *, bands: Wanted | None = None, stated: Stated = NOTHING_STATED) -> Self:
        """Open a path, a URL or a name GDAL knows, or several files of one band each (`date_files.finding`).

        `bands`: numbers, from 1, or names. Without them red, green and blue, by what the file says of its bands; where
        that is nothing, the first three that are not alpha. A palette is expanded to red, green and blue, unless
        bands=(1,) asks for the stored class numbers. CRS without transform makes a picture, which is seen upright.
        `stated` says what the file does not.
        RasterError for a missing or unreadable file, fewer than three bands, complex pixels, or a grid given only
        by ground control points; OptionError for bands it lacks.
        """
        date = find_date(source)
        return cls(date, inspect(date.text, bands, stated, name=date.name))

    def read(self, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Pixels (H, W, C) in the image's own dtype, and where every band is valid (H, W).

        Invalid: nodata, outside the data set's mask, transparent (alpha 0), NaN or infinite.
        GridError for a window outside the grid; RasterError where the file is damaged.
        """
        self.grid.check_inside(window)
        with self.readable():
            return read_canvas(self._dataset, len(self.bands), window)

    def read_small(self, max_side: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """The whole image, averaged down to at most `max_side` pixels a side; for previews and statistics."""
        with self.readable(), self.canvas(*self.grid.decimated(max_side).shape) as small:
            return read_canvas(small, len(self.bands))

    @property
    def pixels_far_out(self) -> int:
        """How many pixels are read of it to see all of it small: those of its coarsest overview, or all."""
        with self.readable(), rasterio.open(self._description.name) as stored:
            coarsest = max(stored.overviews(1), default=1)
        return self.grid.height * self.grid.width // coarsest**2

    def canvas(self, height: int, width: int, window: Window | None = None) -> DatasetReader:
        """The bands read, then one of validity (alpha) if anything is masked, as a data set of that size."""
        whole = Window(0, 0, self.grid.width, self.grid.height)
        with self.readable():
            return rasterio.open(self._description.document(window or whole, height, width))

    @contextmanager
    def readable(self) -> Iterator[None]:
        """GDAL set up for reading; what it cannot read becomes a RasterError."""
        try:
            with quiet_gdal():
                yield
        except (RasterioError, OSError) as error:
            raise RasterError(
                f"{self.source} cannot be read to the end ({reason(error)}): it is truncated or damaged; "
                "download or export it again."
            ) from error

    def laid_on(self, grid: Grid) -> "Raster":
        """The same image, opened once more, its pixels on `grid`, which has as many; for another thread, too."""
        return Raster(self.source, replace(self._description, grid=grid))

    def close(self) -> None:
        self._dataset.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_canvas(
    dataset: DatasetReader, channels: int, window: Window | None = None
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Pixels (H, W, C) of the first `channels` bands, and where the band after them, if any, is not zero (H, W)."""
    bands = dataset.read(list(range(1, channels + 1)), window=window)
    pixels = np.empty((*bands.shape[1:], channels), bands.dtype)
    for channel, band in enumerate(bands):  # one by one is several times as fast as all at once
        pixels[..., channel] = band
    if dataset.count > channels:
        valid = dataset.read(channels + 1, window=window) > 0
    else:
        valid = np.ones(pixels.shape[:2], dtype=bool)
    if np.issubdtype(pixels.dtype, np.floating):
        valid &= np.isfinite(pixels).all(axis=-1)
    return pixels, valid


class RasterWriter:
    """Writes an image window by window; on a clean exit it stands at `path`, else nothing does.

    `.tif` and `.tiff` become Cloud Optimized GeoTIFF, `.png` PNG. Windows may come in any order; pixels never
    written are `nodata`, or 0. One band of integers counts as classes: its overviews are sampled, others averaged.
    `colours` gives a class its (red, green, blue, alpha). `scale` is what a step of a number stands for, which a GIS
    applies where the file says it (GeoTIFF); what is written and read here stays in steps. Needs room for the pixels,
    uncompressed, beside `path`: they are in `draft`, which can be read, until the end.
    """

    def __init__(
        self,
        path: str | Path,
        grid: Grid,
        *,
        dtype: DTypeLike,
        nodata: float | None = None,
        bands: int = 1,
        colours: dict[int, tuple[int, int, int, int]] | None = None,
        tags: dict[str, str] | None = None,
        scale: float | None = None,
    ) -> None:
        self.path = Path(path)
        self.grid = grid
        self.dtype = np.dtype("uint8") if np.dtype(dtype) == bool else np.dtype(dtype)
        self.nodata = nodata
        self.bands = bands
        self.colours = colours
        self.scale = scale
        self.tags = {name: without_secrets(text) for name, text in (tags or {}).items()}
        self._check_format()

    def write(self, array: NDArray[Any], window: Window) -> None:
        """Pixels (H, W), or (H, W, C) with C = `bands`, of a window. SizeError where shape or dtype do not fit."""
        self.grid.check_inside(window)
        pixels = array[..., np.newaxis] if array.ndim == 2 else array
        needed = (int(window.height), int(window.width), self.bands)
        if pixels.shape != needed or not np.can_cast(pixels.dtype, self.dtype, "safe"):
            raise SizeError(
                f"A window of shape {needed}, {self.dtype}, is needed, got {pixels.shape}, {pixels.dtype}: "
                "cut and cast it first."
            )
        try:
            with quiet_gdal():  # the thread that writes may be another than the one that began
                self.draft.write(np.moveaxis(pixels, -1, 0).astype(self.dtype, copy=False), window=window)
        except (RasterioError, OSError) as error:
            raise unwritable(self.path, error) from error

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._target = stack.enter_context(atomic_path(self.path))
            self._draft_path = self._target.with_name("draft.tif")
            with quiet_gdal():
                self.draft = stack.enter_context(self._open_draft())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        with self._stack as stack:
            if kind is None:
                self._finish()
                return None
            return stack.__exit__(kind, error, trace)

    def _finish(self) -> None:
        try:
            self.draft.close()
            self._check_draft()
            with quiet_gdal():
                if self._is_png:
                    coloured = _with_alpha(self._draft_path, self.colours) if self.colours else self._draft_path
                    rasterio.shutil.copy(coloured, self._target, driver="PNG")
                else:
                    rasterio.shutil.copy(self._draft_path, self._target, driver="COG", **self._cog_options())
                _read_back(self._target)
        except Exception as error:  # copy lets GDAL's own errors through, which have no public name
            raise unwritable(self.path, error) from error

    def _open_draft(self) -> DatasetWriter:
        """An uncompressed tiled file: blocks may be rewritten in place, and its least size is known."""
        draft = rasterio.open(
            self._draft_path, "w+", driver="GTiff", height=self.grid.height, width=self.grid.width,
            count=self.bands, dtype=self.dtype, nodata=self.nodata, crs=self.grid.named_crs,
            transform=self.grid.transform if self.grid.has_coordinates else None,
            tiled=True, blockxsize=BLOCK, blockysize=BLOCK, BIGTIFF="IF_SAFER",
        )  # fmt: skip
        draft.update_tags(**self.tags)
        if self.colours is not None:
            draft.write_colormap(1, self.colours)
        if self.scale is not None and not self._is_png:
            draft.scales = [self.scale] * self.bands
        return draft

    def _check_draft(self) -> None:
        """GDAL only logs what fails while it closes a file: a draft shorter than its blocks met a full disk."""
        blocks = -(-self.grid.height // BLOCK) * -(-self.grid.width // BLOCK)
        needed = blocks * BLOCK * BLOCK * self.bands * self.dtype.itemsize
        if self._draft_path.stat().st_size < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _cog_options(self) -> dict[str, str | int]:
        is_float = np.issubdtype(self.dtype, np.floating)
        is_class = self.bands == 1 and not is_float
        return {
            "COMPRESS": "DEFLATE",
            "PREDICTOR": "FLOATING_POINT" if is_float else "NO" if is_class else "STANDARD",
            "BLOCKSIZE": BLOCK,
            "OVERVIEW_RESAMPLING": "NEAREST" if is_class else "AVERAGE",
            "BIGTIFF": "IF_SAFER",
            "NUM_THREADS": "ALL_CPUS",
        }

    @property
    def _is_png(self) -> bool:
        return self.path.suffix.lower() == ".png"

    def _check_format(self) -> None:
        if self.path.suffix.lower() not in (".tif", ".tiff", ".png"):
            raise OptionError(f"Rasters are written as .tif, .tiff or .png, got {self.path.name}: change its ending.")
        if self._is_png and (self.dtype.name not in ("uint8", "uint16") or self.bands not in (1, 3)):
            raise OptionError(
                f"PNG holds 1 or 3 bands of uint8 or uint16, got {self.bands} of {self.dtype} "
                f"for {self.path.name}: write .tif."
            )
        coloured = ("uint8",) if self._is_png else ("uint8", "uint16")
        if self.colours is not None and (self.bands != 1 or self.dtype.name not in coloured):
            raise OptionError(
                f"Colours need one band of {' or '.join(coloured)}, got {self.bands} of {self.dtype} "
                f"for {self.path.name}: drop them."
            )


def _with_alpha(draft: Path, colours: dict[int, tuple[int, int, int, int]]) -> str:
    """VRT of a draft of classes with a colour table that keeps alpha, which a TIFF's does not."""
    with rasterio.open(draft) as dataset:
        shape = dataset.shape
    whole = Window(0, 0, shape[1], shape[0])
    source = fill_in(band_source(1), str(draft.resolve()), whole, shape)
    return (
        f'{opening(shape, None, Affine.identity())}<VRTRasterBand dataType="Byte" band="1">'
        f"<ColorInterp>Palette</ColorInterp>{colour_table(colours, max(colours) + 1)}{source}"
        "</VRTRasterBand></VRTDataset>"
    )


def _read_back(path: Path) -> None:
    """Decode every block: where a disk fills up, GDAL may report success and leave a torn file."""
    with rasterio.open(path) as dataset:
        levels = len(dataset.overviews(1))
    for level in range(-1, levels):
        with rasterio.open(path, **({"overview_level": level} if level >= 0 else {})) as dataset:
            for row in range(0, dataset.height, BLOCK):
                for col in range(0, dataset.width, BLOCK):
                    dataset.read(window=Window(col, row, BLOCK, BLOCK))
