"""What its user says of an image that its file does not say."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from rasterio.crs import CRS


@dataclass(frozen=True)
class Stated:
    """OptionError for a CRS that is none, or a date that is no day.

    `crs`: of an image whose file has coordinates and names no CRS on Earth. `nodata`: a number that means no data,
    beside what the file declares. `date`: when it was taken, ISO 8601, whatever the file says.
    """

    crs: str | None = None
    nodata: float | None = None
    date: str | None = None

    def __post_init__(self) -> None:
        if self.date is not None:
            try:
                date.fromisoformat(self.date[:10])
            except ValueError as error:
                raise OptionError(f"A date needs year, month and day, got {self.date!r}: e.g. 2019-06-01.") from error
        if self.crs is not None:
            _ = self.known_crs

    @property
    def known_crs(self) -> "CRS | None":
        """`crs` as a coordinate system on Earth."""
        if self.crs is None:
            return None
        from rasterio.crs import CRS  # here: help and options wait for no raster library
        from rasterio.errors import CRSError

        try:
            crs = CRS.from_user_input(self.crs)
        except (CRSError, ValueError) as error:  # of "EPSG:4326;x" rasterio itself makes a number
            raise OptionError(f"A CRS (--crs) needs a name PROJ knows, got {self.crs!r}: e.g. EPSG:32633.") from error
        if not (crs.is_geographic or crs.is_projected):
            raise OptionError(f"A CRS on Earth is needed (--crs), got {self.crs!r}: e.g. EPSG:32633.")
        return crs


NOTHING_STATED = Stated()
