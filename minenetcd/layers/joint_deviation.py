"""How far a pixel departs from how two dates go together elsewhere in the image, whatever the tone of either.

Multivariate alteration detection (MAD), learned again and again on what did not change, as `classical.mad` has it for a
scene, but of each image of a batch by itself, and in plain sums and products, which every device and exporter knows.
Source: Nielsen, Conradsen, Simpson, "Multivariate alteration detection (MAD) and MAF postprocessing", RSE 1998;
Nielsen, "The regularized iteratively reweighted MAD method", TIP 2007.
"""

from typing import NamedTuple

import torch
from torch import Tensor

#: Statistics are those of every fifth pixel of every fifth row: as good, at a twenty-fifth of the work.
_STEP = 5
_PASSES = 4
#: Added to every variance, so that ground of one colour divides nothing by nothing. [of numbers from -1 to 1]
_LEAST_VARIANCE = 1e-4
#: The same of a difference of variates, whose own variance is 1.
_LEAST_DIFFERENCE = 1e-4
#: Steps to the nearest rotation: correlations above 0.01 are there, for others a rotation means nothing.
_STEPS = 14
#: Makes what comes back lie about between 0 and 1: log(1 + 3000) / 8 is 1.
_SCALE = 1 / 8


def joint_deviation(before: Tensor, after: Tensor) -> Tensor:
    """Two dates (B, C, H, W) in -1..1 -> (B, 1, H, W): log(1 + squared deviation) / 8, the same in either order.

    Computed in float32 at least.
    """
    with torch.autocast(before.device.type, enabled=False):
        both = torch.cat([before, after], dim=1)
        both = both if both.dtype == torch.float64 else both.float()
        variates = _learned(both[..., _STEP // 2 :: _STEP, _STEP // 2 :: _STEP].flatten(2))
        found: Tensor = (torch.log1p(variates.deviation(both.flatten(2))) * _SCALE).unflatten(2, both.shape[2:])
        return found.to(before.dtype)


class _Variates(NamedTuple):
    """Differences of canonical variates `project` (B, C, 2 C) of pixels less `mean` (B, 2 C, 1), and the inverse
    (B, C, C) of their covariance where nothing changed."""

    mean: Tensor
    project: Tensor
    inverse: Tensor

    def deviation(self, pixels: Tensor) -> Tensor:
        """(B, 2 C, N) -> (B, 1, N), squared."""
        differences = self.project @ (pixels - self.mean)
        return (differences * (self.inverse @ differences)).sum(dim=1, keepdim=True).clamp(min=0)


def _learned(pixels: Tensor) -> _Variates:
    """Of pixels (B, 2 C, N) of both dates: of all of them first, then weighted by how little they change."""
    bands = pixels.shape[1] // 2
    ridge = torch.eye(2 * bands, device=pixels.device, dtype=pixels.dtype) * _LEAST_VARIANCE
    weights = torch.ones_like(pixels[:, :1])
    for _ in range(_PASSES):
        total = weights.sum(dim=2, keepdim=True)
        mean = (weights * pixels).sum(dim=2, keepdim=True) / total
        centred = pixels - mean
        variates = _variates(mean, (weights * centred) @ centred.transpose(1, 2) / total + ridge)
        weights = torch.exp(-variates.deviation(pixels) / bands)
    return variates


def _variates(mean: Tensor, covariance: Tensor) -> _Variates:
    """Each date whitened and the second turned so that it correlates most with the first, which is what canonical
    variates are but for a rotation of both, to which the deviation is indifferent."""
    bands = covariance.shape[1] // 2
    before, after = (_whitening(part) for part in (covariance[:, :bands, :bands], covariance[:, bands:, bands:]))
    between = before @ covariance[:, :bands, bands:] @ after.transpose(1, 2)
    turned = _nearest_rotation(between)
    correlations = between @ turned.transpose(1, 2)
    unit = torch.eye(bands, device=mean.device, dtype=mean.dtype)
    varies = 2 * (unit * (1 + _LEAST_DIFFERENCE) - (correlations + correlations.transpose(1, 2)) / 2)
    whitening = _whitening(varies)
    return _Variates(mean, torch.cat([before, -turned @ after], dim=2), whitening.transpose(1, 2) @ whitening)


def _nearest_rotation(matrix: Tensor) -> Tensor:
    """The orthogonal matrix nearest to `matrix` (B, n, n) of singular values up to 1 (Newton and Schulz)."""
    for _ in range(_STEPS):
        matrix = 1.5 * matrix - 0.5 * matrix @ matrix.transpose(1, 2) @ matrix
    return matrix


def _whitening(covariance: Tensor) -> Tensor:
    """The lower triangle L^-1 with L L^T = `covariance` (B, n, n): by Gauss, since no exporter knows a solver."""
    size = covariance.shape[-1]
    unit = torch.eye(size, device=covariance.device, dtype=covariance.dtype).expand_as(covariance)
    rows = list(torch.cat([covariance, unit], dim=2).unbind(dim=1))
    for pivot in range(size):
        for below in range(pivot + 1, size):
            share = rows[below][:, pivot : pivot + 1] / rows[pivot][:, pivot : pivot + 1]
            rows[below] = rows[below] - share * rows[pivot]
    return torch.stack([row[:, size:] * row[:, at : at + 1].rsqrt() for at, row in enumerate(rows)], dim=1)
