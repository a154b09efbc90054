"""Single pictures of a sheet: a date, a mask, a probability, and what their colours mean."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from minenetcd.display.agreement import mask_picture
from minenetcd.display.palettes import EDGE, FRAME, PROBABILITY, QUIET

PROBABILITY_COLOURS = LinearSegmentedColormap.from_list("probability", PROBABILITY)


def draw_picture(axes: Axes, picture: NDArray[np.uint8], *, interpolation: str | None = None) -> None:
    """(H, W, 3) as it is; by default small ones with sharp pixels."""
    bare(axes)
    axes.imshow(picture, interpolation=interpolation or ("nearest" if max(picture.shape[:2]) < 128 else "antialiased"))


def draw_mask(axes: Axes, mask: NDArray[np.uint8]) -> None:
    """White changed, black unchanged, grey not labelled (255)."""
    draw_picture(axes, mask_picture(mask), interpolation="nearest")


def draw_probability(axes: Axes, probability: NDArray[np.float32], valid: NDArray[np.bool_]) -> None:
    """Probability of change (H, W), 0 to 1."""
    bare(axes)
    axes.imshow(
        np.ma.masked_array(probability, ~valid), cmap=PROBABILITY_COLOURS, vmin=0, vmax=1, interpolation="nearest"
    )


def draw_nothing(axes: Axes, words: str) -> None:
    """An empty place that says why."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=QUIET, fontsize=8.5)


def colour_bar(figure: Figure, place: Axes, colours: Colormap, label: str) -> None:
    """A bar from 0 to 1 that fills `place`."""
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), colours), cax=place, orientation="horizontal")
    bar.set_ticks([0, 0.5, 1], labels=["0", "0.5", "1"], fontsize=8)
    bar.set_label(label, color=QUIET, fontsize=8.5)
    bar.outline.set_visible(False)


def bare(axes: Axes) -> None:
    """No axes, but a thin frame: an all white picture shows as one."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=FRAME, linewidth=0.6)


def swatch(label: str, colour: str | None) -> Patch:
    """An entry of a legend; without a colour, words alone."""
    if colour is None:
        return Patch(facecolor="none", edgecolor="none", label=label)
    return Patch(facecolor=colour, edgecolor=EDGE, linewidth=0.6, label=label)
