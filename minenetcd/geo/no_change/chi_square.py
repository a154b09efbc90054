"""The upper tail of the chi-square distribution, which IR-MAD asks for each pixel in each pass."""

import math

import numpy as np
from scipy.special import chdtrc, erfc

from minenetcd.geo.no_change.pixels import Floats

#: The sum has half as many terms as there are degrees; beyond, the series in general is no slower.
MOST_DEGREES = 32
_NOTHING_LEFT = 800.0  # exp(-800) is 0


def upper_tail(degrees: int, squared: Floats) -> Floats:
    """Probability of a sum of `degrees` squared standard normal variables larger than `squared`.

    For whole degrees it is a short sum (Abramowitz, Stegun, "Handbook of mathematical functions", 26.4.4 and 26.4.5).
    """
    if degrees > MOST_DEGREES:
        general: Floats = chdtrc(degrees, squared)
        return general
    half = np.minimum(squared / 2, _NOTHING_LEFT)
    is_odd = degrees % 2 == 1
    term = np.exp(-half)
    root = np.sqrt(half) if is_odd else half
    tail = erfc(root) if is_odd else term.copy()
    if is_odd and degrees > 1:
        term *= root / math.gamma(1.5)
        tail += term
    first = 1.5 if is_odd else 1.0
    for number in range((degrees - 1) // 2 - int(is_odd)):
        term *= half
        term /= first + number
        tail += term
    return tail
