"""What a caller may choose about a series of dates."""

from dataclasses import dataclass
from typing import Literal, get_args

from minenetcd.constants import check_threshold
from minenetcd.errors import OptionError

Against = Literal["both", "previous", "first"]
Every = Literal["year"]

MOST_MISSING = 0.3


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
