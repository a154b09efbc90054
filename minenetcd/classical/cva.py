"""Change vector analysis: how far a pixel moved between the dates, in the space of its bands.

Source: Malila, "Change vector analysis: an approach for detecting forest changes with Landsat", 1980; Bruzzone,
Fernandez Prieto, "Automatic analysis of the difference image for unsupervised change detection", TGRS 2000.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minenetcd.classical.detector import ClassicalDetector, Paper
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.linear import LinearStatistic, change_vectors
from minenetcd.geo.no_change.pixels import ScenePixels

PAPER = Paper(
    "Automatic analysis of the difference image for unsupervised change detection",
    "Bruzzone, Fernandez Prieto",
    "IEEE TGRS",
    2000,
    "10.1109/36.843009",
)


@dataclass(frozen=True, kw_only=True)
class CVA(ClassicalDetector):
    """Standardised change vectors: what a gain and an offset a band do to a date is no change."""

    name: ClassVar[str] = "cva"
    measures: ClassVar[str] = "length of change vectors, each band of each date standardised"
    paper: ClassVar[Paper] = PAPER

    def learn(self, pixels: ScenePixels, sample: Sequence[Pair]) -> LinearStatistic:
        return change_vectors(pixels)


@dataclass(frozen=True, kw_only=True)
class RawCVA(ClassicalDetector):
    """Change vectors in the images' own numbers, where both dates are measured on one scale."""

    name: ClassVar[str] = "cva-raw"
    feels_tone: ClassVar[bool] = True
    measures: ClassVar[str] = "length of change vectors in the images' own numbers"
    paper: ClassVar[Paper] = PAPER

    def learn(self, pixels: ScenePixels, sample: Sequence[Pair]) -> LinearStatistic:
        zero, one = np.zeros(pixels.bands), np.eye(pixels.bands)
        return LinearStatistic(zero, one, zero, one)
