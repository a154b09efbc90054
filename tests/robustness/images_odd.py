"""Images that are damaged, lie elsewhere, hold nothing or claim too much; options and names that are odd."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from robustness.cases import AnyOf, Case, Refused, Result, named
from robustness.damage import ANOTHER, CUT, NO_FILE, SCATTERED, Damage
from robustness.scenes import (
    AFTER,
    ANY_RESULT,
    BEFORE,
    FOUND,
    METRES,
    PLACE,
    SIDE,
    ground,
    pair,
    predict,
    right,
)

DATES = {"before": BEFORE, "after": AFTER}


def damaged(
    damages: dict[str, Damage], *, compress: str = "deflate", driver: str = "GTiff"
) -> Iterator[tuple[str, Any]]:
    """Each date in turn, with each damage; a name and what makes it."""
    ending = {"GTiff": "tif", "PNG": "png"}[driver]
    options = {"compress": compress, "photometric": "RGB"} if driver == "GTiff" else {}
    for date, (name, damage) in product(DATES, damages.items()):

        def make(folder: Path, date: str = date, damage: Damage = damage) -> list[str]:
            names = [
                replace(image, options=options, driver=driver, name=f"{key}.{ending}").write(folder)
                for key, image in DATES.items()
            ]
            damage(folder / f"{date}.{ending}")
            return predict(*names)

        yield f"{driver}-{compress}-{date}-{name}", make


def files() -> Iterator[Case]:
    for name, make in (*damaged(CUT), *damaged(CUT, compress="none"), *damaged(ANOTHER), *damaged(NO_FILE)):
        yield Case(name, make, Refused())
    for name, make in damaged(CUT, driver="PNG"):
        yield Case(name, make, Refused())


def scattered_damage() -> Iterator[Case]:
    """What is not noticed may move the map, but ends in a whole result or in one line."""
    for name, make in damaged(SCATTERED):
        yield Case(name, make, AnyOf((Refused(), ANY_RESULT)))


def content() -> Iterator[Case]:
    """Numbers that leave nothing to compare."""
    for date, kind in product(DATES, ("constant", "nodata", "nan", "infinite", "masked")):
        shape = BEFORE.pixels.shape
        whole = {
            "constant": {"pixels": np.full(shape, 7, "uint8")},
            "nodata": {"pixels": np.zeros(shape, "uint8"), "nodata": 0.0},
            "nan": {"pixels": np.full(shape, np.nan, "float32")},
            "infinite": {"pixels": np.full(shape, np.inf, "float32")},
            "masked": {"mask": np.zeros(shape[1:], bool)},
        }[kind]
        yield Case(f"{kind}-{date}", pair(**{date: whole}), Refused())
    for share in (0.5, 0.9):
        holes = ground().astype("float32")
        holes[:, : int(SIDE * (1 - share)) - 20, :20] = np.nan
        after = AFTER.pixels.astype("float32")
        yield right(f"nan-{share}", pair(before={"pixels": holes}, after={"pixels": after}), FOUND)
    for values in ("complex64", "complex128"):
        both = {"pixels": ground().astype(values)}
        yield Case(values, pair(before=both, after={"pixels": AFTER.pixels.astype(values)}), AnyOf((Refused(), FOUND)))


def elsewhere() -> Iterator[Case]:
    """Two images of two places."""
    by = {"1-km": (100, 0), "a-side": (SIDE, 0), "far": (0, 100_000), "corner": (SIDE, SIDE)}
    for (name, (columns, rows)), crs in product(by.items(), ("EPSG:32633", None)):
        moved = {"crs": crs, "transform": PLACE @ Affine.translation(columns, rows)}
        yield Case(f"{name}-{crs}", pair(before={"crs": crs}, after=moved), Refused("overlap|apart"))
    mistakes = {
        "hemisphere": ("EPSG:32733", PLACE), "zone": ("EPSG:32634", PLACE),
        "false-northing": ("EPSG:32733", Affine(METRES, 0, 4e5, 0, -METRES, 8e6)),
        "degrees-of-metres": ("EPSG:4326", PLACE),
    }  # fmt: skip
    for name, (crs, transform) in mistakes.items():
        yield Case(name, pair(after={"crs": crs, "transform": transform}), Refused())
    for name, before, after in (("180", 179.995, -180.005), ("360", 10.0, 370.0), ("exact", 180.0, -180.0)):
        places = [
            {"crs": "EPSG:4326", "transform": Affine(1e-4, 0, left, 0, -1e-4, 0.0048)} for left in (before, after)
        ]
        yield right(f"turn-{name}", pair(before=places[0], after=places[1]), ANY_RESULT)
    yield Case("one-without-place", pair(after={"crs": None, "transform": None}), Refused())
    for name, transform in (("zero", Affine(0, 0, 0, 0, 0, 0)), ("line", Affine(1, 1, 0, 1, 1, 0)),
        ("nan", Affine(np.nan, 0, 0, 0, -1, 0)), ("huge", Affine(1e300, 0, 0, 0, -1e300, 0))):  # fmt: skip
        yield Case(f"transform-{name}", pair(after={"transform": transform}), AnyOf((Refused(), ANY_RESULT)))


def png_that_claims(width: int, height: int) -> bytes:
    """A header of a size, and hardly anything behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")


def vrt_that_claims(side: int) -> bytes:
    band = '<VRTRasterBand dataType="Byte" band="{}"/>'
    bands = "".join(map(band.format, (1, 2, 3)))
    return f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}">{bands}</VRTDataset>'.encode()


def claims() -> Iterator[Case]:
    """Sizes far beyond the bytes of the file, and files that name others."""
    for side in (60_000, 1_000_000, 2**31 - 1):
        for ending, content in (("png", png_that_claims(side, side)), ("vrt", vrt_that_claims(side))):
            yield Case(f"{ending}-{side}", _two_files(ending, content, content + b"\n"), Refused())
    for name, source in (("itself", "before.vrt"), ("missing", "nowhere.tif"), ("device", "/dev/zero"),
        ("network", "/vsicurl/http://127.0.0.1:9/x.tif")):  # fmt: skip
        simple = f"<SimpleSource><SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
        bands = "".join(f'<VRTRasterBand dataType="Byte" band="{band}">{simple}</VRTRasterBand>' for band in (1, 2, 3))
        text = f'<VRTDataset rasterXSize="96" rasterYSize="96">{bands}</VRTDataset>'.encode()
        yield Case(f"vrt-of-{name}", _two_files("vrt", text, text + b"\n"), Refused())


def _two_files(ending: str, before: bytes, after: bytes) -> Callable[[Path], list[str]]:
    def make(folder: Path) -> list[str]:
        for date, content in (("before", before), ("after", after)):
            (folder / f"{date}.{ending}").write_bytes(content)
        return predict(f"before.{ending}", f"after.{ending}")

    return make


OPTIONS: dict[str, tuple[str, ...]] = {
    "--gsd": ("0", "-1", "1e-9", "0.0001", "nan", "inf", "many", "1e9", ""),
    "--threshold": ("0", "1", "-1", "nan", "inf", "1e400"),
    "--min-area-ha": ("-1", "nan", "inf"), "--bands": ("", "0", "4,5,6", "1,2,99999999999999999999", "x,y,z",
    "-1,2,3", "1.5,2,3"),
    "--smooth": ("-1", "100000"), "--threshold-rule": ("", "best", "otsu otsu"),
    "--range": ("", "1", "5,5", "9,1", "nan,nan", "inf,0", "0,1,2"),
    "--device": ("", "cuda:100", "tpu"), "--also": ("", "shp", "../x"), "--nodata": ("x", "1,2,3"),
    "--crs": ("EPSG:0", "x", "EPSG:4326;DROP"),
    "--date-before": ("2999-13-40", "yesterday", "0"), "--model": ("", "cva2", "../..", "/dev/null", "x" * 5000,
    "a\0b"[:1] + "/b/c"),
    "--metres-per-pixel": ("0", "-1", "nan", "inf"), "--tone": ("on", ""), "--coregister": ("yes",),
}  # fmt: skip


def options() -> Iterator[Case]:
    for option, values in OPTIONS.items():
        for number, value in enumerate(values):
            yield Case(f"{option.strip('-')}-{number}", pair(option, value), Refused())


NAMES = ("a b.tif", "ä ö 鉱山.tif", "per%20cent.tif", "quo'te\".tif", "-dash.tif", "semi;colon&.tif", "hash#1?.tif",
    "<b>.tif", "{brace}.tif", "=1+1.tif", "two\nlines.tif", "dots..tif")  # fmt: skip


def names() -> Iterator[Case]:
    """A name is text alone; what no file system holds is refused."""
    for number, name in enumerate(NAMES):
        yield right(f"{number}", _renamed(name))
    for number, (before, after) in enumerate(
        (
            ("x" * 5_000, "after.tif"),
            ("before.tif", "after.tif/"),
            ("", "after.tif"),
            (".", "after.tif"),
            ("/dev/null", "after.tif"),
            ("/dev/zero", "after.tif"),
            ("before.tif", "before.tif"),
            ("http://127.0.0.1:9/a.tif", "after.tif"),
            ("ftp://x", "after.tif"),
            ("/vsimem/x", "after.tif"),
            ("GTIFF_DIR:9:before.tif", "after.tif"),
        )
    ):
        yield Case(
            f"refused-{number}",
            lambda folder, words=(before, after): [*pair()(folder)[:1], *predict(*words)[1:]],
            Refused(),
        )


def _renamed(name: str) -> Callable[[Path], list[str]]:
    return lambda folder: pair(before={"name": f"./{name}"})(folder)


def dates() -> Iterator[Case]:
    """What is said of time never changes the map; what cannot be is told."""
    for name, before, after, warns in (("backwards", "2021-06-01", "2019-06-01", "before|later|earlier"),
        ("future", "2019-06-01", "2999-06-01", "future")):  # fmt: skip
        words = ("--date-before", before, "--date-after", after, "--model", "cva")
        yield right(name, pair(*words), Result(FOUND.holds, warns))


def images_odd() -> list[Case]:
    kinds = (files, scattered_damage, content, elsewhere, claims, options, names, dates)
    return [case for kind in kinds for case in named(kind.__name__.replace("_", "-"), kind())]
