"""Single pictures of the sheets: a date, a truth, a probability, heat on the image."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from minenetcd.display.figure_style import INK, QUIET
from minenetcd.prediction.report.figures import RAMP

HEAT_COLOURS = colormaps["inferno"]
PROBABILITY_COLOURS = LinearSegmentedColormap.from_list("probability", [np.array(colour) / 255 for colour in RAMP])
NO_DATA = (0.93, 0.94, 0.95)

FRAME = "#c9ced3"

#: Share of the heat's colours over the paled image, least and most: what is cold stays visible.
_LEAST_COVER, _MOST_COVER = 0.5, 0.9

#: A brighter image is darkened to this mean under heat, since the colours would pale on it.
_MOST_BRIGHT = 0.25

#: A region with more edges than this for each of its image's pixels is not outlined: its outline would hide the heat.
_MOST_EDGES = 0.15


def draw_picture(axes: Axes, picture: NDArray[np.uint8]) -> None:
    """(H, W, 3) as it is."""
    _bare(axes)
    axes.imshow(picture, interpolation=_interpolation(picture.shape[:2]))


def draw_mask(axes: Axes, mask: NDArray[np.uint8]) -> None:
    """White changed, black unchanged, grey not labelled (255)."""
    colours = np.full((256, 3), NO_DATA)
    colours[0], colours[1] = 0.08, 1.0
    _bare(axes)
    axes.imshow(colours[mask], interpolation="nearest")


def draw_probability(axes: Axes, probability: NDArray[np.float32], valid: NDArray[np.bool_]) -> None:
    """Probability of change (H, W), 0 to 1."""
    _bare(axes)
    axes.imshow(
        np.ma.masked_array(probability, ~valid), cmap=PROBABILITY_COLOURS, vmin=0, vmax=1, interpolation="nearest"
    )


def draw_heat(axes: Axes, heat: NDArray[np.float32], background: NDArray[np.uint8], outline: NDArray[np.bool_]) -> None:
    """Heat (H, W), 0 to 1, over the greyed image (H, W, 3), with the edge of `outline` (H, W) in white."""
    grey = background @ np.array([0.299, 0.587, 0.114]) / 255
    grey = (grey * min(1.0, _MOST_BRIGHT / max(grey.mean(), 1e-6)))[..., None]
    cover = (_LEAST_COVER + (_MOST_COVER - _LEAST_COVER) * heat)[..., None]
    colours = HEAT_COLOURS(heat)[..., :3]
    _bare(axes)
    axes.imshow((1 - cover) * grey + cover * colours, interpolation="nearest")
    if outline.any() and not outline.all() and not is_speckled(outline):
        axes.contour(outline, levels=[0.5], colors="white", linewidths=0.7, alpha=0.9)


def is_speckled(region: NDArray[np.bool_]) -> bool:
    """Whether `region` (H, W) has too many edges to be outlined."""
    edges = (region[1:] != region[:-1]).sum() + (region[:, 1:] != region[:, :-1]).sum()
    return bool(edges > _MOST_EDGES * region.size)


def draw_nothing(axes: Axes, words: str) -> None:
    """An empty place that says why."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=QUIET, fontsize=8.5)


def write_note(axes: Axes, words: str) -> None:
    """A remark in the middle of a picture."""
    axes.text(
        0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color="white", fontsize=8,
        bbox={"facecolor": INK, "edgecolor": "none", "alpha": 0.75, "boxstyle": "round,pad=0.4"},
    )  # fmt: skip


def colour_bar(figure: Figure, place: Axes, colours: Colormap, label: str) -> None:
    """A bar from 0 to 1 that fills `place`."""
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), colours), cax=place, orientation="horizontal")
    bar.set_ticks([0, 0.5, 1], labels=["0", "0.5", "1"], fontsize=8)
    bar.set_label(label, color=QUIET, fontsize=8.5)
    bar.outline.set_visible(False)


def _bare(axes: Axes) -> None:
    """No axes, but a thin frame: an all white picture shows as one."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=FRAME, linewidth=0.6)


def _interpolation(shape: tuple[int, int]) -> str:
    return "nearest" if max(shape) < 128 else "antialiased"
