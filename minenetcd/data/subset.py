"""Parts of a data set."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from torch import Tensor

from minenetcd.data.dataset import ChangeDataset, ColourPlaces
from minenetcd.errors import DataError
from minenetcd.types import ChangeSample


class Subset(ChangeDataset):
    """The pairs `indices` of `dataset`, called its `part`."""

    def __init__(self, dataset: ChangeDataset, indices: Sequence[int], *, part: str) -> None:
        self.dataset, self.indices = dataset, list(indices)
        self.names = [dataset.names[index] for index in self.indices]
        self.value_range, self.band_numbers = dataset.value_range, dataset.band_numbers
        self.places = None if dataset.places is None else dataset.places.iloc[self.indices].reset_index(drop=True)
        chosen = hashlib.sha256(repr((dataset.facts.fingerprint, self.indices)).encode()).hexdigest()
        self.facts = replace(dataset.facts, split=f"{dataset.facts.split}[{part}]", fingerprint=chosen[:16])

    @cached_property
    def colour_places(self) -> ColourPlaces | None:
        return self.dataset.colour_places

    def __getitem__(self, index: int) -> ChangeSample:
        return self.dataset[self.indices[index]]

    def mask(self, index: int) -> Tensor:
        return self.dataset.mask(self.indices[index])


def hold_out(dataset: ChangeDataset, share: float, *, seed: int) -> tuple[Subset, Subset]:
    """The rest and about `share` of `dataset`, whole sites at a time where it knows sites, else single pairs.

    The same for a seed whatever the order of the pairs. Raises DataError where one of the two would be empty.
    """
    groups = dataset.sites or list(dataset.names)
    order = sorted(set(groups), key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
    held = set(order[: max(1, round(share * len(order)))])
    if len(held) == len(order):
        what = "sites" if dataset.sites else "pairs"
        raise DataError(
            f"Holding out {share:g} of {dataset.facts.source!r} needs two {what} at least, it has {len(order)}: add "
            f"more, or name a validation split."
        )
    kept = [index for index, group in enumerate(groups) if group not in held]
    out = [index for index, group in enumerate(groups) if group in held]
    return Subset(dataset, kept, part=f"without {share:g}"), Subset(dataset, out, part=f"{share:g} held out")
