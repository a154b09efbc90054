"""The largest differences between two detectors, and their sites, on a page."""

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from minenetcd.constants import UNKNOWN
from minenetcd.display.agreement import agreement_legend, agreement_picture
from minenetcd.display.figure_style import fitted, only_grid, row_inches, titled
from minenetcd.display.palettes import (
    ALIKE,
    BOTH,
    CHANGED,
    FRAME,
    INK,
    NOT_KNOWN,
    NOT_LABELLED,
    ONLY_A,
    ONLY_B,
    QUIET,
    UNCHANGED,
    rgb,
)
from minenetcd.display.panels import draw_mask, draw_picture, swatch
from minenetcd.display.words import counted
from minenetcd.evaluation.confusion import Confusion
from minenetcd.explain.comparison.comparison import Comparison, Example
from minenetcd.explain.comparison.joint_counts import confusion
from minenetcd.explain.sheet import Draw, wrapped

PANEL_INCHES = 1.75
MOST_NAMED_GROUPS = 40
NAME_INCHES = 2.4  # beside a group


def differences_sheet(comparison: Comparison) -> Figure:
    """A row for each example: the images, the truth, what detectors A and B say, and where they differ."""
    examples, has_truth = comparison.examples, comparison.joint.has_truth
    columns = 6 if has_truth else 5
    figure = titled(
        PANEL_INCHES * columns + 1.0,
        (PANEL_INCHES + 0.1) * len(examples) + 1.7,
        "The largest differences between A and B",
        f"{_who(comparison)}\n{comparison.short_source}. By rule: the "
        f"{counted(len(examples), comparison.joint.part)} that differ most",
    )
    panels = figure.subplots(len(examples), columns, squeeze=False)
    for row, (places, example) in enumerate(zip(panels, examples, strict=True)):
        cells = _cells(comparison, example)
        for axes, (heading, draw) in zip(places, cells, strict=True):
            draw(axes)
            if row == 0:
                axes.set_title(heading, fontsize=8.5, color=QUIET, loc="left")
        places[0].set_ylabel(_words(example), fontsize=7.5, color=INK)
    legend = _legend(examples)
    figure.legend(handles=legend, loc="outside lower center", ncols=len(legend) // 2, fontsize=8.5, handlelength=1.2)
    return figure


def groups_figure(comparison: Comparison) -> Figure:
    """F1 of both detectors in each group, where both are defined, from where a is ahead to where b is."""
    scores = [
        (group, confusion(counts, "a").f1, confusion(counts, "b").f1)
        for group, counts in comparison.joint.by_group.items()
    ]
    known = [(group, a, b) for group, a, b in scores if a is not None and b is not None]
    known.sort(key=lambda row: row[1] - row[2])
    names, a, b = zip(*known, strict=True) if known else ((), (), ())
    named = len(known) <= MOST_NAMED_GROUPS
    shown = [fitted(name, NAME_INCHES, size=8) for name in names] if named else []
    height = row_inches(shown, 0.22, size=8) if named else 0.06
    left_out = counted(len(scores) - len(known), comparison.joint.group)
    words = f"; left out: {left_out} in which F1 is undefined for A, B or both" if len(known) < len(scores) else ""
    figure = titled(
        7.5, 1.6 + max(1.5, height * len(known)), f"F1 of each {comparison.joint.group}",
        f"{_who(comparison)}\n{comparison.short_source}{words}",
    )  # fmt: skip
    axes, rows = figure.add_subplot(), np.arange(len(known))
    axes.hlines(rows, np.minimum(a, b), np.maximum(a, b), color=FRAME, linewidth=1.2, zorder=1)
    for values, colour, label in ((a, ONLY_A, "A"), (b, ONLY_B, "B")):
        axes.scatter(values, rows, s=22 if named else 8, color=colour, label=label, zorder=2)
    axes.set_yticks(rows if named else [], shown, fontsize=8, color=INK)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.7, len(known) - 0.3), xlabel="F1")
    only_grid(axes, "x")
    axes.legend(loc="lower left", ncols=2, bbox_to_anchor=(0, 1), borderaxespad=0, handletextpad=0.2)
    return figure


def difference_picture(example: Example) -> NDArray[np.uint8]:
    """Where the detectors differ, in the colours of this page (H, W, 3): with a truth, who alone is right."""
    a, b = example.a, example.b
    if example.truth is None:
        classes = np.where(a == b, np.where(a, 1, 0), np.where(a, 2, 3))
    else:
        changed = example.truth == 1
        right_a, right_b = a == changed, b == changed
        classes = np.where(right_a == right_b, np.where(right_a, 0, 1), np.where(right_a, 2, 3))
    colours = np.array([rgb(colour) for colour in (ALIKE, BOTH, ONLY_A, ONLY_B, NOT_KNOWN)], np.uint8)
    return colours[np.where(example.valid, classes, 4)]


def _cells(comparison: Comparison, example: Example) -> list[tuple[str, Draw]]:
    truth = example.truth

    def drawn(mask: NDArray[np.bool_]) -> Draw:
        if truth is not None:
            return lambda axes: draw_picture(axes, agreement_picture(mask, truth))
        return lambda axes: draw_mask(axes, np.where(example.valid, mask, UNKNOWN).astype(np.uint8))

    return [
        ("before", lambda axes: draw_picture(axes, example.before)),
        ("after", lambda axes: draw_picture(axes, example.after)),
        *([] if truth is None else [("truth", lambda axes: draw_mask(axes, truth))]),
        ("A", drawn(example.a)),
        ("B", drawn(example.b)),
        ("difference", lambda axes: draw_picture(axes, difference_picture(example))),
    ]


def _words(example: Example) -> str:
    """Name and how much differs; F1 of each where it is defined."""
    lines = [
        wrapped(example.name, inches=PANEL_INCHES - 0.2, size=7.5),
        f"{int(((example.a != example.b) & example.valid).sum()):,} px differ",
    ]
    if example.truth is not None:
        scores = [Confusion.count(mask.astype(np.uint8), example.truth).f1 for mask in (example.a, example.b)]
        lines.append("F1 " + " / ".join("-" if score is None else f"{score:.2f}" for score in scores))
    return "\n".join(lines)


def _who(comparison: Comparison) -> str:
    return f"A: {comparison.a}\nB: {comparison.b}"


def _legend(examples: Sequence[Example]) -> list[Patch]:
    """Row by row: what the colours of the maps and of the difference mean."""
    if examples[0].truth is None:
        maps = {"change": CHANGED, "no change": UNCHANGED, "no data": NOT_LABELLED}
        names = ("neither sees change", "both see change", "only A", "only B", "not known")
    else:
        maps = agreement_legend(*(example.truth for example in examples if example.truth is not None))
        names = ("both right", "both wrong", "only A right", "only B right", "not known")
    difference = dict(zip(names, (ALIKE, BOTH, ONLY_A, ONLY_B, NOT_KNOWN), strict=True))
    if all(example.valid.all() for example in examples):
        maps.pop("no data", None)
        difference.pop("not known")
    rows = [[("A, B:", None), *maps.items()], [("difference:", None), *difference.items()]]
    pairs = zip_longest(*rows, fillvalue=("", None))
    return [swatch(*entry) for pair in pairs for entry in pair]  # column by column
