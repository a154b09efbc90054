"""The pair that every case of an image changes in one way: ground, and a square that is new in it, of known area."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from minenetcd.geo.source import quiet_gdal
from robustness.cases import Case, Expected, Result
from robustness.command import Ended

SIDE = 96
SQUARE = (32, 64)  # rows and columns, from and to
METRES = 10.0
HECTARES = (SQUARE[1] - SQUARE[0]) ** 2 * METRES**2 / 10_000
PLACE = Affine(METRES, 0, 400_000, 0, -METRES, 5_600_000)

#: It needs no network, and finds the square to a few pixels.
CHECKED_WITH = ("--model", "cva", "--quiet")


@dataclass(frozen=True)
class Image:
    """How one date is written."""

    pixels: NDArray[Any]  # (C, H, W)
    name: str
    crs: str | None = "EPSG:32633"
    transform: Affine | None = PLACE
    nodata: float | None = None
    driver: str = "GTiff"
    tags: dict[str, str] = field(default_factory=dict)
    colours: tuple[ColorInterp, ...] = ()
    descriptions: tuple[str, ...] = ()
    mask: NDArray[np.bool_] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> str:
        count, height, width = self.pixels.shape
        place = {key: value for key in ("crs", "transform", "nodata") if (value := getattr(self, key)) is not None}
        with (
            quiet_gdal(),
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_PAM_ENABLED=self.driver not in ("GTiff", "PNG", "JPEG")),
            rasterio.open(
                folder / self.name, "w", driver=self.driver, count=count, height=height, width=width,
                dtype=self.pixels.dtype, **place, **self.options,
            ) as dataset,
        ):  # fmt: skip
            if self.colours:
                dataset.colorinterp = self.colours
            dataset.write(self.pixels)
            dataset.update_tags(**self.tags)
            if self.descriptions:
                dataset.descriptions = self.descriptions
            if self.mask is not None:
                dataset.write_mask(self.mask)
        return self.name


def ground(
    side: tuple[int, int] = (SIDE, SIDE), *, bands: int = 3, scale: float = 1.0, offset: float = 0.0
) -> NDArray[np.float64]:
    """(C, H, W), smooth with noise, 60 to 160 times `scale`, the same for one seed everywhere."""
    rows, columns = np.mgrid[: side[0], : side[1]]
    waves = [np.sin(rows / (9 + band) + band) + np.cos(columns / (7 + band)) for band in range(bands)]
    noise = np.random.default_rng(15).normal(0, 1.5, (bands, *side))
    return offset + scale * (110 + 20 * np.stack(waves) + noise)


def changed(before: NDArray[Any], *, scale: float = 1.0) -> NDArray[Any]:
    """`before` with the square, where it fits, and a little noise elsewhere."""
    after = before + scale * np.random.default_rng(16).normal(0, 1.0, before.shape)
    after[:, SQUARE[0] : SQUARE[1], SQUARE[0] : SQUARE[1]] += 90 * scale
    return after


def as_type(values: NDArray[np.float64], dtype: str) -> NDArray[Any]:
    """Rounded, and cut to what the type holds."""
    if np.dtype(dtype).kind not in "iu":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), float(limits.min), float(limits.max)).astype(dtype)


BEFORE = Image(as_type(ground(), "uint8"), "before.tif")
AFTER = Image(as_type(changed(ground()), "uint8"), "after.tif")


def pair(
    *words: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> Callable[[Path], list[str]]:
    """The pair with these changes of either image, as words of `predict`."""

    def make(folder: Path) -> list[str]:
        names = [
            replace(image, **(changes or {})).write(folder) for image, changes in ((BEFORE, before), (AFTER, after))
        ]
        return predict(*names, *words)

    return make


def predict(*words: str) -> list[str]:
    """The command, with the quick detector unless they name another."""
    return ["predict", *words, "--out", "out", *(() if "--model" in words else CHECKED_WITH)]


def hectares(expected: float = HECTARES, *, within: float = 0.12) -> Callable[[Ended, Path], None]:
    """What was found is the square, to a share of `expected`."""
    return lambda ended, folder: _is_near(ended, r"([\d,.]+) ha changed", expected, within)


def pixels(expected: float = 32 * 32, *, within: float = 0.12) -> Callable[[Ended, Path], None]:
    """The same where nothing says how large a pixel is."""
    return lambda ended, folder: _is_near(ended, r"([\d,]+) pixels changed", expected, within)


def _is_near(ended: Ended, pattern: str, expected: float, within: float) -> None:
    found = re.search(pattern, ended.output)
    assert found, ended.told
    assert abs(float(found[1].replace(",", "")) - expected) <= within * expected, ended.told


FOUND = Result(hectares())
FOUND_IN_PIXELS = Result(pixels())
ANY_RESULT = Result(lambda ended, folder: None)


def right(name: str, make: Callable[[Path], list[str]], expected: Expected = FOUND) -> Case:
    return Case(name, make, expected)
