"""Which bands were read as which colours, by what the files say; what to doubt where they say nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minenetcd.geo.bands.said import FileBands
from minenetcd.geo.bands.sensors import RGB


@dataclass(frozen=True)
class ReadBands:
    """Bands of one date: what its file says of all of them, and the numbers of those that were read."""

    said: FileBands
    numbers: tuple[int, ...]

    @property
    def colours(self) -> tuple[str | None, ...]:
        return tuple(self.said.band(number).colour for number in self.numbers)

    @property
    def names(self) -> tuple[str | None, ...]:
        """The colour of each, else its name in the file."""
        bands = map(self.said.band, self.numbers)
        return tuple(band.colour or band.name for band in bands)

    @property
    def known_by(self) -> str | None:
        """What says which band is which; None where nothing does."""
        says = dict.fromkeys(said for number in self.numbers if (said := self.said.band(number).says))
        return ", ".join(says) or ("its names" if any(self.names) else None)

    def as_json(self) -> dict[str, Any]:
        """Their numbers and names, and what says so; None where nothing does: that is a guess."""
        return {"numbers": list(self.numbers), "names": list(self.names), "known_by": self.known_by}

    def in_words(self) -> str:
        """3, 2, 1 as red, green, blue (by its colour tag)."""
        listed = _listed(self.numbers)
        if self.known_by is None:
            return f"{listed} as they stand (the file does not say which is which)"
        named = ", ".join(name or "unnamed" for name in self.names)
        return f"{listed} as {named} (by {self.known_by})"


def band_doubts(before: ReadBands, after: ReadBands, *, as_colours: bool, asked: bool) -> list[str]:
    """What to doubt of the bands read; `as_colours`: by a network, as red, green and blue; `asked`: somebody chose.

    Nothing where both files name the bands that were read.
    """
    differ = all(before.names) and all(after.names) and before.names != after.names
    if differ:
        done = "they were asked for" if asked else "they have too few bands in common, and were read by their places"
        return [
            f"Bands {_listed(before.numbers)} of the before image are {_named(before)}, bands {_listed(after.numbers)} "
            f"of the after image are {_named(after)}: {done}, and what differs between bands shows as change; name "
            "those that belong together (--bands red,green,blue, or --bands and --bands-after)."
        ]
    if asked:
        return []
    silent = [name for name, read in (("before", before), ("after", after)) if not any(read.names)]
    if len(silent) == 1:
        other = before if silent == ["after"] else after
        numbers = after.numbers if silent == ["after"] else before.numbers
        return [
            f"The {silent[0]} image does not say which of its bands is which: {_listed(numbers)} were taken as "
            f"{_named(other)}, as the other image has; if that is wrong, what differs between bands shows as change; "
            "name them (--bands, --bands-after)."
        ]
    return [*_doubtful_names(before, after), *(_colour_doubts(before, after, silent) if as_colours else [])]


def _colour_doubts(before: ReadBands, after: ReadBands, silent: Sequence[str]) -> list[str]:
    """Of bands that a network read as red, green and blue."""
    if before.colours == after.colours == RGB:
        return []
    if silent or not any((*before.colours, *after.colours)):
        places = " and ".join(dict.fromkeys((_listed(before.numbers), _listed(after.numbers))))
        return [
            f"The images do not say which of their bands are red, green and blue: bands {places} were read so, which "
            "is a guess; if they are others (blue first, or infrared), name them (--bands 3,2,1)."
        ]
    return [
        f"Bands {_listed(before.numbers)} are {_named(before)}, and were read as red, green and blue, which the images "
        "do not both have: a network made for colours may miss or invent change; name others (--bands), or use a "
        "detector without training (--model irmad)."
    ]


def _doubtful_names(before: ReadBands, after: ReadBands) -> list[str]:
    return [
        f"The {name} image calls its bands {', '.join(_file_names(read))}, which were taken as {_named(read)}, "
        f"{read.said.doubt}: if that is wrong, name them by number (--bands 3,2,1)."
        for name, read in (("before", before), ("after", after))
        if read.said.doubt
    ]


def _file_names(read: ReadBands) -> list[str]:
    return [read.said.band(number).name or str(number) for number in read.numbers]


def _named(read: ReadBands) -> str:
    return ", ".join(name or "unnamed" for name in read.names)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
