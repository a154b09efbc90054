"""What kinds of change were found in a scene, over all of its polygons."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from geopandas import GeoDataFrame

from minenetcd.display.words import counted, number
from minenetcd.geo.bands.indices import Indices
from minenetcd.prediction.kinds.rules import KINDS
from minenetcd.prediction.kinds.usual import LEAST_COMPARED


class KindArea(NamedTuple):
    """`places` of one kind, or of none that is clear (""), and how large they are: `hectares`, or pixels."""

    kind: str
    places: int
    hectares: float | None
    pixels: int | None


@dataclass(frozen=True)
class KindsFound:
    """A change may be of several kinds, and counts in each. `compared`: unchanged pixels."""

    indices: Indices
    areas: tuple[KindArea, ...]
    compared: int

    @classmethod
    def of(cls, polygons: GeoDataFrame, indices: Indices, compared: int) -> "KindsFound":
        kinds = [set(text.split("; ")) for text in polygons["kind"]]
        areas = []
        for kind in (*KINDS, ""):
            has = np.array([kind in each for each in kinds], dtype=bool)
            if has.any():
                areas.append(_area(kind, polygons[has]))
        return cls(indices, tuple(areas), compared)

    @property
    def can_be_told(self) -> bool:
        return self.compared >= LEAST_COMPARED

    @property
    def in_words(self) -> str:
        if not self.can_be_told:
            return f"not told: {counted(self.compared, 'unchanged pixel')} to compare with, {LEAST_COMPARED} are needed"
        told = [
            f"{area.kind or 'nothing clear'} {size_in_words(area)} in {counted(area.places, 'place')}"
            for area in self.areas
        ]
        return ", ".join(told) or "nothing changed"

    def rows(self) -> list[tuple[str, str]]:
        """What was found, and by what, in words."""
        return [("Kinds", self.in_words), ("Told by", self.indices.in_words)]

    def as_json(self) -> dict[str, Any]:
        """`kind` is null of what is not clear."""
        return {
            "vegetation": self.indices.vegetation,
            "water": self.indices.water,
            "brightness": bool(self.indices.bright),
            "compared_pixels": self.compared,
            "found": [{**area._asdict(), "kind": area.kind or None} for area in self.areas],
        }


def size_in_words(area: KindArea) -> str:
    return f"{area.pixels:,} pixels" if area.hectares is None else f"{number(area.hectares)} ha"


def _area(kind: str, polygons: GeoDataFrame) -> KindArea:
    if "area_ha" in polygons:
        return KindArea(kind, len(polygons), float(polygons["area_ha"].sum()), None)
    return KindArea(kind, len(polygons), None, round(float(polygons["area_px"].sum())))
