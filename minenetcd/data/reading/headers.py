"""What an image says of itself before it is decoded: refused are what is no image, and one that is too large."""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image
from rasterio.io import DatasetReader

from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.foreign import refused

#: The bytes of an image file, or the path of one.
Encoded = bytes | str

PNG = b"\x89PNG\r\n\x1a\n"
TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
#: JPEG, GIF, bitmap, WebP, portable pixmaps, JPEG 2000 (a file, a code stream).
_OTHERS = (b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"P4", b"P5", b"P6", b"\x00\x00\x00\x0cjP", b"\xff\x4f\xff\x51")
_HEADER = 4096
#: Bands, beyond which the pixels of an image weigh more.
MANY_BANDS = 16
#: An encoded image has at most so many bytes a pixel that may be decoded.
_BYTES_A_PIXEL = 8
#: What GDAL opens beside a TIFF, by its name.
_SIDE_FILES, _SIDE_IMAGES = (".aux.xml", ".msk", ".ovr"), (".msk", ".ovr")


class DecodeError(Exception):
    """Why an image or mask cannot be decoded, in words, and what to do; whoever knows its name makes it a DataError."""

    def __init__(self, words: str, *, advice: str = "replace it, or leave the pair out") -> None:
        super().__init__(words)
        self.advice = advice


def image_bytes(encoded: Encoded, options: ReadOptions) -> bytes:
    """An encoded image, read where it is a file; of a TIFF on disk, which GDAL opens by its name, the beginning alone.

    Raises DecodeError for what is no image file, or one of more pixels than `options` allow.
    """
    header = _header(encoded)
    # a virtual raster of GDAL names other files, and is known by this word anywhere in its beginning
    if not header.startswith((PNG, *TIFF, *_OTHERS)) or b"<VRTDataset" in header:
        raise DecodeError("it is no image that can be read")
    if header.startswith(TIFF):
        if isinstance(encoded, str):
            _check_side_files(encoded)
        return header
    data = bytes_of(encoded, most=options.max_pixels * _BYTES_A_PIXEL)
    check_size(*_picture_size(data), 1, options)
    return data


def bytes_of(encoded: Encoded, *, most: int | None = None) -> bytes:
    """An encoded image, read where it is a file of at most `most` bytes."""
    if isinstance(encoded, bytes):
        return encoded
    _check_file(encoded, most)
    with open(encoded, "rb") as file:
        return file.read()


def check_dataset(dataset: DatasetReader, options: ReadOptions) -> None:
    """DecodeError for an image of more pixels than `options` allow."""
    check_size(dataset.width, dataset.height, len(options.bands or dataset.indexes), options)


def check_size(width: int, height: int, bands: int, options: ReadOptions) -> None:
    """DecodeError for more pixels than `options` allow; bands beyond MANY_BANDS count as more."""
    pixels = width * height * max(1, -(-bands // MANY_BANDS))
    if pixels > options.max_pixels:
        of = f" of {bands} bands" if bands > MANY_BANDS else ""
        raise DecodeError(
            f"its header says {width:,} x {height:,} pixels{of}, and at most {options.max_pixels:,} are read",
            advice=f"cut it, or allow more (?pixels={pixels} after the data set's name)",
        )


@contextmanager
def without_limits_of_pillow() -> Iterator[None]:
    """Within the block Pillow decodes images of any size: sizes are checked here."""
    most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = most


def _header(encoded: Encoded) -> bytes:
    if isinstance(encoded, bytes):
        return encoded[:_HEADER]
    _check_file(encoded)
    with open(encoded, "rb") as file:
        return file.read(_HEADER)


def _picture_size(data: bytes) -> tuple[int, int]:
    if data.startswith(PNG):
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size


def _check_side_files(path: str) -> None:
    """DecodeError where what lies beside an image, and is opened with it, is no file, or no image."""
    for ending in _SIDE_FILES:
        beside = path + ending
        if not os.path.lexists(beside):
            continue
        if os.path.islink(beside):
            raise DecodeError(f"{beside} is a link", advice="remove it")
        _check_file(beside)
        if ending in _SIDE_IMAGES and not _header(beside).startswith(TIFF):
            raise DecodeError(f"{beside} is no TIFF", advice="remove it")


def _check_file(path: str, most_bytes: int | None = None) -> None:
    reason = refused(path, most_bytes=most_bytes)
    if reason is not None:
        raise DecodeError(reason)
