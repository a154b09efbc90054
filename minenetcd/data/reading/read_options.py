"""What a data set's files leave open, as its user says it."""

from dataclasses import dataclass

from minenetcd.configs.value_range import check_value_range
from minenetcd.errors import OptionError
from minenetcd.geo.bands.wanted import Wanted

#: Height x width of the largest image that is decoded, unless `?pixels=` says otherwise; a tile of Sentinel-2 fits.
MAX_PIXELS = 2**27


@dataclass(frozen=True)
class ReadOptions:
    """What a data set's files leave open.

    `bands`: numbers, from 1, or names of the bands to read; by default all that are not alpha, a single one three
    times.
    `value_range`: the values that become 0 and 1 for a detector trained on these images; reading changes none.
    `not_labelled`: the mask value that means "not labelled". `changed_from`: from this mask value on it is changed.
    `max_pixels`: of the largest image, by its header, that is decoded.
    `outside`: files that lie outside of the data set's folder may be read.
    `keep_unusable`: pairs whose files are missing or refused stay, and are errors when they are read; an audit tells
    of each.
    """

    bands: Wanted | None = None
    value_range: tuple[float, float] | None = None
    not_labelled: int | None = None
    changed_from: int | None = None
    max_pixels: int = MAX_PIXELS
    outside: bool = False
    keep_unusable: bool = False

    def __post_init__(self) -> None:
        numbers = [band for band in self.bands or () if isinstance(band, int)]
        if self.bands is not None and (not self.bands or min(numbers, default=1) < 1):
            raise OptionError(f"Band numbers start at 1, got {self.bands}: correct bands.")
        if self.max_pixels < 1:
            raise OptionError(f"The most pixels of an image need to be 1 or more, got {self.max_pixels}: correct it.")
        if self.value_range is not None:
            check_value_range(self.value_range)
