"""Which split each site belongs to: whole sites, so that no place is both learned from and tested on.

Source: paper section 5.1 (60 % of the sites for training, 10 % for validation, 30 % for testing).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from minenetcd.constants import SPLITS
from minenetcd.errors import DataError, OptionError

AREA_CLASSES = 4

#: What divides the sites into strata.
Strata = Literal["country", "area"] | None


@dataclass(frozen=True)
class SplitPlan:
    """How sites are assigned: `shares` of train, val and test, in any unit; `stratify` keeps them in each stratum."""

    shares: tuple[float, ...] = (60, 10, 30)
    seed: int = 8888
    stratify: Strata = None

    def __post_init__(self) -> None:
        whole = len(self.shares) == len(SPLITS) and all(0 <= share < float("inf") for share in self.shares)
        if not whole or sum(self.shares) == 0:
            raise OptionError(
                f"Shares need three numbers from 0 up, e.g. 60/10/30, got {_slashed(self.shares)}: correct them."
            )
        if self.stratify not in (None, "country", "area"):
            raise OptionError(f"Sites are stratified by 'country' or 'area', got {self.stratify!r}: choose one.")


def split_by_site(
    sites: Iterable[str], plan: SplitPlan | None = None, *, strata: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The split of every site, the same in whatever order, and however often, they are named.

    Sites are ordered by a hash of seed and name and assigned in that order, stratum by stratum where `strata`
    gives the stratum of each; so the whole has the shares asked for (largest remainders), and every stratum nearly.
    Each split with a share gets a site at least; DataError where there are too few for that.
    """
    plan, unique = plan or SplitPlan(), set(sites)
    quotas = split_sizes(len(unique), plan.shares)
    stratum_of = strata or dict.fromkeys(unique, "")
    order = sorted(unique, key=lambda site: (stratum_of[site], _hash(plan.seed, site), site))
    return dict(zip(order, _assigned(quotas), strict=True))


def split_sizes(count: int, shares: Sequence[float]) -> dict[str, int]:
    """How many of `count` sites each split gets: rounded by largest remainders, none with a share left empty."""
    wanted = [split for split, share in zip(SPLITS, shares, strict=True) if share]
    if count < len(wanted):
        raise DataError(
            f"{len(wanted)} sites are needed, one each for {', '.join(wanted)}, got {count}: add sites, or change the "
            "shares (--split), e.g. to 100/0/0."
        )
    exact = {
        split: Fraction(share) * count / sum(map(Fraction, shares)) for split, share in zip(SPLITS, shares, strict=True)
    }
    sizes = {split: int(value) for split, value in exact.items()}
    by_remainder = sorted(SPLITS, key=lambda split: sizes[split] - exact[split])
    for split in by_remainder[: count - sum(sizes.values())]:
        sizes[split] += 1
    for split in wanted:
        if sizes[split] == 0:
            sizes[max(sizes, key=sizes.__getitem__)] -= 1
            sizes[split] = 1
    return sizes


def area_strata(areas: Mapping[str, float], *, classes: int = AREA_CLASSES) -> dict[str, str]:
    """A class of area for each site, from the smallest ("0") up, all about equally large."""
    order = sorted(areas, key=lambda site: (areas[site], site))
    return {site: str(place * classes // len(order)) for place, site in enumerate(order)}


def _assigned(quotas: Mapping[str, int]) -> list[str]:
    """Splits in the order they are assigned: each time to the one furthest behind its share, within its quota."""
    total, assigned = sum(quotas.values()), dict.fromkeys(quotas, 0)
    order = []
    for step in range(1, total + 1):
        open_splits = [split for split in quotas if assigned[split] < quotas[split]]
        split = max(open_splits, key=lambda name: step * quotas[name] - total * assigned[name])
        assigned[split] += 1
        order.append(split)
    return order


def _hash(seed: int, site: str) -> bytes:
    return hashlib.sha256(f"{seed}:{site}".encode()).digest()


def _slashed(shares: Iterable[float]) -> str:
    return "/".join(f"{share:g}" for share in shares)
