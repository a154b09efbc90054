"""Which colour a numbered band of a sensor has.

Colours go by the common names of STAC's electro-optical extension (blue, green, red, nir, swir16, ...).
Sources: Sentinel-2 MSI and Landsat 4 to 9 band designations (ESA, USGS); MODIS surface reflectance (MOD09).
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from minenetcd.geo.bands.colours import LONGEST_NAME

RGB = ("red", "green", "blue")

MSI = {
    "1": "coastal", "2": "blue", "3": "green", "4": "red", "5": "rededge071", "6": "rededge075", "7": "rededge078",
    "8": "nir", "8A": "nir08", "9": "nir09", "10": "cirrus", "11": "swir16", "12": "swir22",
}  # fmt: skip
OLI = {
    "1": "coastal", "2": "blue", "3": "green", "4": "red", "5": "nir", "6": "swir16", "7": "swir22", "8": "pan",
    "9": "cirrus", "10": "lwir11", "11": "lwir12",
}  # fmt: skip
TM = {"1": "blue", "2": "green", "3": "red", "4": "nir", "5": "swir16", "6": "lwir", "7": "swir22", "8": "pan"}
MODIS = {"1": "red", "2": "nir", "3": "blue", "4": "green", "6": "swir16", "7": "swir22"}
MSS: dict[str, str] = {}  # no blue; numbers differ from satellite to satellite

#: Evidence of a sensor in the metadata or the name of a file; the first that fits.
_EVIDENCE = (
    (re.compile(r"sentinel-?2|(?<![a-z0-9])s2[a-d](?![a-z0-9])|msil[12]"), MSI),
    (re.compile(r"landsat[-_ ]?[89]|(?<![a-z0-9])l[co]0?[89](?![a-z0-9])|\boli\b"), OLI),
    (re.compile(r"(?<![a-z0-9])lm0?[1-5](?![a-z0-9])|\bmss\b"), MSS),
    (re.compile(r"landsat[-_ ]?[4-7]|(?<![a-z0-9])l[te]0?[4-7](?![a-z0-9])|\be?tm\b"), TM),
)
_NAMED = {"tm": TM, "etm": TM, "etm+": TM, "oli": OLI, "oli2": OLI, "msi": MSI, "sur_refl_b": MODIS}
_CODE = re.compile(
    r"(?:(?<![a-z0-9])(?P<sensor>etm\+|etm|tm|oli2|oli|msi)[ _-]?b?|(?P<modis>sur_refl_b)|"
    r"(?<![a-z0-9])(?P<surface>sr_)?(?P<word>band|b)[ _-]?)(?P<number>8a|\d{1,2})(?![0-9a-z])",
    re.IGNORECASE,
)


class Code(NamedTuple):
    """The numbered band that a name holds, e.g. B04: `number` "4", padded."""

    number: str
    sensor: dict[str, str] | None
    is_padded: bool
    is_surface: bool  # SR_B4, as Landsat's Collection 2 has it


def code_in(name: str) -> Code | None:
    """The code of a sensor's band in a name: B04, B8A, SR_B4, TM3, band_4, sur_refl_b01."""
    found = _CODE.search(name[:LONGEST_NAME])
    if found is None:
        return None
    number = found["number"].upper()
    sensor = _NAMED.get((found["sensor"] or found["modis"] or "").lower())
    return Code(number.lstrip("0"), sensor, number.startswith("0"), found["surface"] is not None)


def sensor_in(words: Iterable[str]) -> dict[str, str] | None:
    """The sensor that metadata or a file's name speak of."""
    text = " ".join(word[:LONGEST_NAME] for word in words).lower()
    return next((table for pattern, table in _EVIDENCE if pattern.search(text)), None)


class Reading(NamedTuple):
    """Colours of the codes of a file, None where they are not known; `doubt`: what else the names could mean.

    `only_count`: whether the numbers are those of the places, and say nothing.
    """

    colours: tuple[str | None, ...]
    doubt: str | None = None
    only_count: bool = False


def read_codes(codes: Sequence[Code | None], evidence: dict[str, str] | None) -> Reading:
    """The colours of all bands of a file by their codes, with what is said elsewhere about its sensor.

    Where nothing is, the codes together decide, as far as they can: B4 is red of Sentinel-2 and Landsat 8 and 9, but
    infrared of Landsat 4 to 7. Numbers that only count the bands say nothing.
    """
    given = [code for code in codes if code is not None and code.sensor is None]
    table, doubt = evidence, None
    only_count = table is None and _only_count(codes)
    if table is None and given and not only_count:
        table, doubt = _by_numbers(given, {code.number for code in given})
    colours = [_colour(code, table) for code in codes]
    if doubt:
        colours = [colour if colour in RGB else None for colour in colours]
    return Reading(tuple(colours), doubt if any(colours) else None, only_count)


def _colour(code: Code | None, table: dict[str, str] | None) -> str | None:
    if code is None:
        return None
    own = code.sensor if code.sensor is not None else table
    return None if own is None else own.get(code.number)


def _only_count(codes: Sequence[Code | None]) -> bool:
    """Whether these are Band 1, Band 2, ... in their places, as programs call bands without a name."""
    count = [code is not None and code.number == str(place) for place, code in enumerate(codes, start=1)]
    return all(count) and len(codes) < len(TM) and not any(code.is_padded or code.is_surface for code in codes if code)


def _by_numbers(codes: Sequence[Code], numbers: set[str]) -> tuple[dict[str, str], str | None]:
    if any(code.is_padded for code in codes) or numbers & {"8A", "12"} or {"2", "3", "4", "8"} == numbers:
        return MSI, None
    if any(code.is_surface for code in codes) and {"6", "7"} & numbers:
        return (OLI if "6" in numbers else TM), None
    if {"1", "2", "3"} <= numbers and "4" not in numbers:
        return TM, "as Landsat 4 to 7 have them"
    return OLI, "as Sentinel-2 and Landsat 8 and 9 have them; of Landsat 4 to 7, band 4 is infrared"
