"""Which bands of a pair's files are red, green and blue, by what these say, as a prediction reads them."""

from minenetcd.data.dataset import ColourPlaces
from minenetcd.data.reading.decode import bands_in
from minenetcd.data.reading.headers import Encoded
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.geo.bands.choosing import has_colours, pair_bands
from minenetcd.geo.bands.sensors import RGB


def colour_places(before: Encoded, after: Encoded, options: ReadOptions) -> ColourPlaces | None:
    """Of one pair; where one date is silent it is read as the other. None where both are. DecodeError as in `bands_in`.

    Where both name their colours and these are not in common, there is none either.
    """
    dates = [bands_in(encoded, options) for encoded in (before, after)]
    if not any(has_colours(said) for said, _ in dates):
        return None
    found = [numbers[: len(RGB)] for numbers in pair_bands(dates[0][0], dates[1][0])]
    for numbers, (said, read) in zip(found, dates, strict=True):
        named = tuple(said.band(number).colour for number in numbers)
        if (named != RGB and any(named)) or not set(numbers) <= set(read):
            return None
    before_places, after_places = (
        tuple(map(read.index, numbers)) for numbers, (_, read) in zip(found, dates, strict=True)
    )
    return ColourPlaces(before_places, after_places)
