"""Small pictures and TIFFs, in memory and on disk."""

import io
import struct
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.transform import from_origin


def picture(height: int = 21, width: int = 34, bands: int = 3, seed: int = 0, kind: str = "uint8") -> NDArray:
    top = 256 if kind == "uint8" else 5000
    return np.random.default_rng(seed).integers(0, top, (height, width, bands)).astype(kind)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(path: Path, bands: NDArray, **options: object) -> str:
    """Bands (C, H, W) as GeoTIFF."""
    count, height, width = bands.shape
    profile = {"crs": "EPSG:32735", "transform": from_origin(500_000, 7_000_000, 1.2, 1.2)} | options
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width, dtype=bands.dtype, **profile
    ) as file:
        file.write(bands)
    return str(path)


def turned(path: str, orientation: int) -> None:
    """Let a TIFF say so: its directory is written again behind it, with the tag."""
    content = bytearray(Path(path).read_bytes())
    if len(content) % 2:
        content.append(0)
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    entries = [bytes(content[start + 2 + 12 * each : start + 14 + 12 * each]) for each in range(count)]
    entries.append(struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack("<H", entry[:2]))
    struct.pack_into("<I", content, 4, len(content))
    Path(path).write_bytes(content + struct.pack("<H", count + 1) + b"".join(entries) + bytes(4))
