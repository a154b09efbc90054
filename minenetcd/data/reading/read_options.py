"""What a data set's files leave open, as its user says it."""

from dataclasses import dataclass

from minenetcd.errors import OptionError


@dataclass(frozen=True)
class ReadOptions:
    """What a data set's files leave open.

    `bands`: numbers, from 1, of the bands to read; by default the first three that are not alpha, a single one
    repeated. `value_range`: the values that become 0 and 255 where images are not 8-bit; by default the 1st and 99th
    percentile of each band of each image. `not_labelled`: the mask value that means "not labelled".
    """

    bands: tuple[int, ...] | None = None
    value_range: tuple[float, float] | None = None
    not_labelled: int | None = None

    def __post_init__(self) -> None:
        if self.bands is not None and (not self.bands or min(self.bands) < 1):
            raise OptionError(f"Band numbers start at 1, got {self.bands}: correct bands.")
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            raise OptionError(f"A value range needs a low and a higher value, got {self.value_range}: correct it.")
