"""The tail of chi-square as a short sum is that of the general series, to its last digits."""

import numpy as np
import pytest
from scipy.stats import chi2

from minenetcd.geo.no_change.chi_square import MOST_DEGREES, upper_tail


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 12, 13, MOST_DEGREES - 1, MOST_DEGREES, MOST_DEGREES + 1])
def test_tail(degrees: int) -> None:
    squared = np.concatenate([[0, 1e-300, 1e-9], np.linspace(0, 200, 2001), [1e3, 1e6, 1e300, np.inf]])
    with np.errstate(all="raise", under="ignore"):
        tail = upper_tail(degrees, squared)
    np.testing.assert_allclose(tail, chi2.sf(squared, degrees), rtol=1e-10, atol=1e-300)


def test_what_is_no_number_stays_none() -> None:
    assert np.isnan(upper_tail(3, np.array([np.nan]))).all()
