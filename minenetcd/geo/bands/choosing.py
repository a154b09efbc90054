"""Which bands of one file, or of two dates, are read: those named, or what both have in common."""

from collections.abc import Sequence
from typing import NamedTuple

from minenetcd.errors import OptionError
from minenetcd.geo.bands.colours import colour_in
from minenetcd.geo.bands.said import Band, FileBands, plain_name
from minenetcd.geo.bands.sensors import RGB
from minenetcd.geo.bands.wanted import Wanted


class PairBands(NamedTuple):
    """The numbers of the bands of each date that belong together, red, green and blue first where these are known."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    def as_in_file(self) -> "PairBands":
        """The same, in the order of the before image's file, as networks learned them that read no colours."""
        in_order = sorted(zip(self.before, self.after, strict=True))
        return PairBands(tuple(one for one, _ in in_order), tuple(other for _, other in in_order))


def numbers_of(wanted: Wanted, said: FileBands, source: object) -> tuple[int, ...]:
    """The numbers of the bands that are asked for; OptionError, which lists those that there are."""
    return tuple(band if isinstance(band, int) else _number(band, said, source) for band in wanted)


def _number(name: str, said: FileBands, source: object) -> int:
    plain, colour = plain_name(name), colour_in(name)
    for found in (
        [band for band in said.bands if band.name is not None and plain_name(band.name) == plain],
        [band for band in said.bands if band.colour is not None and band.colour in (name.lower(), colour)],
        [band for band in said.bands if _has_word(band, plain)],
    ):
        if len(found) == 1:
            return found[0].number
    has = said.in_words()
    named = any(band.name or band.colour for band in said.bands)
    raise OptionError(
        f"A band called {name} is needed in {source}, it has {'bands ' if len(said.bands) > 1 else 'band '}{has}"
        f"{'' if named else ' without names'}: choose among these (--bands)."
    )


def _has_word(band: Band, plain: str) -> bool:
    """Whether one of the words of a band's name is the one asked for: "B4, central wavelength 665 nm" has B4."""
    words = (band.name or "").replace(",", " ").replace("(", " ").replace(")", " ").replace("_", " ").split()
    return plain in map(plain_name, words)


def pair_bands(before: FileBands, after: FileBands) -> PairBands:
    """All bands that both dates have, by colour or name; by their places where these have nothing in common.

    Where one date alone names its colours and both have as many bands, the other is read in the same order.
    """
    shared = _shared(before, after)
    if shared is not None:
        return shared
    first, second = before.in_order(), after.in_order()
    if len(first) == len(second) == len(before.bands) == len(after.bands):
        known = first if has_colours(before) else second if has_colours(after) else first
        other_is_silent = not (has_colours(before) and has_colours(after))
        if other_is_silent and _places(first, before) != _places(second, after):
            places = _places(known, before if known is first else after)
            return PairBands(*(tuple(said.bands[place].number for place in places) for said in (before, after)))
    count = min(len(first), len(second))
    return PairBands(*(tuple(band.number for band in bands[:count]) for bands in (first, second)))


def has_colours(said: FileBands) -> bool:
    """Whether red, green and blue are known."""
    return set(RGB) <= said.keys().keys()


def _places(bands: Sequence[Band], said: FileBands) -> list[int]:
    places = {band.number: place for place, band in enumerate(said.bands)}
    return [places[band.number] for band in bands]


def _shared(before: FileBands, after: FileBands) -> PairBands | None:
    """Bands that have a colour or a name in common, and as many others; None where next to no two have one."""
    own, others = before.keys(), after.keys()
    both = [(band, others[key]) for band in before.in_order() if (key := band.key) in own and key in others]
    least = min(len(RGB), len(before.in_order()), len(after.in_order()))
    if len(both) < least:
        return None
    both += _unnamed(before, after)
    return PairBands(tuple(one.number for one, _ in both), tuple(other.number for _, other in both))


def _unnamed(before: FileBands, after: FileBands) -> list[tuple[Band, Band]]:
    """Bands of which neither file says anything, by their places, where both have as many: a fourth of four, say."""
    first, second = ([band for band in said.in_order() if band.key is None] for said in (before, after))
    return list(zip(first, second, strict=True)) if len(first) == len(second) else []
