"""The parts of a map that are sampled each by itself.

They are the classes of the map. Of a map of change, change may be divided by its mapped probability, and what lies near
change be a part of its own: there most of what a map missed is found (Olofsson, Arevalo, Espejo, Green, Lindquist,
McRoberts, Sanz, "Mitigating the effects of omission errors on area and area change estimates", Remote Sensing of
Environment 236, 2020).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window
from scipy.ndimage import distance_transform_edt

from minenetcd.accuracy.sampling.mapped import ClassMap
from minenetcd.accuracy.sampling.options import SampleOptions
from minenetcd.errors import OptionError

#: User's accuracies that are expected where nobody says others.
OF_CHANGE, OF_BUFFER, OF_NO_CHANGE, OF_CLASS = 0.7, 0.9, 0.95, 0.85


class Part(NamedTuple):
    """A stratum as it is planned: `place` of its class, its least `confidence` where change is divided by that."""

    name: str
    place: int
    expected: float
    confidence: float | None = None


class Labelled(NamedTuple):
    """A window of the map, (H, W) each: stratum (-1 none), place of the class, mapped probability."""

    strata: NDArray[np.int16]
    classes: NDArray[np.int16]
    probability: NDArray[np.float32]


class Stratification:
    """Divides a map into `parts`; every pixel with a class lies in one. OptionError for expectations of no part."""

    def __init__(self, mapped: ClassMap, options: SampleOptions) -> None:
        self.mapped = mapped
        self.bounds = options.confidence
        self.buffer = options.buffer
        self.parts = tuple(_with_expectations(self._parts(), mapped, options))
        self._first = {part.place: at for at, part in reversed([*enumerate(self.parts)])}

    def read(self, window: Window) -> Labelled:
        """The strata in a `window`, which is as wide as the map."""
        above = min(self._halo, window.row_off)
        below = min(self._halo, self.mapped.grid.height - window.row_off - window.height)
        around = Window(0, window.row_off - above, window.width, above + window.height + below)
        classes = self.mapped.read(around)
        inside = slice(above, above + window.height)
        own, probability = classes[inside], self.mapped.read_probability(window)
        table = np.array([*(self._first[place] for place in range(len(self.mapped.classes))), -1], np.int16)
        strata = table[own]
        if self.bounds:
            changed = own == self.change
            strata[changed] += self._below_the_surest(probability[changed])
        if self.buffer is not None:
            near = self._near(classes == self.change)[inside]
            strata[near & (own >= 0) & (own != self.change)] = self._first[1 - self.change]
            strata[~near & (own >= 0) & (own != self.change)] = self._first[1 - self.change] + 1
        return Labelled(strata, own, probability)

    def _below_the_surest(self, probability: NDArray[np.float32]) -> NDArray[np.int16]:
        """How many strata of change are surer than that of each pixel."""
        reached = np.searchsorted(np.array(self.bounds, np.float32), probability, side="right")
        return (len(self.bounds) - reached).astype(np.int16)

    def _near(self, changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whose centres lie within the buffer of the centre of a changed pixel (H, W)."""
        if not changed.any():
            return np.zeros_like(changed)
        width, height = self.mapped.pixel_metres
        near: NDArray[np.bool_] = distance_transform_edt(~changed, sampling=(height, width)) <= self.buffer
        return near

    def _parts(self) -> list[Part]:
        mapped = self.mapped
        if mapped.change is None:
            return [Part(each.name, place, OF_CLASS) for place, each in enumerate(mapped.classes)]
        parts: list[Part] = []
        for place, each in enumerate(mapped.classes):
            if place == self.change:
                ends = (*self.bounds, 1)
                for low, high in reversed([*zip(self.bounds, ends[1:], strict=True)]):
                    parts.append(Part(f"{each.name}, confidence {low:g} to {high:g}", place, OF_CHANGE, low))
                rest = f"{each.name}, confidence below {self.bounds[0]:g}" if self.bounds else each.name
                parts.append(Part(rest, place, OF_CHANGE, 0.0 if self.bounds else None))
                continue
            if self.buffer is not None:
                parts.append(Part(f"{each.name}, within {self.buffer:g} m of change", place, OF_BUFFER))
            parts.append(Part(each.name, place, OF_NO_CHANGE))
        return parts

    @property
    def change(self) -> int:
        """The place of change among the classes."""
        return next(at for at, each in enumerate(self.mapped.classes) if each.code == self.mapped.change)

    @property
    def _halo(self) -> int:
        """Rows above and below a window in which change may be near to it."""
        return 0 if self.buffer is None else int(self.buffer / self.mapped.pixel_metres[1]) + 1


def _with_expectations(parts: list[Part], mapped: ClassMap, options: SampleOptions) -> list[Part]:
    """By the name of a stratum, else by that of its class."""
    said = {name.casefold(): value for name, value in options.expected.items()}
    keys = [(part.name.casefold(), mapped.classes[part.place].name.casefold()) for part in parts]
    if unknown := sorted(said.keys() - {key for pair in keys for key in pair}):
        raise OptionError(
            f"User's accuracies are expected of strata, got {unknown[0]!r}: name one of "
            f"{', '.join(repr(part.name) for part in parts)} (--expect)."
        )
    return [
        part._replace(expected=said.get(own, said.get(of_class, part.expected)))
        for part, (own, of_class) in zip(parts, keys, strict=True)
    ]
