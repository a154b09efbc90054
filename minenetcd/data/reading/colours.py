"""In which order the bands of a pair are read, and which are red, green and blue, by what its files say."""

from typing import NamedTuple

from minenetcd.data.dataset import ColourPlaces
from minenetcd.geo.bands.choosing import PairBands, has_colours, pair_bands
from minenetcd.geo.bands.said import FileBands, palette_bands
from minenetcd.geo.bands.sensors import RGB


class ReadBands(NamedTuple):
    """What a file says of its bands, and the numbers of those read, in that order."""

    said: FileBands
    numbers: tuple[int, ...]


#: Of a picture, or of a TIFF that says no more than that it is in colours.
IN_COLOURS = ReadBands(palette_bands(), (1, 2, 3))


def reading_order(before: ReadBands, after: ReadBands) -> PairBands:
    """The bands of both dates, those read, so that the same stand in the same places, as a prediction reads them.

    Three come as red, green and blue where these are known; more stand as in the before image's file, as networks that
    read them all have learned them. Dates whose bands do not all belong together are left as they were read.
    """
    as_read = PairBands(before.numbers, after.numbers)
    if len(before.numbers) != len(after.numbers):
        return as_read
    paired = pair_bands(before.said, after.said)
    if len(before.numbers) > len(RGB):
        paired = paired.as_in_file()
    fits = all(sorted(one) == sorted(other) for one, other in zip(paired, as_read, strict=True))
    return paired if fits else as_read


def colour_places(before: ReadBands, after: ReadBands) -> ColourPlaces | None:
    """Among the bands of one pair in its `reading_order`; where one date is silent it is read as the other.

    None where both are, and where both name their colours and these are not in common.
    """
    dates = (before, after)
    if not any(has_colours(said) for said, _ in dates):
        return None
    found = [numbers[: len(RGB)] for numbers in pair_bands(before.said, after.said)]
    order = reading_order(before, after)
    for numbers, (said, _), read in zip(found, dates, order, strict=True):
        named = tuple(said.band(number).colour for number in numbers)
        if (named != RGB and any(named)) or not set(numbers) <= set(read):
            return None
    before_places, after_places = (tuple(map(read.index, numbers)) for numbers, read in zip(found, order, strict=True))
    return ColourPlaces(before_places, after_places)
