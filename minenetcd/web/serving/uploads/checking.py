"""What may come in: images of a few kinds, no larger than is stated, known by their first bytes and their header."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from minenetcd.display.words import size
from minenetcd.errors import one_line
from minenetcd.geo.date_files.network import BEGINNING, describes
from minenetcd.geo.source import quiet_gdal
from minenetcd.web.serving.problems import Refused

#: GDAL's drivers that open uploads, how their files begin, and end. None of them reads another file, or the network.
DRIVERS: dict[str, tuple[tuple[bytes, ...], str]] = {
    "GTiff": ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), ".tif"),
    "PNG": ((b"\x89PNG\r\n\x1a\n",), ".png"),
    "JPEG": ((b"\xff\xd8\xff",), ".jpg"),
    "JP2OpenJPEG": ((b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"), ".jp2"),
}
KINDS_IN_WORDS = "GeoTIFF, PNG, JPEG and JPEG 2000"
MOST_BANDS = 256
#: Of all bands of a pixel, decoded, as far as the most pixels go: 16 bands of 16 bits. [bytes]
BYTES_PER_PIXEL = 32
#: Of what is decoded at once, whatever part of an image is read. [bytes]
LARGEST_BLOCK = 256 * 2**20


_LARGEST_NUMBER = 16  # [bytes]


@dataclass(frozen=True)
class ImageHeader:
    """What an image says of itself, before a pixel is decoded."""

    driver: str
    width: int
    height: int
    bands: int

    @property
    def suffix(self) -> str:
        return DRIVERS[self.driver][1]


def check_image(path: Path, max_pixels: int) -> ImageHeader:
    """The header of the image at `path`. Refused (415) for another kind of file, (413) for more pixels or bytes."""
    with path.open("rb") as file:
        head = file.read(BEGINNING)
    driver = next((name for name, (starts, _) in DRIVERS.items() if head.startswith(starts)), None)
    if driver is None or describes(head):
        raise Refused(415, f"An image is needed ({KINDS_IN_WORDS}), this file is none: export it as a GeoTIFF.")
    try:
        with quiet_gdal(), rasterio.open(path, driver=driver) as raster:
            found = ImageHeader(driver, raster.width, raster.height, raster.count)
            decoded, overviews = _bytes_of_pixel(raster) * raster.width * raster.height, len(raster.overviews(1))
            block = _bytes_of_block(raster)
        for level in range(overviews):
            with quiet_gdal(), rasterio.open(path, driver=driver, overview_level=level) as raster:
                block = max(block, _bytes_of_block(raster))
    except (RasterioError, OSError) as error:
        reason = one_line(error.__cause__ or error).replace(str(path), "the file")
        raise Refused(415, f"An image is needed, this one cannot be read ({reason}): export it again.") from error
    if found.width * found.height > max_pixels or not 0 < found.bands <= MOST_BANDS:
        raise Refused(
            413,
            f"At most {max_pixels:,} pixels and {MOST_BANDS} bands are taken, this image has {found.width:,} x "
            f"{found.height:,} in {found.bands}: cut out the part that you need, or start the server with more "
            "(--max-pixels).",
        )
    if decoded > BYTES_PER_PIXEL * max_pixels:
        raise Refused(
            413,
            f"At most {size(BYTES_PER_PIXEL * max_pixels)} of pixels are taken, this image has {size(decoded)} "
            f"({found.bands} bands): leave out bands that you do not need, or cut out a part.",
        )
    if block > LARGEST_BLOCK:
        raise Refused(
            413,
            f"Blocks of at most {size(LARGEST_BLOCK)} are taken, this image has some of {size(block)}: export it in "
            "tiles.",
        )
    return found


def _bytes_of_pixel(raster: DatasetReader) -> int:
    """In all bands."""
    return sum(_LARGEST_NUMBER if dtype.startswith("complex") else np.dtype(dtype).itemsize for dtype in raster.dtypes)


def _bytes_of_block(raster: DatasetReader) -> int:
    """Of the largest one, decoded: it may hold all bands."""
    most = max((rows * columns for rows, columns in raster.block_shapes), default=0)
    together = raster.interleaving is None or raster.interleaving.value.upper() == "PIXEL"
    return most * (_bytes_of_pixel(raster) if together else _LARGEST_NUMBER)
