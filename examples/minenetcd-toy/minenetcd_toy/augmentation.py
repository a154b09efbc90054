"""An augmentation: haze over the later date."""

import numpy as np
import torch

from minenetcd.types import ChangeSample

THICKEST = 0.5


def haze(sample: ChangeSample, rng: np.random.Generator) -> ChangeSample:
    """`sample` with white in front of the later date; every choice is drawn from `rng`, so that a seed repeats it."""
    thickness = rng.uniform(0, THICKEST)
    after = sample.after * (1 - thickness) + 255 * thickness
    return sample._replace(after=after.round().to(torch.uint8))
