"""Checks of pairs against each other: copies within a split, and what training would know of the test."""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from minenetcd.display.words import counted
from minenetcd.examining.audit.duplicates import duplicate_groups, exchanged_copies
from minenetcd.examining.audit.finding import Finding
from minenetcd.examining.examine import ExaminedSplit, PairFacts

_Named = tuple[str, PairFacts]  # split, pair


def check_copies(splits: Sequence[ExaminedSplit]) -> list[Finding]:
    """Pairs alike on both dates, within a split and between splits, and such whose masks differ."""
    pairs = _all(splits)
    if not pairs:
        return []
    pictures = np.stack([pair.hashes for _, pair in pairs]), np.stack([pair.thumbnails for _, pair in pairs])
    groups = [[pairs[index] for index in group] for group in duplicate_groups(*pictures)]
    exchanged = [[pairs[index] for index in couple] for couple in exchanged_copies(*pictures)]
    return [
        *_found("error", "copies between splits", "in more than one split", filter(_cross, groups)),
        *_found("warning", "copies", "more than once in a split", (group for group in groups if not _cross(group))),
        *_found("warning", "copies with other masks", "with the same images but other masks", filter(_differ, groups)),
        *_found("warning", "exchanged copies", "twice, once with the dates exchanged", exchanged),
    ]


def check_sites(splits: Sequence[ExaminedSplit]) -> list[Finding]:
    """Sites with pairs in more than one split."""
    where: dict[str, set[str]] = {}
    for split in splits:
        sites = split.column("site")
        for site in () if sites is None else set(sites.dropna().astype(str)):
            where.setdefault(site, set()).add(split.split)
    shared = {site: names for site, names in sorted(where.items()) if len(names) > 1}
    if not shared:
        return []
    details = tuple(f"{site}: {', '.join(sorted(names))}" for site, names in shared.items())
    message = f"{counted(len(shared), 'site')} with pairs in more than one split: scores on them flatter"
    return [Finding("warning", "sites between splits", message, (), details)]


def _found(
    level: Literal["error", "warning"], check: str, what: str, groups: Iterable[Sequence[_Named]]
) -> list[Finding]:
    groups = list(groups)
    if not groups:
        return []
    names = [[f"{split}/{pair.name}" for split, pair in group] for group in groups]
    details = tuple(f"{_likeness(group)}: {', '.join(one)}" for group, one in zip(groups, names, strict=True))
    message = f"{counted(sum(map(len, groups)), 'pair')} {what}"
    return [Finding(level, check, message, tuple(name for one in names for name in one), details)]


def _likeness(group: Sequence[_Named]) -> str:
    images = {frozenset(pair.digests[:2]) for _, pair in group}
    return "identical" if len(images) == 1 else "alike"


def _cross(group: Sequence[_Named]) -> bool:
    return len({split for split, _ in group}) > 1


def _differ(group: Sequence[_Named]) -> bool:
    """Whether equal images come with different masks; images that are only alike may differ in size too."""
    masks: dict[tuple[bytes, bytes], set[bytes]] = {}
    for _, pair in group:
        masks.setdefault(pair.digests[:2], set()).add(pair.digests[2])
    return any(len(found) > 1 for found in masks.values())


def _all(splits: Sequence[ExaminedSplit]) -> list[_Named]:
    return [(split.split, pair) for split in splits for pair in split.pairs]
