"""The curves of a run as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minenetcd.files import atomic_path

LOSS, SMOOTH, SCORE, RATE = "#c9d3dc", "#1f4e79", "#2a7f3f", "#7a7a7a"


def draw_curves(rows: Sequence[Mapping[str, str]], path: Path) -> Path:
    """Loss, validation scores and learning rate over the steps of log.csv, as PNG."""
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    loss, score, rate = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1))
    steps = np.array([int(row["step"]) for row in rows])
    _draw_loss(loss, steps, np.array([float(row["loss"]) for row in rows]))
    _draw_scores(score, rows)
    rate.plot(steps, [float(row["learning_rate"]) for row in rows], color=RATE)
    rate.set(ylabel="learning rate", xlabel="optimiser step")
    for axes in (loss, score, rate):
        axes.grid(color="#eeeeee")
        axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=130)
    return path


def _draw_loss(axes: Axes, steps: np.ndarray, losses: np.ndarray) -> None:
    window = max(1, len(losses) // 20)
    axes.plot(steps, losses, color=LOSS, linewidth=0.8, label="each step")
    mean = np.convolve(losses, np.ones(window) / window, mode="valid")
    axes.plot(steps[window - 1 :], mean, color=SMOOTH, label=f"mean of {window} steps")
    axes.set(ylabel="training loss")
    axes.legend(frameon=False, loc="upper right")


def _draw_scores(axes: Axes, rows: Sequence[Mapping[str, str]]) -> None:
    seen = [row for row in rows if row["val_f1"]]
    steps = [int(row["step"]) for row in seen]
    axes.plot(steps, [float(row["val_f1"]) for row in seen], ".-", color=SCORE, label="F1 of the changed class")
    best = max(seen, key=lambda row: float(row["val_f1"]), default=None)
    if best is not None:
        axes.annotate(
            f"{float(best['val_f1']):.3f}", (int(best["step"]), float(best["val_f1"])), textcoords="offset points",
            xytext=(0, 7), ha="center", color=SCORE,
        )  # fmt: skip
    axes.set(ylabel="validation", ylim=(0, 1))
    axes.legend(frameon=False, loc="lower right")
