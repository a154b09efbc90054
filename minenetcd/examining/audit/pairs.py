"""Checks of each pair by itself: can it be read, does it fit the others, is there anything to learn from it."""

from collections import Counter
from collections.abc import Callable, Container, Sequence

from minenetcd.constants import LEAST_SIDE
from minenetcd.data.dataset import Fault
from minenetcd.data.split_names import WHOLE
from minenetcd.display.words import counted
from minenetcd.examining.audit.finding import Finding, named
from minenetcd.examining.examine import ExaminedSplit, PairFacts, RefusedPair

#: What is wrong with pairs, in words.
_FAULTS: dict[Fault, str] = {
    "unequal sizes": "whose before, after and mask differ in size or bands",
    "mask values": "with other values in the mask than change has",
    "unreadable": "that cannot be read",
}
MOST_CHANGED = 0.5  # of the labelled pixels of a split, before its masks are thought to be inverted


def check_refused(splits: Sequence[ExaminedSplit], *, masks_reported: Container[str] = ()) -> list[Finding]:
    """Pairs that cannot be read, whose images differ in size, or whose masks hold other values than masks do.

    `masks_reported`: splits whose masks another check has reported.
    """
    refused: dict[Fault, list[tuple[str, RefusedPair]]] = {}
    for split in splits:
        for pair in split.refused:
            if not (pair.fault == "mask values" and split.split in masks_reported):
                refused.setdefault(pair.fault, []).append((split.split, pair))
    return [_refused(fault, refused[fault]) for fault in _FAULTS if fault in refused]


def check_sizes(splits: Sequence[ExaminedSplit]) -> list[Finding]:
    """Pairs too small for a network, and pairs of another size than most."""
    small = _named_where(splits, lambda pair: min(pair.height, pair.width) < LEAST_SIDE)
    sizes = Counter((pair.height, pair.width) for split in splits for pair in split.pairs)
    findings = []
    if small:
        message = f"{counted(len(small), 'pair')} under {LEAST_SIDE} x {LEAST_SIDE} pixels: no network takes them"
        findings.append(Finding("error", "too small", message, small))
    if len(sizes) > 1:
        usual = sizes.most_common(1)[0][0]
        listed = ", ".join(f"{height} x {width} ({count:,})" for (height, width), count in sizes.most_common(5))
        message = f"{len(sizes)} sizes, {listed}{', ...' * (len(sizes) > 5)}: training on them needs a crop"
        others = _named_where(splits, lambda pair: (pair.height, pair.width) != usual)
        findings.append(Finding("warning", "sizes", message, others))
    return findings


def check_bands(splits: Sequence[ExaminedSplit]) -> list[Finding]:
    """Pairs that have more or fewer bands than most: no batch and no network takes both."""
    bands = Counter(pair.bands for split in splits for pair in split.pairs)
    if len(bands) < 2:
        return []
    usual = bands.most_common(1)[0][0]
    others = _named_where(splits, lambda pair: pair.bands != usual)
    message = f"{counted(len(others), 'pair')} with other than {usual} bands, which most have"
    return [Finding("error", "bands", message, others)]


def check_masks(splits: Sequence[ExaminedSplit]) -> list[Finding]:
    """Masks that teach nothing, or that look inverted. Empty masks are usual, and counted elsewhere."""
    findings = []
    full = _named_where(splits, lambda pair: 0 < pair.labelled == pair.changed)
    unlabelled = _named_where(splits, lambda pair: pair.labelled == 0)
    if full:
        findings.append(Finding("warning", "full masks", f"{counted(len(full), 'pair')} changed everywhere", full))
    if unlabelled:
        findings.append(
            Finding("warning", "no label", f"{counted(len(unlabelled), 'pair')} without a labelled pixel", unlabelled)
        )
    return findings + [finding for split in splits if split.pairs for finding in _check_share(split)]


def _check_share(split: ExaminedSplit) -> list[Finding]:
    changed, labelled = (sum(getattr(pair, kind) for pair in split.pairs) for kind in ("changed", "labelled"))
    if not changed:
        message = f"No pixel of {split.split} is changed: there is nothing to"
        if split.split in ("train", WHOLE):
            return [Finding("error", "no change", f"{message} learn")]
        return [Finding("warning", "no change", f"{message} find")]
    if changed > MOST_CHANGED * labelled:
        message = f"{changed / labelled:.0%} of {split.split} is changed: are changed and unchanged exchanged?"
        return [Finding("warning", "inverted masks", message)]
    return []


def check_same_image_twice(splits: Sequence[ExaminedSplit]) -> list[Finding]:
    """Pairs whose before image is their after image, pixel for pixel."""
    same = _named_where(splits, lambda pair: pair.digests[0] == pair.digests[1])
    if not same:
        return []
    against = _named_where(splits, lambda pair: pair.digests[0] == pair.digests[1] and pair.changed > 0)
    message = f"{counted(len(same), 'pair')} with one image for both dates"
    if against:
        message += f", {len(against):,} of them with a mask that says something changed"
    return [Finding("error" if against else "warning", "one image twice", message, same)]


def _named_where(splits: Sequence[ExaminedSplit], holds: Callable[[PairFacts], bool]) -> tuple[str, ...]:
    return tuple(name for split in splits for name in named(split.split, [pair for pair in split.pairs if holds(pair)]))


def _refused(fault: Fault, pairs: Sequence[tuple[str, RefusedPair]]) -> Finding:
    names = tuple(f"{split}/{pair.name}" for split, pair in pairs)
    details = tuple(f"{name}: {pair.reason}" for name, (_, pair) in zip(names, pairs, strict=True))
    return Finding("error", fault, f"{counted(len(pairs), 'pair')} {_FAULTS[fault]}", names, details)
