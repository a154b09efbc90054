"""What may come in: images of a few kinds, no larger than is stated, known by their first bytes and their header."""

from dataclasses import dataclass
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError

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
    """The header of the image at `path`. Refused (415) for another kind of file, (413) for more pixels."""
    with path.open("rb") as file:
        head = file.read(BEGINNING)
    driver = next((name for name, (starts, _) in DRIVERS.items() if head.startswith(starts)), None)
    if driver is None or describes(head):
        raise Refused(415, f"An image is needed ({KINDS_IN_WORDS}), this file is none: export it as a GeoTIFF.")
    try:
        with quiet_gdal(), rasterio.open(path, driver=driver) as raster:
            found = ImageHeader(driver, raster.width, raster.height, raster.count)
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
    return found
