"""Images and masks from encoded bytes or files, each decoded once, dates straight to tensors of their own numbers.

What decodes what (docs/data/sources.md has the measurements): 8-bit colour PNG, the usual case, by GDAL, whose reader
is about twice as fast as Pillow's and torchvision's; TIFF and whatever is not 8-bit by GDAL through `minenetcd.geo`;
the rest, JPEG and masks included, by Pillow.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import rasterio
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window
from torch import Tensor

from minenetcd.constants import UNKNOWN
from minenetcd.data.reading.colours import IN_COLOURS, ReadBands
from minenetcd.data.reading.headers import (
    PNG,
    TIFF,
    DecodeError,
    Encoded,
    check_dataset,
    image_bytes,
    without_limits_of_pillow,
)
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.reading.upright import upright
from minenetcd.errors import MineNetCDError, one_line
from minenetcd.geo.bands.choosing import numbers_of
from minenetcd.geo.bands.said import read_bands
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.orientation import upright_name
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import inspect, quiet_gdal

_EIGHT_BIT_COLOUR = {b"\x08\x02", b"\x08\x06"}  # bit depth and colour type of a PNG header: RGB, RGBA

_USUAL = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)

#: From this value on a JPEG mask means changed; one that holds something must hold white, at least this, somewhere.
JPEG_CHANGED_FROM, LEAST_WHITE = 128, 192
#: Formats that change values.
_LOSSY = ("JPEG", "MPO")
#: Channels of a grey JPEG that was stored in colours differ by no more.
_TRACES = 8

AS_STORED = ReadOptions()

#: What decoders raise for a file that is damaged, or was made to be so.
_DAMAGED = (
    *(OSError, RasterioError, RuntimeError, ValueError, SyntaxError, MineNetCDError),
    *(LookupError, TypeError, OverflowError, EOFError, MemoryError, struct.error, zlib.error),
)


class Date(NamedTuple):
    """One image: `pixels` (C, H, W) as stored, and where it holds data, bool (H, W), or None where it does everywhere.

    Where it holds none, pixels are 0. `bands`: which these are, where nobody chose them.
    """

    pixels: Tensor
    valid: Tensor | None
    bands: ReadBands | None = IN_COLOURS


class Mask(NamedTuple):
    """One mask: `values` (H, W) as stored, and where a TIFF does not call them nodata, bool (H, W) or None."""

    values: NDArray
    valid: NDArray[np.bool_] | None = None


class MaskError(DecodeError):
    """Which values of a mask have no meaning."""

    def __init__(self, words: str) -> None:
        super().__init__(
            words,
            advice="recode the masks, as PNG or TIFF, or say from which value on they mean changed (?changed_from=128)",
        )


def decode_date(encoded: Encoded, options: ReadOptions) -> Date:
    """One date, all bands or those of `options`. Transparent pixels and nodata are not valid. Raises DecodeError."""
    with _explained():
        data = image_bytes(encoded, options)
        if options.bands is None and not data.startswith(TIFF) and not _has_sixteen_bits(data):
            return _decode_picture(data)
        with _opened(encoded, options) as (name, dataset):
            if options.bands is None:
                return _decode_raster(name, dataset, _bands_read(dataset, encoded))
            return _decode_raster(name, dataset, None, _numbers(dataset, options.bands))


def bands_in(encoded: Encoded, options: ReadOptions) -> ReadBands:
    """The bands of a file that are read unasked. Raises DecodeError."""
    with _explained():
        image_bytes(encoded, options)
        with _opened(encoded, options) as (_, dataset):
            return _bands_read(dataset, encoded)


def decode_mask(encoded: Encoded, options: ReadOptions = AS_STORED) -> Mask:
    """A mask's values in their own dtype; a palette's are its indices, a 1-bit image's 0 and 1.

    With `options.changed_from` 1 where they reach it, else 0. So is a JPEG, which holds about what was stored: from
    JPEG_CHANGED_FROM on where none is said. Raises DecodeError for one that is damaged, in colours or not of whole
    numbers.
    """
    with _explained():
        data = image_bytes(encoded, options)
        if data.startswith(TIFF):
            with _opened(encoded, options) as (_, dataset):
                return divided(_mask_of(dataset), options)
        with Image.open(io.BytesIO(data)) as stored:
            lossy = stored.format in _LOSSY
            picture = upright(stored, data)
            mask = Mask(_one_band(_grey_if(picture, lossy), has_alpha=picture.mode in ("LA", "RGBA")))
        return _divided_jpeg(mask, options) if lossy and options.changed_from is None else divided(mask, options)


def divided(mask: Mask, options: ReadOptions) -> Mask:
    """A mask whose values are 1 from `changed_from` of `options` on and 0 below, but the one not labelled."""
    if options.changed_from is None:
        return mask
    changed = np.uint8(2 if options.not_labelled == 1 else 1)
    values = np.where(mask.values >= options.changed_from, changed, np.uint8(0)).astype(np.int64)
    if options.not_labelled is not None:
        values = np.where(mask.values == options.not_labelled, options.not_labelled, values)
    return Mask(values.astype(np.uint8) if values.max(initial=0) <= UNKNOWN else values, mask.valid)


def _divided_jpeg(mask: Mask, options: ReadOptions) -> Mask:
    """Black and white, or MaskError where a JPEG is neither: values near 0 tell classes from traces no more."""
    highest = int(mask.values.max(initial=0))
    if 0 < highest < LEAST_WHITE:
        raise MaskError(f"a JPEG changes values, and this mask is not black and white (its largest value is {highest})")
    return divided(mask, replace(options, changed_from=JPEG_CHANGED_FROM))


def _grey_if(picture: Image.Image, lossy: bool) -> NDArray:
    """Pixels; grey ones of a picture in colours whose colours are traces of its compression."""
    pixels = np.asarray(picture)
    if lossy and picture.mode == "RGB" and np.ptp(pixels.astype(np.int16), axis=-1).max() <= _TRACES:
        return np.asarray(picture.convert("L"))
    return pixels


def _mask_of(dataset: DatasetReader) -> Mask:
    """Values of a TIFF. Its nodata is not valid unless it is 0, which many programs declare and mean unchanged."""
    values = _one_band(np.moveaxis(dataset.read(_but_alpha(dataset)), 0, -1), has_alpha=False)
    valid = np.isfinite(values)
    if dataset.nodata:
        valid &= values != dataset.nodata
    if np.issubdtype(values.dtype, np.floating):
        whole = np.where(valid, values, 0)
        if not np.array_equal(whole, np.rint(whole)):
            raise MaskError("a mask needs whole numbers, it holds fractions")
        values = whole.astype(np.int64)
    return Mask(values, None if valid.all() else valid)


def _one_band(values: NDArray, *, has_alpha: bool) -> NDArray:
    if values.ndim == 3:
        values = values[..., :-1] if has_alpha else values
        if values.shape[-1] > 1 and not (values == values[..., :1]).all():
            raise MaskError("a mask needs one band of values, it holds colours")
        values = values[..., 0]
    return values.astype(np.uint8) if values.dtype == bool else values


def _decode_picture(data: bytes) -> Date:
    """An image of 8 bits that is no TIFF."""
    if data.startswith(PNG) and data[24:26] in _EIGHT_BIT_COLOUR and b"eXIf" not in data:
        _check_png_is_whole(data)
        with _no_georeference_expected(), MemoryFile(data) as file, file.open(driver="PNG") as dataset:
            return _split_alpha(torch.from_numpy(dataset.read()))
    with Image.open(io.BytesIO(data)) as stored:
        picture = upright(stored, data)
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        pixels = torch.from_numpy(np.array(picture.convert(mode)))
    return _split_alpha(pixels.permute(2, 0, 1).contiguous())


def _split_alpha(pixels: Tensor) -> Date:
    if len(pixels) == 3:
        return Date(pixels, None)
    valid = pixels[3] > 0
    return Date(pixels[:3], None if bool(valid.all()) else valid)


def _check_png_is_whole(data: bytes) -> None:
    """GDAL's fast reader gives uninitialised memory for a truncated PNG; what is damaged otherwise it refuses."""
    start = len(PNG)
    while start < len(data):
        length, kind = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8]
        start += length + 12
        if kind == b"IEND" and start <= len(data):
            return
    raise DecodeError("the PNG ends too early")


def _has_sixteen_bits(data: bytes) -> bool:
    return data.startswith(PNG) and data[24:25] == b"\x10"


def _decode_raster(
    name: str, dataset: DatasetReader, bands: ReadBands | None, wanted: tuple[int, ...] | None = None
) -> Date:
    """What GDAL reads: a TIFF, chosen bands, 16 bits. `name`: as GDAL opens it; `wanted`: where bands were chosen."""
    if wanted is not None:
        _check_bands(dataset, wanted)
    numbers = wanted if bands is None else bands.numbers
    if _is_plain(dataset):
        return Date(torch.from_numpy(dataset.read(numbers)), None, bands)
    in_colours = bands is not None and dataset.colorinterp == (ColorInterp.palette,)
    with Raster(name, inspect(name, None if in_colours else numbers, name=name)) as raster:
        pixels, valid = raster.read(Window(0, 0, raster.grid.width, raster.grid.height))
    pixels[~valid] = 0
    held = None if valid.all() else torch.from_numpy(valid)
    return Date(torch.from_numpy(np.ascontiguousarray(np.moveaxis(pixels, -1, 0))), held, bands)


def _numbers(dataset: DatasetReader, wanted: Wanted) -> tuple[int, ...]:
    numbers = tuple(band for band in wanted if isinstance(band, int))
    return numbers if numbers == wanted else numbers_of(wanted, read_bands(dataset), "this image")


def _bands_read(dataset: DatasetReader, encoded: Encoded) -> ReadBands:
    """All bands but alpha, a single one three times; three as red, green and blue where the file says which is which.

    More stand as they do in the file: networks that read them all have learned them so.
    """
    numbers = _but_alpha(dataset)
    if dataset.colorinterp[:3] == _USUAL and len(numbers) == 3 and not any(dataset.descriptions):
        return IN_COLOURS
    said = read_bands(dataset, encoded if isinstance(encoded, str) else None)
    in_order = tuple(band.number for band in said.in_order())
    if dataset.colorinterp == (ColorInterp.palette,):
        return ReadBands(said, in_order)
    if len(numbers) == 3 and sorted(in_order) == sorted(numbers):
        return ReadBands(said, in_order)
    return ReadBands(said, numbers * 3 if len(numbers) == 1 else numbers)


def _but_alpha(dataset: DatasetReader) -> tuple[int, ...]:
    kinds = zip(dataset.indexes, dataset.colorinterp, strict=True)
    return tuple(band for band, kind in kinds if kind != ColorInterp.alpha)


def _check_bands(dataset: DatasetReader, wanted: tuple[int, ...]) -> None:
    if max(wanted) > dataset.count:
        raise DecodeError(f"it has {dataset.count} bands, no band {max(wanted)}", advice="name others (?bands=...)")


def _is_plain(dataset: DatasetReader) -> bool:
    """Bands of whole numbers from 0 on, of one type, all of whose pixels are data."""
    return (
        len(set(dataset.dtypes)) == 1
        and dataset.dtypes[0].startswith("uint")  # below 0 may stand for no data
        and not {ColorInterp.alpha, ColorInterp.palette} & set(dataset.colorinterp)
        and all(MaskFlags.all_valid in flags for flags in dataset.mask_flag_enums)
    )


@contextmanager
def _opened(encoded: Encoded, options: ReadOptions) -> Iterator[tuple[str, DatasetReader]]:
    """An image upright: its name, as GDAL opens it, and the data set. DecodeError for one that is too large."""
    with quiet_gdal(), _gdal_file(encoded) as stored:
        with rasterio.open(stored) as dataset:
            check_dataset(dataset, options)
            name = upright_name(dataset, stored, encoded if isinstance(encoded, bytes) else None)
            if name == stored:
                yield name, dataset
                return
        with rasterio.open(name) as dataset:
            yield name, dataset


@contextmanager
def _gdal_file(encoded: Encoded) -> Iterator[str]:
    """A name by which GDAL opens it; that of a file on disk, so that files beside it are seen."""
    if isinstance(encoded, str):
        yield encoded
    else:
        with MemoryFile(encoded) as file:
            yield file.name


@contextmanager
def _no_georeference_expected() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


@contextmanager
def _explained() -> Iterator[None]:
    """Whatever a decoder raises becomes a DecodeError with its words in one line."""
    try:
        with without_limits_of_pillow():
            yield
    except DecodeError:
        raise
    except UnidentifiedImageError as error:
        raise DecodeError("it is no image that can be read") from error
    except _DAMAGED as error:
        # RasterioErrors carry GDAL's words as their cause; Pillow raises SyntaxError for damaged PNG chunks
        words = one_line(error.__cause__ or error)
        raise DecodeError(words) from error
