"""What a caller may ask about two images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from minenetcd.errors import OptionError
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.metadata.stated import Stated

Target = Literal["change", "no-change"]
Pixels = Literal["predicted", "all"]


@dataclass(frozen=True)
class ExplainOptions:
    """What is asked about two images.

    `pixels`: whose score is explained, those the detector itself gives to the target, or all of them. `levels` from
    1, the finest; None: all. `window`: first column, first row, side [pixels].
    """

    levels: tuple[int, ...] | None = None
    target: Target = "change"
    pixels: Pixels = "predicted"
    window: tuple[int, int, int] | None = None
    bands: Wanted | None = None
    bands_after: Wanted | None = None
    gsd: float | None = None
    truth: Path | None = None
    crs: str | None = None  # of images with coordinates that name none
    nodata: float | None = None  # a number that means no data, beside what the files say
    nodata_after: float | None = None
    date_before: str | None = None  # ISO 8601
    date_after: str | None = None
    remote: bool = False  # to read files on the network that a STAC item names

    @property
    def stated(self) -> tuple[Stated, Stated]:
        """What is said of either image that its file does not say."""
        before = Stated(self.crs, self.nodata, self.date_before)
        return before, Stated(self.crs, self.nodata_after, self.date_after, "after")

    def __post_init__(self) -> None:
        _ = self.stated
        for name, value, choices in (
            ("target", self.target, ("change", "no-change")),
            ("pixels", self.pixels, ("predicted", "all")),
        ):
            if value not in choices:
                raise OptionError(f"{name} needs one of {', '.join(choices)}, got {value!r}: choose one.")
