"""Multivariate alteration detection, again and again on the pixels that did not change: IR-MAD as a detector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from minenetcd.classical.detector import Paper
from minenetcd.classical.reweighted import ReweightedDetector
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.linear import LinearStatistic
from minenetcd.geo.no_change.mad import irmad
from minenetcd.geo.no_change.pixels import ScenePixels


@dataclass(frozen=True, kw_only=True)
class IRMAD(ReweightedDetector):
    """sqrt(Z), Z = sum of m_i^2 / (2 (1 - rho_i)) over the MAD variates m_i = a_i'x - b_i'y.

    Weights are 1 - chi2.cdf(Z, p). It ends when no correlation moves by `tolerance`, at the latest after `passes`; with
    `passes=1` it is MAD.
    """

    name: ClassVar[str] = "irmad"
    measures: ClassVar[str] = "differences of canonical variates, learned again and again on what did not change"
    paper: ClassVar[Paper] = Paper(
        "The regularized iteratively reweighted MAD method for change detection in multi- and hyperspectral data",
        "Nielsen",
        "IEEE TIP",
        2007,
        "10.1109/TIP.2006.888195",
    )

    def learn(self, pixels: ScenePixels, sample: Sequence[Pair]) -> LinearStatistic:
        return irmad(pixels, tolerance=self.tolerance, most=self.passes)[-1].statistic
