"""The values that travel between the rooms of this package.

Shapes are written with these letters throughout:
B samples in a batch, K classes, C channels or bands, H rows, W columns.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class ChangeSample(NamedTuple):
    """Two dates of one place, and what changed between them.

    Dates keep the number type of their file. Where one holds no data it is 0 in all bands, and the mask 255.
    """

    before: Tensor  # (C, H, W)
    after: Tensor  # (C, H, W)
    mask: Tensor  # uint8 (H, W): 0 unchanged, 1 changed, 255 not labelled
    name: str


class ChangeBatch(NamedTuple):
    """Samples of one size, stacked."""

    before: Tensor  # (B, C, H, W), as stored
    after: Tensor  # (B, C, H, W), as stored
    mask: Tensor  # uint8 (B, H, W)
    names: list[str]


class ChangeOutput(NamedTuple):
    """What every change-detection network returns.

    `logits` (B, K, H, W) are never activated: K = 1 stands for a sigmoid, K >= 2 for a softmax whose
    class 0 is "unchanged". `auxiliary` holds further logits (B, K', H', W'), for losses only, in the
    order of the model's `auxiliary_weights`.
    """

    logits: Tensor
    auxiliary: tuple[Tensor, ...] = ()


class BandStatistics(NamedTuple):
    """Mean and deviation of each band, in shapes that go with (B, C, H, W): of each image, or of a whole scene."""

    mean: Tensor
    deviation: Tensor


def change_probability(logits: Tensor) -> Tensor:
    """Probability of change (B, H, W), 0 to 1, from logits (B, K, H, W) with K = 1 or K >= 2."""
    if logits.shape[1] == 1:
        return torch.sigmoid(logits[:, 0])
    return 1 - torch.softmax(logits, dim=1)[:, 0]


def change_log_odds(logits: Tensor) -> Tensor:
    """log(p / (1 - p)) (B, H, W) of the probability p of change, from logits (B, K, H, W) as above."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    return torch.logsumexp(logits[:, 1:], dim=1) - logits[:, 0]
