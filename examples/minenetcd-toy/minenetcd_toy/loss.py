"""A loss: Salehi et al., "Tversky loss function for image segmentation", MLMI 2017."""

from torch import Tensor

from minenetcd.errors import OptionError
from minenetcd.types import change_probability

FALSE_POSITIVES, FALSE_NEGATIVES = 0.3, 0.7  # what each costs; with 0.5 and 0.5 it is the Dice loss


def tversky(logits: Tensor, mask: Tensor, *, class_weights: object = None, ignore_label: int = 255) -> Tensor:
    """1 - TP / (TP + 0.3 FP + 0.7 FN) of the batch, 0 to 1. OptionError for class weights."""
    if class_weights is not None:
        raise OptionError("The loss tversky weighs errors, not classes: leave class_weights out.")
    known = mask != ignore_label
    found, truth = change_probability(logits.float())[known], (mask[known] > 0).float()
    hit = (found * truth).sum()
    missed, invented = truth.sum() - hit, found.sum() - hit
    return 1 - (hit + 1) / (hit + FALSE_POSITIVES * invented + FALSE_NEGATIVES * missed + 1)
