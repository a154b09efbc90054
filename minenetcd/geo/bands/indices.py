"""Plain indices of vegetation and water, and which of them the bands of two dates allow.

NDVI: Rouse et al. 1974 (ERTS-1 symposium). NDWI: McFeeters 1996 (IJRS 17). MNDWI: Xu 2006 (IJRS 27). Excess green of
chromatic coordinates: Woebbecke et al. 1995 (Transactions of the ASAE 38).
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.bands.choosing import PairBands, pair_bands
from minenetcd.geo.bands.said import FileBands
from minenetcd.geo.bands.sensors import RGB

VegetationIndex = Literal["ndvi", "exg"]
WaterIndex = Literal["mndwi", "ndwi"]

#: Colours that stand for a band of an index, the first that a date has.
_STANDS_FOR = {**{colour: (colour,) for colour in RGB}, "nir": ("nir", "nir08"), "swir16": ("swir16",)}
_IN_WORDS = {
    "ndvi": "vegetation by NDVI",
    "exg": "vegetation by greenness alone (excess green), which is weaker",
    "mndwi": "water by MNDWI",
    "ndwi": "water by NDWI",
}
#: Brightness is the mean of at least so many bands of known colours, or of so many bands of none.
_LEAST_VISIBLE, _BRIGHT = 2, 3


@dataclass(frozen=True)
class Indices:
    """What may be told of both dates, None where their bands say nothing.

    `channels`: what is read, in this order: red, green, blue, nir, swir16, or nothing for a band without such a colour.
    `bright`: places of the channels whose mean is brightness; none where there are too few.
    """

    vegetation: VegetationIndex | None
    water: WaterIndex | None
    channels: tuple[str, ...]
    bright: tuple[int, ...]

    @property
    def ratios(self) -> tuple[str, ...]:
        """The indices that `ratio` has: of vegetation and of water."""
        return tuple(name for name in (self.vegetation, self.water) if name is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """All that is measured of a date."""
        return (*self.ratios, *(("brightness",) if self.bright else ()))

    @property
    def in_words(self) -> str:
        words = [_IN_WORDS[name] for name in self.ratios]
        if self.bright:
            colours = [self.channels[place] for place in self.bright]
            words.append(f"brightness of {', '.join(colours)}" if all(colours) else f"brightness of {_BRIGHT} bands")
        return "; ".join(words)

    def ratio(self, name: str, pixels: NDArray[np.floating]) -> NDArray[np.float32]:
        """One of `ratios` of pixels (..., C): -1 to 1 (ExG to 2), NaN where their sum is not above 0."""
        if name == "exg":
            red, green, blue = (self._channel(pixels, colour) for colour in RGB)
            return _share(2 * green - red - blue, red + green + blue)
        more, less = {"ndvi": ("nir", "red"), "ndwi": ("green", "nir"), "mndwi": ("green", "swir16")}[name]
        first, second = self._channel(pixels, more), self._channel(pixels, less)
        return _share(first - second, first + second)

    def _channel(self, pixels: NDArray[Any], colour: str) -> NDArray[Any]:
        channel: NDArray[Any] = pixels[..., self.channels.index(colour)]
        return channel


def known_indices(before: FileBands, after: FileBands) -> tuple[Indices, PairBands] | None:
    """What the bands of both dates allow, by their names, and the numbers of those to read; None where that is nothing.

    NDVI stands before excess green, MNDWI before NDWI. Brightness is that of red, green and blue, or of two of
    them; where no colour is known, of the first three bands that both dates share.
    """
    known = _known_colours(before, after)
    bright = _bright_bands(before, after, known)
    vegetation: VegetationIndex | None = "ndvi" if _has(known, "red", "nir") else None
    if vegetation is None and _has(known, *RGB):
        vegetation = "exg"
    water: WaterIndex | None = None
    if _has(known, "green", "swir16"):
        water = "mndwi"
    elif _has(known, "green", "nir"):
        water = "ndwi"
    if vegetation is None and water is None and not bright:
        return None
    read = list(dict.fromkeys([*bright, *known.values()]))
    named = {numbers: colour for colour, numbers in known.items()}
    indices = Indices(vegetation, water, tuple(named.get(numbers, "") for numbers in read), tuple(range(len(bright))))
    return indices, PairBands(tuple(one for one, _ in read), tuple(other for _, other in read))


def _known_colours(before: FileBands, after: FileBands) -> dict[str, tuple[int, int]]:
    """The numbers in both files of what both name."""
    first, second = before.keys(), after.keys()
    known = {}
    for colour, names in _STANDS_FOR.items():
        own, other = (next((keys[name] for name in names if name in keys), None) for keys in (first, second))
        if own is not None and other is not None:
            known[colour] = own.number, other.number
    return known


def _bright_bands(before: FileBands, after: FileBands, known: dict[str, tuple[int, int]]) -> list[tuple[int, int]]:
    visible = [known[colour] for colour in RGB if colour in known]
    if known:  # infrared is left out: in it, brighter is greener
        return visible if len(visible) >= _LEAST_VISIBLE else []
    shared = list(zip(*pair_bands(before, after), strict=True))
    return shared[:_BRIGHT] if len(shared) >= _BRIGHT else []


def _has(known: dict[str, tuple[int, int]], *colours: str) -> bool:
    return set(colours) <= known.keys()


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float32]:
    share = np.full(np.shape(part), np.nan, np.float32)
    np.divide(part, whole, out=share, where=whole > 0, casting="same_kind")
    return share
