"""Where the pixels of an image lie on Earth."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS as ProjCRS
from pyproj import Geod, Transformer
from pyproj.exceptions import ProjError
from rasterio.coords import BoundingBox
from rasterio.crs import CRS
from rasterio.windows import Window

from minenetcd.constants import DEGREES
from minenetcd.display.words import three_figures
from minenetcd.errors import GridError, OptionError, one_line

WGS84 = Geod(ellps="WGS84")
SQUARE_METRES_PER_HECTARE = 10_000

# Below this, a projection counts as true to scale (UTM is within 0.1 % inside its zone, 0.3 % beside it).
TRUE_SCALE = 0.005
#: Coordinates, in whatever unit, are smaller.
FARTHEST = 1e15
#: Of resampling: that many times smaller pixels say nothing that the image does not, and there are 40,000 for each.
FINEST = 200

Numbers = TypeVar("Numbers", float, NDArray[np.float64])


class Plane(NamedTuple):
    """A system of coordinates whose place on Earth is not known: a local one (`crs`), or one that no file names."""

    crs: CRS | None = None


@dataclass(frozen=True)
class Grid:
    """The pixel grid of one image: `transform` takes (column, row) of a pixel's corner to CRS coordinates.

    `crs` None stands for an image without a place on Earth: a picture, whose coordinates are pixels, y downward, or
    with `plane` one whose coordinates lie there.
    """

    height: int
    width: int
    transform: Affine
    crs: CRS | None
    plane: Plane | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def is_georeferenced(self) -> bool:
        return self.crs is not None

    @property
    def has_coordinates(self) -> bool:
        """Whether its pixels have coordinates, on Earth or in a plane."""
        return self.crs is not None or self.plane is not None

    @property
    def named_crs(self) -> CRS | None:
        """What a file says of the coordinates: a CRS on Earth, a local one, or nothing."""
        return self.plane.crs if self.plane is not None else self.crs

    def what_it_lacks(self, option: str) -> str:
        """What an image without a place on Earth is, and what to do where `option` needs one."""
        if self.has_coordinates:
            return f"coordinates without a CRS on Earth: state it (--crs EPSG:32633), or leave {option} out."
        return f"a picture without CRS: leave {option} out, or give GeoTIFFs."

    @property
    def is_geographic(self) -> bool:
        """Whether its coordinates are degrees."""
        return self.crs is not None and bool(self.crs.is_geographic)

    @property
    def bounds(self) -> BoundingBox:
        """Smallest upright box around the grid, in CRS units (pixels for a picture)."""
        x, y = self.outline(points_per_side=1)
        return BoundingBox(x.min(), y.min(), x.max(), y.max())

    @property
    def bounds_degrees(self) -> BoundingBox:
        """Smallest box around the grid in longitude and latitude (WGS 84). GridError for a picture."""
        longitude, latitude = self.to_degrees(*self.outline())
        return BoundingBox(longitude.min(), latitude.min(), longitude.max(), latitude.max())

    @property
    def metres_per_pixel(self) -> tuple[float, float]:
        """Length of the centre pixel along its row and along its column [m], on the WGS 84 ellipsoid.

        Measured between the middles of opposite sides, so degrees, feet and Web Mercator come out right.
        GridError for a picture.
        """
        column, row = np.array([self.width / 2]), np.array([self.height / 2])
        along_row, along_column = self._pixel_steps(column, row)
        return float(along_row[1][0]), float(along_column[1][0])

    @property
    def mean_metres(self) -> float:
        """Side of the square as large as the centre pixel [m]. GridError for a picture."""
        return math.prod(self.metres_per_pixel) ** 0.5

    def metres_or(self, stated: float | None) -> float | None:
        """`mean_metres`, or of a picture what is `stated`. OptionError where both say something. [m]"""
        if not self.is_georeferenced:
            return stated
        if stated is not None:
            raise OptionError(
                "Metres per pixel are stated for pictures without place, these images say theirs "
                f"({three_figures(self.mean_metres)} m): leave --metres-per-pixel out."
            )
        return self.mean_metres

    @property
    def pixel_hectares(self) -> float:
        """Area of the centre pixel on the ellipsoid [ha]. GridError for a picture."""
        return float(self.hectares_at(np.array([self.width / 2]), np.array([self.height / 2]))[0])

    def hectares_at(self, columns: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Area on the ellipsoid [ha] of a pixel centred at each (column, row). GridError for a picture."""
        (azimuth_x, metres_x), (azimuth_y, metres_y) = self._pixel_steps(columns, rows)
        angle = np.radians(azimuth_y - azimuth_x)
        return metres_x * metres_y * np.abs(np.sin(angle)) / SQUARE_METRES_PER_HECTARE

    def outline(self, points_per_side: int = 21) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x and y, in CRS units, of points around the grid's edge, corners included."""
        step = np.arange(points_per_side) / points_per_side
        column = np.concatenate([step, np.ones_like(step), 1 - step, np.zeros_like(step)]) * self.width
        row = np.concatenate([np.zeros_like(step), step, np.ones_like(step), 1 - step]) * self.height
        return apply(self.transform, column, row)

    def to_degrees(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude (WGS 84) of CRS coordinates. GridError for a picture."""
        return transformer(self.wkt(), DEGREES)(x, y)

    def window(self, row: int, col: int, height: int, width: int) -> "Grid":
        """The grid of a part: `height` x `width` pixels from (row, col). GridError where that leaves the grid."""
        window = Window(col, row, width, height)
        self.check_inside(window)
        return replace(self, height=height, width=width, transform=self.transform @ Affine.translation(col, row))

    def part(self, window: Window) -> "Grid":
        """The grid of `window`. GridError where that leaves the grid."""
        return self.window(window.row_off, window.col_off, window.height, window.width)

    def check_inside(self, window: Window) -> None:
        """GridError unless `window` is whole pixels, at least one, inside the grid."""
        row, col, height, width = window.row_off, window.col_off, window.height, window.width
        whole = all(float(value).is_integer() for value in (row, col, height, width))
        inside = 0 <= row < row + height <= self.height and 0 <= col < col + width <= self.width
        if not (whole and inside):
            raise GridError(
                f"A window needs whole pixels inside the {self.height} x {self.width} grid, "
                f"got rows {row} to {row + height}, columns {col} to {col + width}: clip it to the grid."
            )

    def resampled(self, metres_per_pixel: float) -> "Grid":
        """A grid of square pixels over the same extent, covering its last partial row and column.

        In a projection true to scale (UTM and its like) metres are those of the projection, so that asking a
        10 m image for 10 m returns its own grid; elsewhere (degrees, Web Mercator) they are metres on the
        ellipsoid at the centre. OptionError for a picture, a size that is not positive, and pixels more than FINEST
        times finer than these.
        """
        if self.crs is None:
            raise OptionError(
                f"Resampling to metres per pixel (--gsd) needs a georeferenced image, got {self.what_it_lacks('--gsd')}"
            )
        if not (math.isfinite(metres_per_pixel) and metres_per_pixel > 0):
            raise OptionError(
                f"Metres per pixel (--gsd) must be a positive number, got {metres_per_pixel}: try e.g. 10."
            )
        factor_x, factor_y = (metres_per_pixel / metres for metres in self._working_metres(self.crs))
        if min(factor_x, factor_y) < 1 / FINEST:
            raise OptionError(
                f"Pixels at most {FINEST} times finer than the image's ({self.mean_metres:.3g} m) are needed (--gsd), "
                f"got {metres_per_pixel:g} m: try {self.mean_metres:.3g}."
            )
        width = _whole_pixels(self.width / factor_x)
        height = _whole_pixels(self.height / factor_y)
        return Grid(height, width, self.transform @ Affine.scale(factor_x, factor_y), self.crs)

    def decimated(self, max_side: int) -> "Grid":
        """The same extent in fewer pixels: neither side above `max_side`, never finer than this grid."""
        ratio = max(1.0, max(self.shape) / max_side)
        height, width = (max(1, round(side / ratio)) for side in self.shape)
        scale = Affine.scale(self.width / width, self.height / height)
        return replace(self, height=height, width=width, transform=self.transform @ scale)

    def matches(self, other: "Grid") -> bool:
        """Whether both grids have the same CRS and pixels, to a thousandth of a pixel."""
        if self.shape != other.shape or self.crs != other.crs:
            return False
        corners = np.array([0.0, self.width, 0.0, self.width]), np.array([0.0, 0.0, self.height, self.height])
        columns, rows = apply(~self.transform @ other.transform, *corners)
        return bool(np.allclose(columns, corners[0], atol=1e-3) and np.allclose(rows, corners[1], atol=1e-3))

    def _working_metres(self, crs: CRS) -> tuple[float, float]:
        """Pixel lengths [m]: the projection's where it is true to scale, else the ellipsoid's."""
        measured = self.metres_per_pixel
        if not crs.is_projected:
            return measured
        unit = crs.linear_units_factor[1]
        transform = self.transform
        nominal = (math.hypot(transform.a, transform.d) * unit, math.hypot(transform.b, transform.e) * unit)
        true_to_scale = all(abs(n / m - 1) < TRUE_SCALE for n, m in zip(nominal, measured, strict=True))
        return nominal if true_to_scale else measured

    def _pixel_steps(
        self, columns: NDArray[np.float64], rows: NDArray[np.float64]
    ) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
        """Azimuth [deg] and length [m] across the pixel centred at (column, row), along its row and its column."""

        def measure(dx: float, dy: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            start = self.to_degrees(*apply(self.transform, columns - dx / 2, rows - dy / 2))
            end = self.to_degrees(*apply(self.transform, columns + dx / 2, rows + dy / 2))
            azimuth, _, metres = WGS84.inv(*start, *end)
            return np.asarray(azimuth), np.asarray(metres)

        steps = measure(1, 0), measure(0, 1)
        if not all(np.isfinite(metres).all() and (metres > 0).all() for _, metres in steps):
            raise GridError(f"Pixels cannot be measured in metres in {self.crs}: reproject the image, e.g. to UTM.")
        return steps

    def wkt(self) -> str:
        """The CRS as text. GridError for a picture."""
        if self.crs is None:
            raise GridError(
                "Metres, hectares and degrees need a georeferenced image, got a picture without CRS: give a GeoTIFF."
            )
        text: str = self.crs.to_wkt()
        return text


def apply(transform: Affine, columns: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    """`transform` of every (column, row)."""
    a, b, c, d, e, f = transform[:6]
    return a * columns + b * rows + c, d * columns + e * rows + f


@lru_cache(maxsize=32)
def transformer(
    from_crs: str, to_crs: str
) -> Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The function that takes x, y of one CRS to x, y of another; a point without counterpart becomes inf."""
    try:
        return Transformer.from_crs(ProjCRS(from_crs), ProjCRS(to_crs), always_xy=True).transform
    except ProjError as error:
        detail = one_line(error)
        raise GridError(f"No way from one CRS to the other ({detail}): reproject both images to one CRS.") from error


def _whole_pixels(side: float) -> int:
    """`side` rounded up, but for what is only rounding error."""
    return max(1, math.ceil(side - 1e-6 * max(1.0, side)))
