"""The side that is up, as the header of a PNG, a WebP or a TIFF says it; what GDAL passes over.

Sources: PNG, third edition, 11.3.4.4 (eXIf); WebP container specification (RFC 9649); TIFF 6.0,
section 8 (Orientation), and BigTIFF.
"""

import struct
from io import BytesIO
from typing import BinaryIO

ORIENTATION = 0x0112
UPRIGHT = 1

_PNG = b"\x89PNG\r\n\x1a\n"
_LONGEST_START = 12  # of a WebP: RIFF, its size, WEBP
_SHORT = 3  # the number type of the tag
_BIG = 43  # the version of a BigTIFF
#: A directory has no more entries, and a PNG's EXIF is no longer. [bytes]
_MOST_ENTRIES, _LONGEST = 4096, 1 << 20


def header_orientation(file: BinaryIO) -> int:
    """1 to 8 as EXIF counts them; 1, upright, where `file` is none of these, is damaged or does not say."""
    try:
        start = file.read(_LONGEST_START)
        file.seek(len(_PNG))
        if start.startswith(_PNG):
            found = _in_png(file)
        elif start.startswith(b"RIFF") and start.endswith(b"WEBP"):
            file.seek(_LONGEST_START)
            found = _in_webp(file)
        else:
            file.seek(0)
            found = _in_tiff(file)
    except (struct.error, OSError, OverflowError, ValueError):  # said by whoever decodes the pixels
        return UPRIGHT
    return found if 1 <= found <= 8 else UPRIGHT


def _in_png(file: BinaryIO) -> int:
    """Of the chunk eXIf, which may stand before or behind the pixels, and holds a TIFF's header."""
    while True:
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"eXIf":
            return _in_tiff(BytesIO(file.read(min(length, _LONGEST))))
        if kind == b"IEND":
            return UPRIGHT
        file.seek(length + 4, 1)


def _in_webp(file: BinaryIO) -> int:
    """Of the chunk EXIF, which stands behind the pixels; some programs put the marker of a JPEG before it."""
    while True:
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind == b"EXIF":
            return _in_tiff(BytesIO(file.read(min(length, _LONGEST)).removeprefix(b"Exif\x00\x00")))
        file.seek(length + length % 2, 1)


def _in_tiff(file: BinaryIO) -> int:
    """Of the first directory."""
    start = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    if order is None:
        return UPRIGHT
    (version,) = struct.unpack_from(f"{order}H", start, 2)
    offset, count, size = ("Q", "Q", 20) if version == _BIG else ("I", "H", 12)
    file.seek(*struct.unpack_from(order + offset, start, 8 if version == _BIG else 4))
    (entries,) = struct.unpack(order + count, file.read(struct.calcsize(order + count)))
    directory = file.read(min(entries, _MOST_ENTRIES) * size)
    for entry in range(0, len(directory), size):
        tag, kind = struct.unpack_from(f"{order}HH", directory, entry)
        if tag == ORIENTATION:
            (value,) = struct.unpack_from(f"{order}H", directory, entry + (12 if version == _BIG else 8))
            return int(value) if kind == _SHORT else UPRIGHT
    return UPRIGHT
