"""Losses on logits, for one channel (sigmoid) and for two or more (softmax) alike."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from minenetcd.layers.resize import resize_to
from minenetcd.types import ChangeOutput

IGNORED = 255


def binary_logit(logits: Tensor) -> Tensor:
    """(B, K, H, W) -> (B, H, W): the logit of "changed", whose sigmoid is the probability of change."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    return torch.logsumexp(logits[:, 1:], dim=1) - logits[:, 0]


def bce(logits: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy (equation 6), mean over labelled pixels; mask (B, H, W) holds 0, 1 or 255 ignored."""
    known = mask != IGNORED
    return functional.binary_cross_entropy_with_logits(binary_logit(logits)[known], mask[known].to(logits.dtype))


def dice(logits: Tensor, mask: Tensor) -> Tensor:
    """1 - (2 sum(p y) + 1) / (sum p + sum y + 1) over the labelled pixels of the whole batch."""
    known = mask != IGNORED
    probability, changed = torch.sigmoid(binary_logit(logits)[known]), mask[known].to(logits.dtype)
    return 1 - (2 * (probability * changed).sum() + 1) / (probability.sum() + changed.sum() + 1)


def bce_dice(logits: Tensor, mask: Tensor) -> Tensor:
    """BCE plus Dice, both with weight 1."""
    return bce(logits, mask) + dice(logits, mask)


LOSSES = {"bce": bce, "dice": dice, "bce_dice": bce_dice}


def change_loss(output: ChangeOutput, mask: Tensor, *, name: str, auxiliary_weights: Sequence[float]) -> Tensor:
    """The loss `name` of the logits, plus that of each auxiliary output, at the mask's size, times its weight."""
    loss = LOSSES[name](output.logits, mask)
    for logits, weight in zip(output.auxiliary, auxiliary_weights, strict=True):
        loss = loss + weight * LOSSES[name](resize_to(logits, like=mask), mask)
    return loss
