"""What an audit has to say of one thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from minenetcd.examining.examine import PairFacts, RefusedPair


@dataclass(frozen=True)
class Finding:
    """An error makes a data set unfit for training and testing; a warning is to be looked at.

    `check` names the kind of finding. `names` are the pairs concerned, as split/name; `details` says of each, or of
    each group of them, what is wrong, where the message alone does not.
    """

    level: Literal["error", "warning"]
    check: str
    message: str
    names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


def named(split: str, pairs: Sequence[PairFacts | RefusedPair]) -> tuple[str, ...]:
    """Pairs as findings name them."""
    return tuple(f"{split}/{pair.name}" for pair in pairs)
