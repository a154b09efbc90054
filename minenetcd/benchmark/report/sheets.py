"""Sheets like figures 10 to 12 of the paper: both dates, the truth, and every method's map in TP/TN/FP/FN colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from minenetcd.benchmark.folder import BenchmarkFolder, State, reading
from minenetcd.benchmark.measuring.samples import choose_samples, read_images, read_masks
from minenetcd.benchmark.results.summary import Part
from minenetcd.benchmark.results.table import pair_scores
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.display.agreement import agreement_legend, agreement_picture, mask_picture
from minenetcd.display.figure_style import TEXT_SIZE, TITLE_SIZE, fitted, line_inches
from minenetcd.display.palettes import FRAME, INK, QUIET
from minenetcd.display.panels import draw_picture, swatch

MOST_COLUMNS = 9
PANEL, GAP, LETTERS, HEADING, HEAD = 1.42, 0.08, 0.145, 0.3, 0.72  # inches; LETTERS: a line of a panel's title
EDGE, NOTE = 0.16, 1.36  # from the left, of all and of what is said beside a quantile [inches]
TITLE_WIDTH = 23  # letters


@dataclass(frozen=True)
class Sample:
    """One pair of a sheet: images (H, W, 3), truth (H, W), the masks (H, W) and F1 of the methods by label."""

    name: str
    quantile: float
    mean_f1: float
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    masks: Mapping[str, NDArray[np.bool_]]
    f1: Mapping[str, float]


def find_samples(part: Part, state: State, folder: BenchmarkFolder) -> list[Sample]:
    """The pairs to show, easiest last; of several seeds, the first is shown. Empty where no pair was kept."""
    place = {cell.id: cell for cell in state.cells}
    shown = {line.label: place[line.cells[0]] for line in part.methods if line.cells}
    masks = {label: sample_masks(folder, cell) for label, cell in shown.items()}
    contents = {state.records[cell.id].metrics.data.fingerprint for cell in shown.values() if cell.id in state.records}
    if len(contents) != 1:  # nothing measured, or not on the same images
        return []
    kept = set.intersection(*(set(found) for found in masks.values()))
    scores = pd.DataFrame({label: pair_scores(folder, cell) for label, cell in shown.items()})
    scores = scores[scores.index.isin(kept)].fillna(0.0)
    means = {str(name): float(mean) for name, mean in scores.mean(axis=1).items()}
    chosen = choose_samples(means, state.suite.samples.quantiles)
    found = []
    for name, quantile in sorted(chosen.items(), key=lambda item: item[1]):
        images = read_images(folder.samples(part.dataset, *contents), name)
        if images is not None:
            maps = {label: masks[label][name] for label in shown}
            f1 = {label: float(scores[label][name]) for label in shown}
            found.append(Sample(name, quantile, means[name], **images, masks=maps, f1=f1))
    return found


def sample_masks(folder: BenchmarkFolder, cell: Cell) -> dict[str, NDArray[np.bool_]]:
    """The masks kept of `cell`, by the names of their pairs; DataError where masks.npz is damaged."""
    path = folder.cell(cell) / "masks.npz"
    with reading(path):
        return read_masks(path)


def sheet(samples: Sequence[Sample], title: str) -> Figure:
    """One block a sample: before, after, truth, then the methods in the order of the table."""
    panels = 3 + len(samples[0].masks)
    lines = -(-panels // MOST_COLUMNS)
    columns = -(-panels // lines)
    head = 0.03 + LETTERS * max(_wrapped(label).count("\n") + 1 for label in samples[0].masks)
    tall = PANEL * min(1.0, max(sample.truth.shape[0] / sample.truth.shape[1] for sample in samples))
    width = EDGE * 2 + columns * (PANEL + GAP)
    title = fitted(title, width - 2 * EDGE, size=TITLE_SIZE, weight="bold")
    notes = [f"mean F1 {sample.mean_f1:.3f}, pair {sample.name}" for sample in samples]
    notes = [fitted(note, width - NOTE - EDGE, size=8.5) for note in notes]
    above = HEAD + title.count("\n") * line_inches(TITLE_SIZE)
    heading = HEADING + max(note.count("\n") for note in notes) * line_inches(8.5)
    block = heading + lines * (head + tall + GAP)
    height = above + len(samples) * block + 0.1
    figure = Figure(figsize=(width, height), facecolor="white")
    _draw_head(figure, title, agreement_legend(*(sample.truth for sample in samples)), above)
    for number, (sample, note) in enumerate(zip(samples, notes, strict=True)):
        top = height - above - number * block
        share = f"{round(100 * sample.quantile)} % quantile"
        figure.text(EDGE / width, (top - 0.1) / height, share, fontsize=TEXT_SIZE, weight="bold", va="top", color=INK)
        figure.text(NOTE / width, (top - 0.105) / height, note, fontsize=8.5, va="top", color=QUIET)
        for index, (name, pixels) in enumerate(_panels(sample)):
            line, column = divmod(index, columns)
            left = EDGE + column * (PANEL + GAP)
            bottom = top - heading - (line + 1) * (head + tall) - line * GAP
            axes = figure.add_axes((left / width, bottom / height, PANEL / width, tall / height), anchor="NW")
            _draw_panel(axes, name, pixels, sample.f1.get(name))
    return figure


def _draw_panel(axes: Axes, name: str, pixels: NDArray[np.uint8], f1: float | None) -> None:
    draw_picture(axes, pixels, interpolation=None if f1 is None else "nearest")
    axes.set_title(_wrapped(name), fontsize=7.6, color=INK, loc="left", pad=2.5, linespacing=1.05)
    if f1 is not None:
        box = {"boxstyle": "square,pad=0.25", "facecolor": "white", "edgecolor": FRAME, "linewidth": 0.5}
        axes.text(0.965, 0.04, f"{f1:.3f}", transform=axes.transAxes, fontsize=7.2, ha="right", color=INK, bbox=box)


def _wrapped(label: str) -> str:
    return "\n".join(wrap(label, TITLE_WIDTH))


def _draw_head(figure: Figure, title: str, legend: Mapping[str, str], inches: float) -> None:
    """The title, and what the colours mean at the foot of so many inches."""
    width, height = figure.get_size_inches()
    figure.text(EDGE / width, 1 - 0.14 / height, title, fontsize=TITLE_SIZE, weight="bold", va="top", color=INK)
    handles = [swatch(*entry) for entry in legend.items()]
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(EDGE / width, 1 - (inches - 0.3) / height),
        ncols=len(handles), fontsize=9, handlelength=1.0, handleheight=1.0, columnspacing=1.4, borderaxespad=0,
        borderpad=0,
    )  # fmt: skip


def _panels(sample: Sample) -> list[tuple[str, NDArray[np.uint8]]]:
    maps = [(label, agreement_picture(mask, sample.truth)) for label, mask in sample.masks.items()]
    return [("Before", sample.before), ("After", sample.after), ("Truth", mask_picture(sample.truth)), *maps]
