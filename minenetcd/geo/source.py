"""What an image file says about itself."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minenetcd.errors import OptionError, RasterError, one_line
from minenetcd.foreign import refused
from minenetcd.geo.bands.choosing import numbers_of
from minenetcd.geo.bands.said import FileBands, alpha_bands, read_bands
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.grid import Grid, Plane
from minenetcd.geo.metadata.acquired import Acquired, acquired
from minenetcd.geo.metadata.sentinel2 import Processing, processing
from minenetcd.geo.metadata.stated import NOTHING_STATED, Stated
from minenetcd.geo.metadata.unmarked import Filling, masked_document, unmarked_filling
from minenetcd.geo.orientation import upright_name
from minenetcd.geo.vrt import GDAL_NAMES, averaged_source, band_source, other_than, palette_source, vrt_document

EXACT = 2**53  # GDAL compares numbers of 64 bits with a stated one as floats

LEAST_CACHED, MOST_CACHED = 64 * 2**20, 192 * 2**20  # of blocks of images, by GDAL [bytes]

GDAL_OPTIONS: dict[str, str | int] = {
    "GDAL_CACHEMAX": LEAST_CACHED,  # GDAL's own bound is 5 % of the machine's memory
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",  # GDAL's short cut returns uninitialised memory for a truncated PNG
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",  # look for side files by name: no listing of a folder or a web server
    "GDAL_HTTP_CONNECTTIMEOUT": "15",
    "GDAL_HTTP_MAX_RETRY": "3",
}

REMOTE = {"http": "/vsicurl/http", "https": "/vsicurl/https", "s3": "/vsis3/", "gs": "/vsigs/", "az": "/vsiaz/"}


@dataclass(frozen=True)
class Source:
    """One image: `name` as GDAL opens it; `masks` are the VRT sources whose product, if not zero, means valid."""

    name: str
    grid: Grid
    dtype: np.dtype
    bands: tuple[int, ...]
    has_palette: bool
    masks: tuple[str, ...]
    said: FileBands  # what the file says of all its bands
    acquired: Acquired
    crs_is_stated: bool = False
    processing: Processing | None = None  # of a Sentinel-2 product
    filling: Filling | None = None  # what means no data, and is not called so by the file

    def document(self, window: Window, height: int, width: int) -> str:
        """VRT of the bands read, in that order, and, where anything is masked, a last band of validity (alpha).

        At a height and width smaller than the window's, bands are averaged (a palette is sampled) and validity is
        sampled. Why a VRT: WarpedVRT then sees one mask that all bands share, so nodata never enters a mean.
        """
        part = self.grid.part(window)
        if self.has_palette:
            source: Callable[[int], str] = palette_source
        else:
            source = band_source if (height, width) == part.shape else averaged_source
        return vrt_document(
            self.name, part, window, (height, width),
            dtype=self.dtype, bands=[source(band) for band in self.bands], masks=self.masks,
        )  # fmt: skip


def inspect(
    source: str | Path, bands: Wanted | None, stated: Stated = NOTHING_STATED, *, name: str | None = None
) -> Source:
    """Read an image's header, and what is `stated` beside it.

    `name`: what GDAL opens, where it is not what `source` says by itself. RasterError where it cannot be used,
    OptionError for bands it lacks, and a number stated as no data that its type cannot hold.
    """
    name = gdal_name(source) if name is None else name
    with quiet_gdal(), ExitStack() as opened:
        stored = dataset = opened.enter_context(open_or_explain(name, source))
        if stored.count == 0:
            raise RasterError(_holds_no_image(stored, source))
        said = read_bands(stored, source)
        tags = {**stored.tags(), **stored.tags(ns="IMAGERY")}
        when, processed = acquired(tags, source, stated), processing(tags, str(source), name)
        upright = upright_name(stored, name)
        if upright != name:  # which holds pixels alone
            name, dataset = upright, opened.enter_context(open_or_explain(upright, source))
        has_palette = _has_palette(dataset) and bands != (1,)
        chosen = _choose_bands(dataset, source, bands, said, has_palette)
        read = (1,) if has_palette else chosen
        dtype = _common_dtype(dataset, source, read)
        _refuse_number(stated.nodata, dtype, source)
        filling = unmarked_filling(dataset, read, stated)
        described = Source(
            name=name,
            grid=_grid(dataset, source, stated),
            dtype=np.dtype("uint8") if has_palette else dtype,
            bands=chosen,
            has_palette=has_palette,
            masks=_masks(dataset, sorted(set(read)), has_palette),
            said=said,
            acquired=when,
            crs_is_stated=stated.crs is not None and not (_crs_on_earth(dataset) or dataset.transform.is_identity),
            processing=processed,
            filling=filling,
        )
        if filling is None:
            return described
        masked = masked_document(dataset, name, described.masks, sorted(set(read)), filling)
        return replace(described, name=masked, masks=(band_source("mask,1"),))


def _refuse_number(nodata: float | None, dtype: np.dtype, source: str | Path) -> None:
    """OptionError where no pixel of whole numbers can be `nodata`."""
    if nodata is None or not np.issubdtype(dtype, np.integer):
        return
    ends = np.iinfo(dtype)
    if not (ends.min <= nodata <= ends.max and float(nodata).is_integer()):
        raise OptionError(
            f"A number that the image can hold is needed as no data (--nodata), {source} holds {dtype} ({ends.min} to "
            f"{ends.max}), got {nodata}: leave it out, or state one for each date ('none' for one without)."
        )
    if abs(nodata) > EXACT and nodata not in (ends.min, ends.max):
        raise OptionError(
            f"A number that GDAL tells from its neighbours is needed as no data (--nodata), up to {EXACT} or an end of "
            f"{dtype}, got {nodata}: leave it out, and name it in {source} (gdal_edit.py -a_nodata)."
        )


def bands_said(source: str | Path, *, name: str | None = None) -> FileBands:
    """What an image says of its bands, alpha left out. RasterError as in `inspect`."""
    with quiet_gdal(), open_or_explain(gdal_name(source) if name is None else name, source) as dataset:
        if dataset.count == 0:
            raise RasterError(_holds_no_image(dataset, source))
        return read_bands(dataset, source)


@contextmanager
def quiet_gdal(**options: str | int) -> Iterator[None]:
    """GDAL set up for reading; its warning that a picture has no georeference is expected here."""
    defaults = {name: value for name, value in GDAL_OPTIONS.items() if name not in os.environ}
    with rasterio.Env(**{**defaults, **options}), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


@contextmanager
def cache_of(size: int) -> Iterator[None]:
    """GDAL caches about `size` bytes of blocks inside, in every thread: its cache is the process's."""
    before = GDAL_OPTIONS["GDAL_CACHEMAX"]
    GDAL_OPTIONS["GDAL_CACHEMAX"] = min(max(size, LEAST_CACHED), MOST_CACHED)
    try:
        yield
    finally:
        GDAL_OPTIONS["GDAL_CACHEMAX"] = before


def gdal_name(source: str | Path) -> str:
    """What GDAL opens for a path, a URL (http, https, s3, gs, az) or a name GDAL itself knows."""
    text = str(source)
    scheme, separator, rest = text.partition("://")
    if separator and scheme in REMOTE:
        return f"{REMOTE[scheme]}://{rest}" if scheme.startswith("http") else f"{REMOTE[scheme]}{rest}"
    return str(Path(text).resolve()) if os.path.exists(text) else text


def refuse_stream(name: str | Path, source: str | Path) -> None:
    """RasterError for a pipe, a device or a socket: opening one may never end. What is not there passes."""
    if os.path.exists(name) and not os.path.isdir(name) and (why := refused(name)):
        raise RasterError(f"An image file is needed, {source} cannot be read ({why}): copy the image to a file.")


def open_or_explain(name: str, source: str | Path) -> DatasetReader:
    """The opened dataset. RasterError that says whether the file is missing or is no image."""
    refuse_stream(name, source)
    if name.startswith("/vsistdin"):
        raise RasterError(f"An image file is needed, {source} is the input stream: copy the image to a file.")
    try:
        return rasterio.open(name)
    except (RasterioError, OSError) as error:
        is_local = "://" not in name and not name.startswith(("/vsi", "<")) and ":" not in name
        if is_local and not os.path.exists(name):
            message = f"There is no file {source}: check the path."
        elif os.path.isdir(name):
            message = f"An image file is needed, got the folder {source}: name a file in it."
        else:
            message = (
                f"{source} cannot be opened as an image ({reason(error)}): give a GeoTIFF, PNG or JPEG, "
                "or a URL of one; a damaged file must be downloaded or exported again."
            )
        raise RasterError(message) from error


def reason(error: BaseException) -> str:
    """What GDAL said, in one line."""
    return one_line(error.__cause__ or error)


def _masks(dataset: DatasetReader, read: list[int], has_palette: bool) -> tuple[str, ...]:
    """GDAL keeps one kind of mask a band (side file, then nodata, then alpha); a pixel must pass every kind."""
    masks: dict[str, None] = {}
    alpha, all_flags = alpha_bands(dataset), dataset.mask_flag_enums  # GDAL is asked for those of all bands each time
    nodatas, dtypes = dataset.nodatavals, dataset.dtypes
    named_otherwise = any(
        colour == ColorInterp.alpha and band not in alpha
        for band, colour in zip(dataset.indexes, dataset.colorinterp, strict=True)
    )
    for band in read:
        flags = all_flags[band - 1]
        if named_otherwise and MaskFlags.alpha in flags:
            flags = [MaskFlags.all_valid]  # a band of light that is tagged as alpha
        nodata = nodatas[band - 1]
        if MaskFlags.all_valid not in flags:
            shared = MaskFlags.per_dataset in flags
            masks[band_source(f"mask,{read[0] if shared else band}")] = None
        if nodata is not None and MaskFlags.nodata not in flags and not np.isnan(nodata):
            masks[other_than(band, nodata)] = None
        if dtypes[band - 1].startswith("float"):
            masks[other_than(band, float("nan"))] = None
    for band in sorted(alpha):
        if MaskFlags.alpha not in all_flags[read[0] - 1]:
            masks[band_source(band)] = None
    if has_palette:
        masks[palette_source(4)] = None
    return tuple(masks)


def _choose_bands(
    dataset: DatasetReader, source: str | Path, bands: Wanted | None, said: FileBands, has_palette: bool
) -> tuple[int, ...]:
    """The numbers of the bands asked for; else red, green and blue, or the first three where they are not known."""
    if bands is None:
        numbers = tuple(band.number for band in said.in_order())
        if len(numbers) < 3:
            repeated = ",".join(map(str, (*numbers, *numbers[-1:] * 2)[:3]))
            advice = f"pass e.g. --bands {repeated} to repeat one" if numbers else "give an image with colours"
            raise RasterError(f"Three bands are needed, got {len(numbers)} in {source}: {advice}.")
        return numbers[:3]
    count = 3 if has_palette else dataset.count
    chosen = numbers_of(bands, said, source)
    if not chosen or not all(1 <= band <= count for band in chosen):
        listed = ",".join(map(str, chosen)) or "none"
        raise OptionError(f"Band numbers must lie in 1 to {count} for {source}, got {listed}: change --bands.")
    return chosen


def _has_palette(dataset: DatasetReader) -> bool:
    return [*dataset.colorinterp] == [ColorInterp.palette]


def _common_dtype(dataset: DatasetReader, source: str | Path, read: tuple[int, ...]) -> np.dtype:
    dtypes = dataset.dtypes
    names = {dtypes[band - 1] for band in read}
    unknown = sorted(names - GDAL_NAMES.keys())
    if unknown:
        raise RasterError(f"Real numbers are needed, got {unknown[0]} pixels in {source}: export its amplitude first.")
    return np.result_type(*names)


def _grid(dataset: DatasetReader, source: str | Path, stated: Stated) -> Grid:
    """Without coordinates a picture; with coordinates but no CRS on Earth, that which is `stated`, or a plane."""
    crs, transform = dataset.crs, dataset.transform
    if transform.is_identity:
        points, _ = dataset.gcps
        if points or dataset.rpcs:
            kind = "ground control points" if points else "a camera model (RPC)"
            raise RasterError(
                f"An image on a regular grid is needed, {source} has only {kind}: rectify it first, e.g. with gdalwarp."
            )
        return Grid(dataset.height, dataset.width, Affine.identity(), None)
    if _crs_on_earth(dataset):
        return Grid(dataset.height, dataset.width, transform, crs)
    if stated.known_crs is not None:
        return Grid(dataset.height, dataset.width, transform, stated.known_crs)
    return Grid(dataset.height, dataset.width, transform, None, Plane(crs or None))


def _crs_on_earth(dataset: DatasetReader) -> bool:
    crs = dataset.crs
    return crs is not None and bool(crs.is_geographic or crs.is_projected)


def _holds_no_image(dataset: DatasetReader, source: str | Path) -> str:
    inside = dataset.subdatasets
    if inside:
        return f"One image is needed, {source} holds {len(inside)}: name one of them, e.g. {inside[0]}"
    return f"An image is needed, {source} holds none: give a GeoTIFF, PNG or JPEG."
