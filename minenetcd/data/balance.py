"""Sampling that shows change as often as none, however rare it is in a data set."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.sampling import EpochSampler
from minenetcd.errors import OptionError


class BalancedSampler(EpochSampler):
    """As many pairs with change as without in each epoch, which is as long as the data set (the odd one in turn).

    `changed[i]` says whether pair i holds a changed pixel. Within an epoch a pair comes as often as any other of its
    kind, give or take one; of a kind with more pairs than there is room for, each epoch shows others. OptionError
    where all pairs are of one kind.
    """

    def __init__(
        self, changed: Sequence[bool] | NDArray[np.bool_], *, seed: int, start_epoch: int = 0, start_position: int = 0
    ) -> None:
        super().__init__(len(changed), seed=seed, shuffle=True, start_epoch=start_epoch, start_position=start_position)
        self.kinds = [np.flatnonzero(np.asarray(changed, bool) == kind) for kind in (False, True)]
        if not all(map(len, self.kinds)):
            missing = "change" if len(self.kinds[0]) else "no change"
            raise OptionError(
                f"Balanced sampling needs pairs with change and pairs without, of {len(changed)} none has {missing}: "
                "leave recipe.sampling at uniform."
            )

    def order(self, epoch: int) -> list[int]:
        """The pairs of `epoch` in the order they come."""
        stream = np.random.SeedSequence((self.seed, epoch), spawn_key=(2,))  # apart from those of other samplers
        rng = np.random.default_rng(stream)
        room = [(self.length + (epoch + kind) % 2) // 2 for kind in range(2)]
        chosen = [_drawn(pairs, count, rng) for pairs, count in zip(self.kinds, room, strict=True)]
        return [int(pair) for pair in rng.permutation(np.concatenate(chosen))]


def pairs_with_change(dataset: ChangeDataset) -> NDArray[np.bool_]:
    """Whether each pair (N,) has a changed pixel; reads every mask once."""
    return np.array([bool((dataset.mask(index) == 1).any()) for index in range(len(dataset))], bool)


def _drawn(pairs: NDArray[np.intp], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """`count` of `pairs`: all of them as often as that goes, then a random choice for the rest."""
    passes, rest = divmod(count, len(pairs))
    return np.concatenate([*[pairs] * passes, rng.permutation(pairs)[:rest]])
