"""Counts of pixels that add up over pairs, scenes and processes."""

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import UNKNOWN
from minenetcd.errors import SizeError

if TYPE_CHECKING:  # maps of detectors without training are counted without torch
    from torch import Tensor


@dataclass(frozen=True)
class Counts:
    """Whole numbers, each a field of a subclass."""

    @classmethod
    def from_tensor(cls, counts: "Tensor") -> Self:
        """What `to_tensor` made, for example after a sum over processes."""
        return cls(*counts.tolist())

    def to_tensor(self) -> "Tensor":
        """The fields in their order, as int64 (fields,)."""
        import torch

        return torch.tensor(astuple(self), dtype=torch.int64)

    def __add__(self, other: Self) -> Self:
        return type(self)(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def labelled_pixels(prediction: NDArray[np.integer], truth: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Where neither of two masks of one shape is ignored (255). SizeError where their shapes differ."""
    if prediction.shape != truth.shape:
        raise SizeError(f"Masks to compare need one shape, got {prediction.shape} and {truth.shape}: crop one.")
    known: NDArray[np.bool_] = (prediction != UNKNOWN) & (truth != UNKNOWN)
    return known
