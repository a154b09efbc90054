"""Pictures that Pillow decodes, as they are to be seen; those of GDAL are turned by `minenetcd.geo.orientation`."""

import io

from PIL import Image

from minenetcd.data.reading.headers import PNG
from minenetcd.geo.metadata.exif import ORIENTATION, UPRIGHT, header_orientation

#: How a picture is turned upright, by its orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def upright(stored: Image.Image, data: bytes) -> Image.Image:
    """A picture as it is to be seen: cameras store it as their sensor lies. By EXIF alone, as with GDAL."""
    if data.startswith(PNG):
        orientation = header_orientation(io.BytesIO(data))
    else:
        exif = Image.Exif()
        exif.load(stored.info.get("exif", b""))
        orientation = exif.get(ORIENTATION, UPRIGHT)
    return stored.transpose(_TURNS[orientation]) if orientation in _TURNS else stored
