"""Augmentations by name: the recipes of `transforms`, and functions that plug-ins bring."""

from collections.abc import Callable

import numpy as np

from minenetcd.configs.value_range import ValueRange
from minenetcd.data.transforms import AUGMENTATIONS, Augmentation, augment, random_crop
from minenetcd.errors import OptionError
from minenetcd.registry import Table
from minenetcd.types import ChangeSample

#: A recipe, or a function that changes one sample, every choice of it drawn from the generator.
AnyAugmentation = Augmentation | Callable[[ChangeSample, np.random.Generator], ChangeSample]

AUGMENTERS: Table[AnyAugmentation] = Table("augmentation", "minenetcd.augmentations", AUGMENTATIONS)


def augmented(
    sample: ChangeSample,
    rng: np.random.Generator,
    augmentation: AnyAugmentation,
    *,
    crop: int | None,
    value_range: ValueRange | None = None,
) -> ChangeSample:
    """`sample` as `augmentation` changes it; a function gets it cut to a random window of side `crop` [pixels].

    `value_range` as in `augment`. DataError where the sample is smaller than the window, OptionError for a function
    that returns no sample.
    """
    if isinstance(augmentation, Augmentation):
        return augment(sample, rng, recipe=augmentation, crop=crop, value_range=value_range)
    changed = augmentation(sample if crop is None else random_crop(sample, rng, side=crop), rng)
    if not isinstance(changed, ChangeSample):
        raise OptionError(
            f"An augmentation needs to return the sample it changed, {augmentation!r} returned "
            f"{type(changed).__name__}: return sample._replace(...)."
        )
    return changed
