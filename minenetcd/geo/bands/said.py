"""What a file says about each of its bands."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from minenetcd.geo.bands.colours import colour_at, colour_in, distance_to_best, holds_light, nanometres
from minenetcd.geo.bands.sensors import RGB, code_in, read_codes, sensor_in

#: A band tag of a date of several files: this band has larger pixels than the finest, and is read where it is named.
COARSER = "LARGER_PIXELS"

_PLATFORM = ("SPACECRAFT_ID", "SPACECRAFT_NAME", "SATELLITE", "PLATFORM", "SENSOR", "SENSOR_ID", "MISSION")
_NAME_TAGS = ("BANDNAME", "BAND_NAME", "NAME", "COMMON_NAME")
_LENGTH_TAGS = ("WAVELENGTH", "CENTRAL_WAVELENGTH", "CENTER_WAVELENGTH", "CENTRAL_WAVELENGTH_UM")
_TAGGED = {
    **{getattr(ColorInterp, name): name for name in ("red", "green", "blue", "yellow", "pan", "coastal")},
    **{getattr(ColorInterp, name): name for name in ("rededge", "nir", "swir") if hasattr(ColorInterp, name)},
}
_PLANET = re.compile(r"_AnalyticMS(_SR|_DN)?(_\w+)?$")  # four bands of PlanetScope, without colour tags at first
_PLANET_ORDER = ("blue", "green", "red", "nir")


@dataclass(frozen=True)
class Band:
    """`number` from 1; `name` as the file has it; `colour`, and what `says` so; both None where nothing does."""

    number: int
    name: str | None = None
    colour: str | None = None
    says: str | None = None
    nanometres: float | None = None
    is_read: bool = True  # where nobody asks for certain bands
    takes_tag: bool = True  # whether its colour tag counts: many programs tag a sensor's bands 8, 4, 3 as colours

    @property
    def key(self) -> str | None:
        """What it has in common with a band of another date: its colour, else its name, else its wavelength."""
        if self.colour is not None:
            return self.colour
        if self.name is not None:
            return plain_name(self.name)
        return None if self.nanometres is None else f"{self.nanometres:.0f} nm"

    @property
    def in_words(self) -> str:
        names = [name for name in (self.name, self.colour) if name is not None]
        if len(names) == 2 and plain_name(names[0]) == plain_name(names[1]):
            names = names[:1]
        return f"{self.number} ({', '.join(names)})" if names else str(self.number)


@dataclass(frozen=True)
class FileBands:
    """The bands of a file but alpha. `doubt`: what else its names could mean."""

    bands: tuple[Band, ...]
    doubt: str | None = None

    def band(self, number: int) -> Band:
        return next((band for band in self.bands if band.number == number), Band(number))

    def keys(self) -> dict[str, Band]:
        """Bands that are read unasked, by what another date may share; not what two bands have in common."""
        read = [band for band in self.bands if band.is_read and band.key is not None]
        count = Counter(band.key for band in read)
        return {str(band.key): band for band in read if count[band.key] == 1}

    def in_order(self) -> tuple[Band, ...]:
        """Bands that are read unasked: red, green and blue first where all are known, the others as they stand."""
        read = [band for band in self.bands if band.is_read] or list(self.bands)
        first = [self.keys().get(colour) for colour in RGB]
        if not all(first):
            return tuple(read)
        return (*[band for band in first if band], *[band for band in read if band not in first])

    def in_words(self) -> str:
        """All of them, as a list for people."""
        return ", ".join(band.in_words for band in self.bands)


def plain_name(name: str) -> str:
    """A name without case, marks and leading zeros: B04 is B4."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[^a-z0-9]+", "", name.lower()))


def palette_bands() -> FileBands:
    """The colours of a palette."""
    return FileBands(tuple(Band(number, None, colour, "its palette") for number, colour in enumerate(RGB, start=1)))


def read_bands(dataset: DatasetReader, source: object = None) -> FileBands:
    """What an opened file says of its bands: names first, then wavelengths, then colour tags.

    Names and wavelengths stand before the tags because many programs tag the first three bands red, green and blue
    whatever they hold. `source`: its name, which may hold a sensor's.
    """
    if [*dataset.colorinterp] == [ColorInterp.palette]:
        return palette_bands()
    return _planet(_with_tags(dataset, _without_doubles(_named(dataset, _stem(source)))), _stem(source))


def alpha_bands(dataset: DatasetReader) -> set[int]:
    """The bands of transparency; some programs call the fourth of four so, whatever its name says."""
    kinds = zip(dataset.indexes, dataset.colorinterp, dataset.descriptions, strict=True)
    return {
        band
        for band, kind, name in kinds
        if kind == ColorInterp.alpha and not (name and (colour_in(name) or code_in(name)))
    }


def _stem(source: object) -> str:
    return Path(str(source)).stem if source is not None else ""


def _named(dataset: DatasetReader, stem: str) -> FileBands:
    """Bands with the colours of their names and wavelengths."""
    alpha, descriptions = alpha_bands(dataset), dataset.descriptions  # GDAL is asked for those of all bands each time
    numbers = [band for band in dataset.indexes if band not in alpha]
    tags = [_band_tags(dataset, number) for number in numbers]
    names = [_name(descriptions[number - 1], each) for number, each in zip(numbers, tags, strict=True)]
    codes = [None if name is None else code_in(name) for name in names]
    platform = [str(value) for key, value in dataset.tags().items() if key.upper() in _PLATFORM]
    reading = read_codes(codes, sensor_in([*platform, stem]))
    bands = [
        replace(_band(number, name, colour, each), takes_tag=code is None or reading.only_count)
        for number, name, code, colour, each in zip(numbers, names, codes, reading.colours, tags, strict=True)
    ]
    return FileBands(tuple(bands), reading.doubt)


def _band(number: int, name: str | None, code_colour: str | None, tags: dict[str, str]) -> Band:
    length = _length(name, tags)
    word = None if name is None else colour_in(name)
    by_length = None if length is None else colour_at(length)
    colour = word or code_colour or by_length
    says = "its name" if word or code_colour else "its wavelength" if by_length else None
    is_read = COARSER not in tags and (name is None or holds_light(name))
    return Band(number, name, colour, says, length, is_read)


def _band_tags(dataset: DatasetReader, band: int) -> dict[str, str]:
    tags = {**dataset.tags(band), **dataset.tags(band, ns="IMAGERY")}
    return {str(key).upper(): str(value) for key, value in tags.items()}


def _name(description: str | None, tags: dict[str, str]) -> str | None:
    names = (description, *(tags.get(key) for key in _NAME_TAGS))
    return next((name.strip() for name in names if name and name.strip()), None)


def _length(name: str | None, tags: dict[str, str]) -> float | None:
    unit = tags.get("WAVELENGTH_UNITS", tags.get("WAVELENGTH_UNIT", ""))
    for key in _LENGTH_TAGS:
        if key in tags:
            return nanometres(tags[key], "um" if key.endswith("_UM") else unit)
    return None if name is None or not re.search(r"\d ?(nm|nano|um|µm|micro)", name, re.I) else nanometres(name)


def _without_doubles(said: FileBands) -> FileBands:
    """One band of each of the three colours: the one called so and nothing else, or nearest in wavelength."""
    bands = list(said.bands)
    for colour in RGB:
        same = [band for band in bands if band.colour == colour]
        if len(same) > 1:
            best = _best(colour, same)
            bands = [
                replace(band, colour=None, says=None) if band in same and band is not best else band for band in bands
            ]
    return FileBands(tuple(bands), said.doubt)


def _best(colour: str, same: Sequence[Band]) -> Band | None:
    exact = [band for band in same if band.name is not None and plain_name(band.name) == colour]
    if len(exact) == 1:
        return exact[0]
    measured = [(distance_to_best(colour, band.nanometres), band) for band in same if band.nanometres is not None]
    return min(measured, key=lambda each: each[0])[1] if len(measured) == len(same) else None


def _planet(said: FileBands, stem: str) -> FileBands:
    """PlanetScope's four bands by the name of the file, where nothing else names one."""
    if len(said.bands) != 4 or any(band.colour for band in said.bands) or not _PLANET.search(stem):
        return said
    named = zip(said.bands, _PLANET_ORDER, strict=True)
    return FileBands(tuple(replace(band, colour=colour, says="its file's name") for band, colour in named))


def _with_tags(dataset: DatasetReader, said: FileBands) -> FileBands:
    """Colour tags of bands of which neither name nor wavelength gives a colour, but those that others have by these."""
    taken = {band.colour for band in said.bands} - {None}
    kinds = dataset.colorinterp
    return FileBands(tuple(_tagged(band, kinds[band.number - 1], taken) for band in said.bands), said.doubt)


def _tagged(band: Band, tag: ColorInterp, taken: Collection[str | None]) -> Band:
    colour = _TAGGED.get(tag)
    if band.colour is not None or colour is None or colour in taken or not band.takes_tag:
        return band
    return replace(band, colour=colour, says="its colour tag")
