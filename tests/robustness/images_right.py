"""Images of every number type, mask, CRS, grid, size and format: the square is found in each."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from affine import Affine
from rasterio.enums import ColorInterp

from robustness.cases import AnyOf, Case, Refused, Result, named
from robustness.scenes import (
    AFTER,
    ANY_RESULT,
    FOUND_IN_PIXELS,
    METRES,
    PLACE,
    SIDE,
    as_type,
    changed,
    ground,
    hectares,
    pair,
    pixels,
    right,
)  # fmt: skip

#: Scale and offset of the ground's 60 to 160, so that it lies well inside the type.
TYPES = {
    "uint8": (1, 0), "int8": (0.3, -20), "uint16": (20, 0), "int16": (20, -4_000), "uint32": (1_000, 4e9),
    "int32": (1_000, -2e9), "uint64": (1_000, 9e9), "int64": (1_000, -9e9), "float32": (0.002, 0), "float64": (1, 1e6),
}  # fmt: skip

#: What marks the corner without data, and what is written there.
NO_DATA: dict[str, Any] = {"none": None, "least": "min", "most": "max", "zero": 0, "mask": "mask", "stated": 7}


def types_and_masks() -> Iterator[Case]:
    for dtype, kind in product(TYPES, NO_DATA):
        yield right(f"{dtype}-{kind}", _typed(dtype, NO_DATA[kind]))


def _typed(dtype: str, filling: Any) -> Any:
    scale, offset = TYPES[dtype]
    before = as_type(ground(scale=scale, offset=offset), dtype)
    after = as_type(changed(ground(scale=scale, offset=offset), scale=scale), dtype)
    limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else np.finfo(dtype)
    value = getattr(limits, filling) if filling in ("min", "max") else filling if isinstance(filling, int) else None
    changes: dict[str, Any] = {}
    if (value is not None and abs(value) < 2**53) or dtype.startswith("float"):
        changes = {} if filling == 7 or value is None else {"nodata": float(value)}
    if filling == "mask":
        mask = np.ones(before.shape[1:], bool)
        mask[:20, :20] = False
        changes["mask"] = mask
    if value is not None and (changes or filling == 7):
        before[:, :20, :20] = value
        after[:, :20, :20] = value
    words = ("--nodata", "7") if filling == 7 else ()
    return pair(*words, before={"pixels": before, **changes}, after={"pixels": after, **changes})


#: CRS and the transform of the same kind of grid in it.
PLACES: dict[str, tuple[str | None, Affine]] = {
    "utm": ("EPSG:32633", PLACE),
    "utm-south": ("EPSG:32733", Affine(METRES, 0, 400_000, 0, -METRES, 7_600_000)),
    "degrees": ("EPSG:4326", Affine(1e-4, 0, 14.0, 0, -1e-4, 0.0048)),
    "mercator": ("EPSG:3857", Affine(METRES, 0, 1_500_000, 0, -METRES, 480)),
    "swiss": ("EPSG:2056", Affine(METRES, 0, 2_600_000, 0, -METRES, 1_200_000)),
    "lambert": ("EPSG:3035", Affine(METRES, 0, 4_321_000, 0, -METRES, 3_210_000)),
    "feet": ("EPSG:2263", Affine(32.8084, 0, 1_000_000, 0, -32.8084, 200_000)),
}
#: What a pixel of 1e-4 degrees measures beside the equator.
AREA = {"degrees": 1.231}


def places_and_grids() -> Iterator[Case]:
    for (name, (crs, transform)), grid in product(
        PLACES.items(), ("same", "moved", "coarser", "finer", "south-up", "turned")
    ):
        after = _other_grid(grid, transform)
        found = Result(hectares(10.24 * AREA.get(name, 1), within=0.25))
        yield right(
            f"{name}-{grid}", pair(before={"crs": crs, "transform": transform}, after={"crs": crs, **after}), found
        )


def _other_grid(kind: str, transform: Affine) -> dict[str, Any]:
    """The later image of the same ground on another grid."""
    image = AFTER.pixels
    if kind == "moved":  # by 8 pixels: what it lacks is no data
        return {"pixels": image[:, 8:, 8:], "transform": transform @ Affine.translation(8, 8)}
    if kind == "coarser":
        mean = image.reshape(3, SIDE // 2, 2, SIDE // 2, 2).mean((2, 4)).astype("uint8")
        return {"pixels": mean, "transform": transform @ Affine.scale(2)}
    if kind == "finer":
        return {"pixels": image.repeat(2, 1).repeat(2, 2), "transform": transform @ Affine.scale(0.5)}
    if kind == "south-up":
        return {"pixels": image[:, ::-1], "transform": transform @ Affine.translation(0, SIDE) @ Affine.scale(1, -1)}
    if kind == "turned":  # columns run down
        return {"pixels": image.transpose(0, 2, 1), "transform": transform @ Affine(0, 1, 0, 1, 0, 0)}
    return {"transform": transform}


def without_crs() -> Iterator[Case]:
    local = 'LOCAL_CS["mine grid",UNIT["metre",1]]'
    for name, crs, transform in (
        ("coordinates", None, PLACE), ("local", local, PLACE), ("picture", None, None),
        ("one-pixel-north", None, Affine(1, 0, 0, 0, -1, SIDE)),
    ):  # fmt: skip
        both = {"crs": crs, "transform": transform}
        yield right(name, pair(before=both, after=both), FOUND_IN_PIXELS)
        stated = pair("--crs", "EPSG:32633", before=both, after=both)
        yield Case(f"{name}-stated", stated, Refused("leave it out") if transform is None else ANY_RESULT)


STORAGE: dict[str, dict[str, Any]] = {
    "strips": {}, "tiles-16": {"tiled": True, "blockxsize": 16, "blockysize": 16},
    "tiles-256": {"tiled": True, "blockxsize": 256, "blockysize": 256}, "big-endian": {"ENDIANNESS": "BIG"},
    "bigtiff": {"BIGTIFF": "YES"},
}  # fmt: skip


def storage() -> Iterator[Case]:
    compressions = ("none", "deflate", "lzw", "packbits", "zstd", "lzma", "jpeg", "webp", "lerc")
    for (name, options), compress in product(STORAGE.items(), compressions):
        interleave = {} if compress == "webp" or len(name + compress) % 2 else {"interleave": "band"}
        more = {"WEBP_LOSSLESS": True} if compress == "webp" else {}
        more |= {"predictor": 2} if compress in ("deflate", "lzw", "zstd") else {}
        changes = {"options": {**options, **interleave, **more, "compress": compress, "photometric": "RGB"}}
        yield right(f"{name}-{compress}", pair(before=changes, after=changes))


def formats() -> Iterator[Case]:
    """Every driver that keeps three bands of 8 bits; those without a place are pictures."""
    for driver, ending, placed in (
        ("PNG", "png", False), ("JPEG", "jpg", False), ("BMP", "bmp", False), ("WEBP", "webp", False),
        ("ENVI", "img", True), ("HFA", "img", True), ("JP2OpenJPEG", "jp2", True), ("COG", "tif", True),
        ("MRF", "mrf", True),
        ("PCIDSK", "pix", True), ("RMF", "rsw", True), ("NITF", "ntf", False), ("GPKG", "gpkg", True),
    ):  # fmt: skip
        place = {} if placed else {"crs": None, "transform": None}
        changes = [{"driver": driver, "name": f"{date}.{ending}", **place} for date in ("before", "after")]
        found = Result(hectares(within=0.25) if placed else pixels(within=0.25))
        yield right(driver, pair(before=changes[0], after=changes[1]), found)


def sizes() -> Iterator[Case]:
    """Long and narrow ones, and every rest of a division by tiles; a few pixels end in some way."""
    for side in ((71, 96), (97, 129), (96, 257), (513, 70), (70, 1030)):
        yield right(f"{side[0]}x{side[1]}", pair(before=_sized(side), after=_sized(side, new=True)))
    for side in ((1, 1), (1, 96), (2, 2), (96, 1), (5, 5)):
        few = pair(before=_sized(side), after=_sized(side, new=True))
        yield Case(f"{side[0]}x{side[1]}", few, AnyOf((Refused(), ANY_RESULT)))


def _sized(side: tuple[int, int], *, new: bool = False) -> dict[str, Any]:
    return {"pixels": as_type(changed(ground(side)) if new else ground(side), "uint8")}


COLOURS = {
    "rgb": ("red", "green", "blue"), "bgr": ("blue", "green", "red"), "rgba": ("red", "green", "blue", "alpha"),
    "nir-first": ("nir", "red", "green", "blue"), "bgrn": ("blue", "green", "red", "nir"),
}  # fmt: skip
_BAND = {"red": 0, "green": 1, "blue": 2, "nir": 3, "alpha": None}


def colours() -> Iterator[Case]:
    """Every order against every other; a date whose bands are in another order is no change."""
    for first, second in product(COLOURS, COLOURS):
        yield right(f"{first}-{second}", pair(before=_coloured(first), after=_coloured(second, new=True)))


def _coloured(kind: str, *, new: bool = False) -> dict[str, Any]:
    five = ground(bands=5) + np.arange(5)[:, None, None] * 9
    bands = as_type(changed(five) if new else five, "uint8")
    opaque = np.full((SIDE, SIDE), 255, "uint8")
    places = [_BAND[name] for name in COLOURS[kind]]
    chosen = [opaque if place is None else bands[place] for place in places]
    return {"pixels": np.stack(chosen), "colours": tuple(ColorInterp[name] for name in COLOURS[kind])}


def images_right() -> list[Case]:
    kinds = (types_and_masks, places_and_grids, without_crs, storage, formats, sizes, colours)
    return [case for kind in kinds for case in named(kind.__name__.replace("_", "-"), kind())]
