"""Accuracy against cost."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from minenetcd.benchmark.report.figures.write import LONGEST_NAME, WIDTH
from minenetcd.benchmark.results.summary import Line, Part, gains
from minenetcd.display.figure_style import fitted, line_inches, titled
from minenetcd.display.label_places import name_points
from minenetcd.display.palettes import ACCENT, BLUE, BLUE_LIGHT, GRID, INK, QUIET, TRUNK_FAMILIES


def cost(part: Part) -> Figure | None:
    """F1 against multiply-adds; a point's area is the number of parameters; the line joins what nothing beats."""
    known = [(line, line.macs, line.parameters) for line in part.measured if line.macs and line.parameters]
    if len(known) < 2:
        return None
    lines, parameters = [line for line, _, _ in known], [number for _, _, number in known]
    names, key = _names(lines)
    below = sum(1 + max(name.count("\n") for name in key[row : row + 2]) for row in range(0, len(key), 2))
    figure = titled(
        WIDTH, 5.4 + 1.15 * line_inches() * below, "Accuracy against cost", f"{part.place}; area of a point: parameters"
    )
    axes = figure.add_subplot()
    macs = np.array([number / 2**30 for _, number, _ in known])
    f1 = np.array([line.f1 for line in lines])
    areas = np.array([_area(number) for number in parameters])
    front = _front(macs, f1)
    axes.step([*macs[front], macs.max() * 2], [*f1[front], f1.max()], where="post", color=BLUE_LIGHT, lw=1.6, zorder=1)
    kinds = _kinds(lines)
    twins = {id(without): id(with_) for without, with_ in gains(lines)}
    hollow = np.array([id(line) in twins for line in lines])
    place = {id(line): index for index, line in enumerate(lines)}
    for without, with_ in twins.items():
        ends = [place[without], place[with_]]
        axes.plot(macs[ends], f1[ends], color=kinds[ends[0]][1], linewidth=1.2, alpha=0.6, zorder=1.5)
    _draw_points(axes, np.column_stack([macs, f1]), areas, [colour for _, colour in kinds], hollow)
    axes.set_xscale("log")
    axes.set(xlabel="multiply-adds for one pair of 256 x 256 pixels [2³⁰]", ylabel="F1")
    low, high = f1.min(), f1.max()
    axes.set_ylim(low - 0.12 * max(high - low, 0.05), high + 0.14 * max(high - low, 0.05))
    pad = max(1.3, (macs.max() / macs.min()) ** 0.16)
    axes.set_xlim(macs.min() / pad, macs.max() * pad)
    axes.xaxis.set_major_locator(
        LogLocator(subs=(1, 2, 5) if macs.max() > 3 * macs.min() else (1, 2, 3, 4, 5, 6, 7, 8))
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(color=GRID)
    _legend_of_areas(axes, parameters, dict(kinds), hollow=bool(hollow.any()))
    if key:
        _legend_of_names(figure, key)
    figure.draw_without_rendering()
    name_points(axes, macs.tolist(), f1.tolist(), (np.sqrt(areas) / 2).tolist(), names, fontsize=8.5, color=INK)
    return figure


def _draw_points(
    axes: Axes,
    places: NDArray[np.float64],
    areas: NDArray[np.float64],
    colours: Sequence[str],
    hollow: NDArray[np.bool_],
) -> None:
    """Points at `places` (N, 2), small ones on large ones."""
    for index in np.argsort(-areas, kind="stable"):
        (x, y), colour, empty = places[index], colours[index], hollow[index]
        axes.scatter(
            x, y, s=areas[index], facecolor="white" if empty else colour,
            edgecolor=colour if empty else "white", linewidth=1.6 if empty else 1.0, zorder=2,
        )  # fmt: skip


def _names(lines: Sequence[Line]) -> tuple[list[str], list[str]]:
    """What stands beside each point and, where names are too long for that and these are numbers, what these mean.

    Of families of backbones, points without ChangeFFT are known by the line to their twin.
    """
    trunks = [line.trunk for line in lines if line.trunk and line.group]
    if len(trunks) == len(lines):
        twins = {id(without) for without, _ in gains(lines)}
        return ["" if id(line) in twins else trunk.label for line, trunk in zip(lines, trunks, strict=True)], []
    labels = [line.label for line in lines]
    if max(map(len, labels)) <= LONGEST_NAME:
        return labels, []
    numbers = [str(number) for number in range(1, len(lines) + 1)]
    wrapped = [fitted(label, WIDTH / 2 - 0.8).replace("\n", "\n      ") for label in labels]
    return numbers, [f"{number:<3} {label}" for number, label in zip(numbers, wrapped, strict=True)]


def _legend_of_names(figure: Figure, key: Sequence[str]) -> None:
    rows = -(-len(key) // 2)
    marks = [Line2D([], [], linestyle="") for _ in key]
    figure.legend(
        marks, key, loc="outside lower left", ncols=2 if rows > 1 else 1, handlelength=0, handletextpad=0,
        alignment="left", labelspacing=0.25,
    )  # fmt: skip


def _kinds(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """What a point's colour says of each line, and the colour: its family of backbones, or whether it is MineNetCD."""
    families = [line.trunk.family for line in lines if line.trunk]
    if len(families) == len(lines):
        return [(family, TRUNK_FAMILIES[family]) for family in families]
    ours = [line.has_change_fft is not None for line in lines]
    return [("MineNetCD", ACCENT) if own else ("others", BLUE) for own in ours]


def _legend_of_areas(axes: Axes, parameters: Sequence[int], kinds: Mapping[str, str], *, hollow: bool) -> None:
    """Three round numbers of parameters as points of their size; then the colours, where there are several."""
    steps = [n * 10**k for k in range(-1, 4) for n in (1, 3)]
    low, high = min(parameters) / 2**20, max(parameters) / 2**20
    shown = [step for step in steps if low / 1.5 <= step <= high * 1.5]
    shown = [shown[0], shown[len(shown) // 2], shown[-1]] if len(shown) > 3 else shown
    for step in shown:
        axes.scatter([], [], s=_area(step * 2**20), color=QUIET, alpha=0.6, linewidths=0, label=f"{step:g} M")
    legend = partial(axes.legend, loc="upper left", alignment="left", handletextpad=1.0, borderaxespad=0)
    sizes = legend(title="parameters", labelspacing=2.0, bbox_to_anchor=(1.03, 1))
    points = [axes.scatter([], [], s=40, color=colour) for colour in kinds.values()] if len(kinds) > 1 else []
    names = list(kinds) if points else []
    if hollow:
        points.append(axes.scatter([], [], s=40, facecolor="white", edgecolor=QUIET, linewidth=1.6))
        names.append("without ChangeFFT")
    if points:
        axes.add_artist(sizes)
        legend(points, names, bbox_to_anchor=(1.03, 0.45))


def _area(parameters: int) -> float:
    """Square points: 1 M parameters are 30, and the side grows with the square root."""
    return 22 + 8 * parameters / 2**20


def _front(macs: NDArray[np.float64], f1: NDArray[np.float64]) -> list[int]:
    """Points that nothing cheaper reaches, cheapest first."""
    front, best = [], -np.inf
    for index in np.lexsort((-f1, macs)):
        if f1[index] > best:
            front.append(int(index))
            best = f1[index]
    return front
