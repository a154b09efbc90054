"""Losses on logits, for one channel (sigmoid) and for two or more (softmax) alike.

All take logits (B, K, H, W) and a mask (B, H, W) of class numbers and `ignore_label`, and give a scalar in float32 or
better. Pixels that are ignored count for nothing, and where all are the loss is zero. `class_weights` has one
number per class, unchanged first. All but `batch_dice` are means over pixels or images: the loss of a batch is the
mean of the losses of its halves, as training with several processes needs, unless pixels are ignored or weighted in
one of them.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from minenetcd.constants import UNKNOWN
from minenetcd.errors import OptionError
from minenetcd.layers.resize import resize_to
from minenetcd.registry import Table
from minenetcd.types import ChangeOutput, change_log_odds

#: Lin et al. (ICCV 2017) use 2; the earlier framework 0.5, with no gradient through the factor.
FOCAL_EXPONENT = 0.5

Weights = Sequence[float] | None


class Loss(Protocol):
    def __call__(
        self, logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN
    ) -> Tensor: ...


def ce(logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN) -> Tensor:
    """Cross-entropy: mean of -log p[label] over labelled pixels, each weighted by its class."""
    labels, weights = _labels(logits, mask, class_weights, ignore_label)
    return _mean(_surprise(logits, labels), weights)


def bce(logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN) -> Tensor:
    """Binary cross-entropy (equation 6) between unchanged (class 0) and changed (any other), as `ce`."""
    return ce(*_binary(logits, mask, ignore_label), class_weights=class_weights)


def focal(logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN) -> Tensor:
    """`ce` in which a pixel counts (1 - p[label]) ** FOCAL_EXPONENT, no gradient passing through this factor."""
    labels, weights = _labels(logits, mask, class_weights, ignore_label)
    surprise = _surprise(logits, labels)
    doubt = -torch.expm1(-surprise.detach()).clamp(max=0)
    return _mean(doubt**FOCAL_EXPONENT * surprise, weights)


def dice(logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN) -> Tensor:
    """Mean over images of 1 - (2 sum(p y) + 1) / (sum p + sum y + 1) for the changed class (any but 0).

    With `class_weights` it is the weighted mean of this and the same for the unchanged class.
    """
    logits, mask = _binary(logits, mask, ignore_label)
    labels, known = _labels(logits, mask, None, UNKNOWN)
    changed = _dice_of(torch.sigmoid(logits[:, 0]), labels.to(logits.dtype), known)
    if class_weights is None:
        return changed
    unchanged = _dice_of(torch.sigmoid(-logits[:, 0]), 1 - labels.to(logits.dtype), known)
    low, high = _class_weights(class_weights, 2, logits)
    return (low * unchanged + high * changed) / (low + high)


def batch_dice(logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN) -> Tensor:
    """`dice` of all images of a batch as one: an image without change does not press every probability to zero."""
    one_image = logits.transpose(0, 1).flatten(1, 2)[None], mask.flatten(0, 1)[None]
    return dice(*one_image, class_weights=class_weights, ignore_label=ignore_label)


def bce_batch_dice(
    logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN
) -> Tensor:
    """`bce` plus `batch_dice`, both with weight 1."""
    first, second = (
        loss(logits, mask, class_weights=class_weights, ignore_label=ignore_label) for loss in (bce, batch_dice)
    )
    return first + second


def bce_dice(logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN) -> Tensor:
    """`bce` plus `dice`, both with weight 1."""
    first, second = (loss(logits, mask, class_weights=class_weights, ignore_label=ignore_label) for loss in (bce, dice))
    return first + second


def dice_focal(logits: Tensor, mask: Tensor, *, class_weights: Weights = None, ignore_label: int = UNKNOWN) -> Tensor:
    """`dice` plus `focal`, both with weight 1."""
    first, second = (
        loss(logits, mask, class_weights=class_weights, ignore_label=ignore_label) for loss in (dice, focal)
    )
    return first + second


LOSSES: Table[Loss] = Table(
    "loss",
    "minenetcd.losses",
    {
        "bce": bce,
        "ce": ce,
        "dice": dice,
        "bce_dice": bce_dice,
        "focal": focal,
        "dice_focal": dice_focal,
        "batch_dice": batch_dice,
        "bce_batch_dice": bce_batch_dice,
    },
)


def change_loss(
    output: ChangeOutput,
    mask: Tensor,
    *,
    name: str,
    auxiliary_weights: Sequence[float],
    main_weight: float = 1.0,
    class_weights: Weights = None,
    ignore_label: int = UNKNOWN,
) -> Tensor:
    """The loss `name` of the logits and of each auxiliary output, at the mask's size, each times its weight.

    Outputs of weight zero are left out. UnknownNameError for a loss that is none, OptionError for class weights that do
    not fit, or where what the name stands for gives no loss.
    """
    total = output.logits.new_zeros((), dtype=_precise(output.logits))
    for logits, weight in ((output.logits, main_weight), *zip(output.auxiliary, auxiliary_weights, strict=True)):
        if weight:
            resized = resize_to(logits, like=mask)
            with LOSSES.called(name) as loss:
                value = loss(resized, mask, class_weights=class_weights, ignore_label=ignore_label)
            if not isinstance(value, Tensor) or value.ndim:
                what = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
                raise OptionError(
                    f"The loss {name!r} needs to give a tensor that holds one number, got {what}: mend it, or choose "
                    "another loss."
                )
            total = total + weight * value
    if output.logits.requires_grad and not total.requires_grad:
        raise OptionError(f"The loss {name!r} does not depend on the logits: mend it, or choose another loss.")
    return total


def _labels(logits: Tensor, mask: Tensor, class_weights: Weights, ignore_label: int) -> tuple[Tensor, Tensor]:
    """Class numbers (B, H, W), 0 where ignored, and the weight of each pixel (B, H, W), 0 where ignored."""
    labels = mask.long()
    known = labels != ignore_label
    labels = torch.where(known, labels, 0)
    weights = known.to(_precise(logits))
    if class_weights is not None:
        weights = weights * _class_weights(class_weights, max(2, logits.shape[1]), weights)[labels]
    return labels, weights


def _class_weights(class_weights: Sequence[float], classes: int, like: Tensor) -> Tensor:
    if len(class_weights) != classes or min(class_weights) < 0 or not sum(class_weights) > 0:
        raise OptionError(
            f"class_weights need one number of 0 or more for each of {classes} classes, not all 0, got "
            f"{tuple(class_weights)}: correct them."
        )
    return like.new_tensor(class_weights)


def _binary(logits: Tensor, mask: Tensor, ignore_label: int) -> tuple[Tensor, Tensor]:
    """One channel (B, 1, H, W), and a mask of 0, 1 and UNKNOWN."""
    labels = mask.long()
    labels = torch.where(labels == ignore_label, UNKNOWN, (labels > 0).long())
    return change_log_odds(logits.to(_precise(logits)))[:, None], labels


def _surprise(logits: Tensor, labels: Tensor) -> Tensor:
    """-log of the probability of each pixel's class (B, H, W), 0 or more."""
    logits = logits.to(_precise(logits))
    if logits.shape[1] > 1:
        return functional.cross_entropy(logits, labels, reduction="none")
    return functional.binary_cross_entropy_with_logits(logits[:, 0], labels.to(logits.dtype), reduction="none")


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean; zero, with zero gradient, where no weight is above zero."""
    return (values * weights).sum() / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)


def _dice_of(probability: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    probability, truth = probability * known, truth * known
    shared, total = (probability * truth).sum(dim=(1, 2)), (probability + truth).sum(dim=(1, 2))
    return (1 - (2 * shared + 1) / (total + 1)).mean()


def _precise(logits: Tensor) -> torch.dtype:
    """Float32 at least: sums over an image overflow 16 bits."""
    return torch.promote_types(logits.dtype, torch.float32)
