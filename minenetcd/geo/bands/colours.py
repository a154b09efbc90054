"""Which colour a band has by the words of its name, or by its wavelength.

Source of the ranges: common names of STAC's electro-optical extension, widened where sensors leave gaps.
"""

import re

#: Words that a name may hold, the first that fits: infrared and red edge stand before red.
_WORDS = (
    (r"near[ -]?infra[ -]?red|nir(?! ?0?8)|infra[ -]?red(?! ?\d)|n", "nir"),
    (r"nir ?0?8|narrow nir", "nir08"),
    (r"(short ?wave|sw) ?(ir|infra ?red) ?(1|16|1 ?6)", "swir16"),
    (r"(short ?wave|sw) ?(ir|infra ?red) ?(2|22|2 ?2)", "swir22"),
    (r"short ?wave ?infra ?red|swir ?\d*", "swir"),
    (r"thermal.*|[tlm]w?ir ?\d*", "lwir"),
    (r"(vegetation )?red ?edge ?\d*", "rededge"),
    (r"pan(chromatic)?", "pan"),
    (r"coastal.*|deep blue", "coastal"),
    (r"(visible |vis )?blue|b", "blue"),
    (r"(visible |vis )?green|g", "green"),
    (r"yellow", "yellow"),
    (r"(visible |vis )?red|r", "red"),
)
_EXACT = [(re.compile(rf"(?:{words})", re.IGNORECASE), colour) for words, colour in _WORDS]
_NOT_COLOUR = re.compile(r"infra|edge|nir|swir|thermal|coastal|deep", re.IGNORECASE)
_WITHIN = re.compile(r"(?<![a-z])(blue|green|yellow|red)(?![a-z])(?! ?i\b)", re.IGNORECASE)

#: Bands that hold no light: quality, classes, masks.
_NO_LIGHT = re.compile(
    r"(qa|scl|aot|wvp|udm\d?|msk|fmask|quality|cloud ?mask|lat|lon|latitude|longitude)(?![a-z])", re.IGNORECASE
)

#: From, to, at its best: wavelengths in nanometres.
RANGES = {
    "coastal": (400, 450, 443), "blue": (450, 515, 490), "green": (515, 595, 560), "yellow": (595, 625, 610),
    "red": (625, 690, 660), "rededge": (690, 765, 720), "nir": (765, 905, 840), "nir09": (905, 1100, 945),
    "cirrus": (1340, 1400, 1375), "swir16": (1500, 1800, 1610), "swir22": (2000, 2400, 2200),
    "lwir": (8000, 15000, 11000),
}  # fmt: skip

_LENGTH = re.compile(r"(\d+(?:\.\d+)?) ?(nm|nano ?met(?:er|re)s?|um|µm|μm|micro ?met(?:er|re)s?|microns?)\b", re.I)


#: Letters of a name, from its beginning, that are looked at: long ones take expressions hours.
LONGEST_NAME = 256


def colour_in(name: str) -> str | None:
    """The colour that the words of a name say: "red", "Near-Infrared", "B4 (red)", "coastal_blue"."""
    plain = re.sub(r"[\s_\-.,:;()\[\]/]+", " ", name[:LONGEST_NAME]).strip()
    for pattern, colour in _EXACT:
        if pattern.fullmatch(plain):
            return colour
    words = {found.lower() for found in _WITHIN.findall(plain)}
    if _NOT_COLOUR.search(plain):
        return next((colour for pattern, colour in _EXACT[:9] if len(plain) > 1 and _inside(pattern, plain)), None)
    return words.pop() if len(words) == 1 else None


def _inside(pattern: re.Pattern[str], plain: str) -> bool:
    return any(found.end() - found.start() > 1 for found in pattern.finditer(plain))


def holds_light(name: str) -> bool:
    """Whether a band of this name may be part of an image, and is no mask and no measure of quality."""
    return _NO_LIGHT.match(name.strip()) is None


def nanometres(text: str, unit: str = "") -> float | None:
    """A wavelength: a number with a unit of its own or beside it; without one, small numbers are micrometres."""
    text, unit = text[:LONGEST_NAME], unit[:LONGEST_NAME]
    found = _LENGTH.search(f"{text} {unit}".strip())
    if found:
        return float(found[1]) * (1 if found[2].lower().startswith("n") else 1000)
    try:
        value = float(text)
    except ValueError:
        return None
    return value * 1000 if 0 < value < 100 else value


def colour_at(length: float) -> str | None:
    """The colour of a wavelength in nanometres."""
    return next((colour for colour, (low, high, _) in RANGES.items() if low <= length < high), None)


def distance_to_best(colour: str, length: float) -> float:
    """How far a wavelength is from where a colour is usually measured. [nm]"""
    return abs(length - RANGES[colour][2])
