"""Multivariate alteration detection, again and again on the pixels that did not change (IR-MAD).

Source: Nielsen, Conradsen, Simpson, "Multivariate alteration detection (MAD) and MAF postprocessing", RSE 1998;
Nielsen, "The regularized iteratively reweighted MAD method", TIP 2007.
"""

import numpy as np
from scipy.linalg import cholesky, solve_triangular, svd

from minenetcd.geo.no_change.linear import LinearStatistic
from minenetcd.geo.no_change.passes import LEAST_VARIANCE, MOST_PASSES, TOLERANCE, Pass, passes, regular
from minenetcd.geo.no_change.pixels import Moments, ScenePixels


def irmad(pixels: ScenePixels, *, tolerance: float = TOLERANCE, most: int = MOST_PASSES) -> list[Pass]:
    """Every pass made, of which the last one counts; `roots` are the canonical correlations."""
    made: list[Pass] = []
    for each in passes(pixels, canonical_variates, most):
        made.append(each)
        if len(made) > 1 and np.abs(each.roots - made[-2].roots).max() < tolerance:
            break
    return made


def canonical_variates(moments: Moments) -> Pass:
    """Linear combinations of the bands of each date, of variance 1, that correlate most, second most ...

    By the singular values of the covariance between the whitened dates, which are the correlations themselves.
    """
    bands = len(moments.mean) // 2
    covariance = moments.covariance
    whiten = [cholesky(regular(part), lower=True) for part in (covariance[:bands, :bands], covariance[bands:, bands:])]
    between = solve_triangular(whiten[0], covariance[:bands, bands:], lower=True)
    between = solve_triangular(whiten[1], between.T, lower=True).T
    left, correlations, right = svd(between)
    variance = 2 * np.maximum(1 - correlations, LEAST_VARIANCE)
    before, after = (
        solve_triangular(root.T, side, lower=False) / np.sqrt(variance)
        for root, side in zip(whiten, (left, right.T), strict=True)
    )
    mean = moments.mean
    return Pass(LinearStatistic(mean[:bands], before, mean[bands:], after), correlations[::-1], variance[0])
