"""Detectors that learn their statistic again and again, each time on what the last one calls unchanged."""

from dataclasses import dataclass

from minenetcd.classical.detector import ClassicalDetector, check_whole
from minenetcd.errors import OptionError
from minenetcd.geo.no_change.passes import MOST_PASSES, TOLERANCE


@dataclass(frozen=True, kw_only=True)
class ReweightedDetector(ClassicalDetector):
    """It ends when nothing that it goes by moves by `tolerance`, at the latest after `passes`."""

    tolerance: float = TOLERANCE
    passes: int = MOST_PASSES

    def __post_init__(self) -> None:
        """OptionError for options out of range."""
        super().__post_init__()
        check_whole("passes", self.passes, 1, 10_000)
        if not 0 < self.tolerance < 1:
            raise OptionError(f"tolerance needs a number between 0 and 1, got {self.tolerance}: try {TOLERANCE}.")
