"""What a caller may choose about a series of dates."""

from dataclasses import dataclass
from typing import Literal, get_args

from minenetcd.constants import check_threshold
from minenetcd.errors import OptionError
from minenetcd.prediction.options import PredictOptions

Against = Literal["both", "previous", "first"]
Every = Literal["year"]

MOST_MISSING = 0.3


#: Options of one date of two, which say nothing of many.
_OF_ONE_DATE = ("bands_after", "mask_before", "mask_after", "nodata_after", "date_before", "date_after")


def check_for_all_dates(options: PredictOptions) -> None:
    """OptionError where `options` state what is true of one date of two alone."""
    stated = [name for name in _OF_ONE_DATE if getattr(options, name) is not None]
    if stated:
        raise OptionError(
            f"Options of all dates are needed, got {' and '.join(stated)} of one date of two: use bands, mask, nodata, "
            "and dates=[...], which hold for all."
        )


@dataclass(frozen=True)
class MonitorOptions:
    """Which dates are read, and against which. OptionError for a value out of range.

    `against`: each date is compared with the previous one, with the first, or with both. `every`: one image a year is
    kept. `most_missing`: an image is left out where it has no data in a larger share of what the series shows.
    `cumulative_threshold`: what counts as changed for good must reach this probability, too; None: the map's own.
    """

    against: Against = "both"
    every: Every | None = None
    most_missing: float = MOST_MISSING
    cumulative_threshold: float | None = None

    def __post_init__(self) -> None:
        if self.against not in get_args(Against):
            raise OptionError(f"Dates are compared with {', '.join(get_args(Against))}, got {self.against!r:.40}.")
        if self.every not in (None, *get_args(Every)):
            raise OptionError(f"One image a year is kept (year), got {self.every!r:.40}: leave it out, or write year.")
        if not 0 <= self.most_missing <= 1:
            raise OptionError(f"A share of 0 to 1 is needed (most_missing), got {self.most_missing}: try 0.3.")
        if self.cumulative_threshold is not None:
            check_threshold(self.cumulative_threshold)
