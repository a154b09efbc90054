"""Images of any number type, changed as fractions and brought back."""

import torch
from torch import Tensor


def as_stored(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Fractions in the number type `dtype`: whole numbers are rounded, and cut off where the type ends."""
    if dtype.is_floating_point:
        return values.to(dtype)
    ends = torch.iinfo(dtype)
    # in double precision, which holds every end of a 32-bit type
    return values.double().round_().clamp_(ends.min, ends.max).to(dtype)
