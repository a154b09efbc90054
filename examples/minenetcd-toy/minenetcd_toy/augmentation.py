"""An augmentation: haze over the later date."""

import numpy as np
import torch

from minenetcd.types import ChangeSample

THICKEST = 0.5


def haze(sample: ChangeSample, rng: np.random.Generator) -> ChangeSample:
    """`sample` with white in front of the later date; every choice is drawn from `rng`, so that a seed repeats it.

    Dates come in the numbers of their files: white is 255 in 8 bits, else what is brightest.
    """
    thickness, date = rng.uniform(0, THICKEST), sample.after.float()
    white = 255 if sample.after.dtype == torch.uint8 else date.max()
    after = date * (1 - thickness) + white * thickness
    return sample._replace(after=(after if sample.after.is_floating_point() else after.round()).to(sample.after.dtype))
