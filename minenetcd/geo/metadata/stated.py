"""What its user says of an image that its file does not say."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from rasterio.crs import CRS


@dataclass(frozen=True)
class Stated:
    """OptionError for a CRS that is none, or a date that is no day.

    `crs`: of an image whose file has coordinates and names no CRS on Earth. `nodata`: a number that means no data,
    beside what the file declares. `date`: when it was taken, ISO 8601, whatever the file says. `which` of two
    images it is, for errors.
    """

    crs: str | None = None
    nodata: float | None = None
    date: str | None = None
    which: Literal["before", "after"] = "before"

    def __post_init__(self) -> None:
        _ = self.known_date
        if self.crs is not None:
            _ = self.known_crs

    @property
    def known_date(self) -> str | None:
        """`date` with hyphens, and with a time where that is stated."""
        if self.date is None:
            return None
        try:
            if len(self.date) <= len("2019-06-01"):
                return date.fromisoformat(self.date).isoformat()
            return datetime.fromisoformat(self.date).isoformat()
        except ValueError as error:
            raise OptionError(
                f"Year, month and day are needed (--date-{self.which}), got {self.date!r}: {_advice(self.date)}"
            ) from error

    @property
    def known_crs(self) -> "CRS | None":
        """`crs` as a coordinate system on Earth."""
        if self.crs is None:
            return None
        from rasterio import Env  # here: help and options wait for no raster library
        from rasterio.crs import CRS
        from rasterio.errors import CRSError

        code = self.crs.strip()
        advice = f"write EPSG:{code}" if code.isdecimal() else "e.g. EPSG:32633"
        try:
            with Env():  # in which GDAL raises, and prints nothing
                crs = CRS.from_user_input(self.crs)
        except (CRSError, ValueError) as error:  # of "EPSG:4326;x" rasterio itself makes a number
            raise OptionError(f"A CRS (--crs) needs a name PROJ knows, got {self.crs!r}: {advice}.") from error
        if not (crs.is_geographic or crs.is_projected):
            raise OptionError(f"A CRS on Earth is needed (--crs), got {self.crs!r}: e.g. EPSG:32633.")
        return crs


def _advice(text: str) -> str:
    """What to write in place of `text`, which is no date."""
    parts = re.fullmatch(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*", text)
    if parts is None:
        return "e.g. 2019-06-01."
    try:
        return f"write {date(*map(int, parts.groups()))}."
    except ValueError:
        return "there is no such day."


NOTHING_STATED = Stated()
