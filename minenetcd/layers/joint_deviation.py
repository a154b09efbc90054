"""How far a pixel departs from how two dates go together elsewhere in the image, whatever the tone of either.

Where nothing changed, one date is about a linear function of the other. What is measured is how far each date is from
what the other lets expect, in squared deviations, and the mean of both ways; it is the same for any linear change of a
date's bands. Source: Schaum, Stocker, "Long-interval chronochrome target detection", ISSR 1997; Theiler, Perkins,
"Proposed framework for anomalous change detection", ICML workshop 2006. That it is learned again on what did not
change is from Nielsen, "The regularized iteratively reweighted MAD method", TIP 2007.
"""

import torch
from torch import Tensor

#: Statistics are those of every fifth pixel of every fifth row: as good, at a twenty-fifth of the work.
_STEP = 5
_PASSES = 4
#: Added to every variance, so that ground of one colour divides nothing by nothing. [of numbers from -1 to 1]
_LEAST_VARIANCE = 1e-4
#: Makes what comes back lie about between 0 and 1: log(1 + 3000) / 8 is 1.
_SCALE = 1 / 8


def joint_deviation(before: Tensor, after: Tensor) -> Tensor:
    """Two dates (B, C, H, W) in -1..1 -> (B, 1, H, W): log(1 + deviation) / 8, the same in either order of dates.

    Computed in float32 at least. Each image is a scene of its own.
    """
    with torch.autocast(before.device.type, enabled=False):
        both = torch.cat([before, after], dim=1)
        both = both if both.dtype == torch.float64 else both.float()
        mean, *inverses = _learned(both[..., _STEP // 2 :: _STEP, _STEP // 2 :: _STEP].flatten(2))
        squared = _deviation(both.flatten(2) - mean, inverses).clamp(min=0)
        found: Tensor = (torch.log1p(squared) * _SCALE).unflatten(2, both.shape[2:])
        return found.to(before.dtype)


def _learned(pixels: Tensor) -> tuple[Tensor, ...]:
    """Pixels (B, 2 C, N) -> their mean (B, 2 C, 1), and inverse covariances: of both dates, of each.

    Of all of them first, then weighted by how little they change.
    """
    bands = pixels.shape[1] // 2
    ridge = torch.eye(2 * bands, device=pixels.device, dtype=pixels.dtype) * _LEAST_VARIANCE
    weights = torch.ones_like(pixels[:, :1])
    for _ in range(_PASSES):
        total = weights.sum(dim=2, keepdim=True)
        mean = (weights * pixels).sum(dim=2, keepdim=True) / total
        centred = pixels - mean
        covariance = (weights * centred) @ centred.mT / total + ridge
        parts = (covariance, covariance[:, :bands, :bands], covariance[:, bands:, bands:])
        inverses = tuple(map(_inverse, parts))
        weights = torch.exp(-_deviation(centred, inverses) / (2 * bands))
    return mean, *inverses


def _deviation(centred: Tensor, inverses: tuple[Tensor, ...] | list[Tensor]) -> Tensor:
    """(B, 2 C, N) -> (B, 1, N): squared, that of both dates less the mean of each alone.

    By the formula for a conditional distribution, this is the mean of after given before, and before given after.
    """
    both, first, second = inverses
    before, after = centred.chunk(2, dim=1)
    return _squared(centred, both) - (_squared(before, first) + _squared(after, second)) / 2


def _squared(centred: Tensor, inverse: Tensor) -> Tensor:
    return (centred * (inverse @ centred)).sum(dim=1, keepdim=True)


def _inverse(matrix: Tensor) -> Tensor:
    """Of symmetric, positive definite matrices (B, n, n), by Gauss and Jordan.

    In plain sums and products, which every exporter knows, as it does not know a solver.
    """
    size = matrix.shape[-1]
    unit = torch.eye(size, device=matrix.device, dtype=matrix.dtype).expand_as(matrix)
    rows = list(torch.cat([matrix, unit], dim=2).unbind(dim=1))
    for pivot in range(size):
        rows[pivot] = rows[pivot] / rows[pivot][:, pivot : pivot + 1]
        for other in range(size):
            if other != pivot:
                rows[other] = rows[other] - rows[other][:, pivot : pivot + 1] * rows[pivot]
    return torch.stack(rows, dim=1)[..., size:]
