"""The curves of a run as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style, titled
from minenetcd.display.palettes import ACCENT, BLUE, BLUE_LIGHT, INK, OTHER_COLOUR


def draw_curves(rows: Sequence[Mapping[str, str]], path: Path) -> Path:
    """Loss, validation scores and learning rate over the steps of log.csv, as PNG."""
    with figure_style():
        figure = titled(9.0, 7.0, "Training curves")
        loss, score, rate = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1))
        steps = np.array([int(row["step"]) for row in rows])
        _draw_loss(loss, steps, np.array([float(row["loss"]) for row in rows]))
        _draw_scores(score, rows)
        rate.plot(steps, [float(row["learning_rate"]) for row in rows], color=OTHER_COLOUR)
        rate.set(ylabel="learning rate", xlabel="optimiser step")
        for axes in (loss, score, rate):
            axes.grid()
        figure.align_ylabels()
        save_figure(figure, path)
    return path


def _draw_loss(axes: Axes, steps: NDArray[np.int64], losses: NDArray[np.float64]) -> None:
    window = max(1, len(losses) // 20)
    axes.plot(steps, losses, color=BLUE_LIGHT, linewidth=0.8, label="each step")
    if window > 1:
        mean = np.convolve(losses, np.ones(window) / window, mode="valid")
        axes.plot(steps[window - 1 :], mean, color=BLUE, label=f"mean of {window} steps")
    axes.set(ylabel="training loss")
    axes.legend(loc="upper right")


def _draw_scores(axes: Axes, rows: Sequence[Mapping[str, str]]) -> None:
    seen = [row for row in rows if row["val_f1"]]
    steps = [int(row["step"]) for row in seen]
    axes.plot(steps, [float(row["val_f1"]) for row in seen], ".-", color=ACCENT, label="F1 of the changed class")
    best = max(seen, key=lambda row: float(row["val_f1"]), default=None)
    if best is not None:
        axes.annotate(
            f"{float(best['val_f1']):.3f}", (int(best["step"]), float(best["val_f1"])), textcoords="offset points",
            xytext=(0, 7), ha="center", color=INK,
        )  # fmt: skip
    axes.set(ylabel="validation", ylim=(0, 1.05))
    axes.legend(loc="best")
