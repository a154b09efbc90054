"""Heat on an image, and remarks on it."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from numpy.typing import NDArray

from minenetcd.display.palettes import INK
from minenetcd.display.panels import bare

HEAT_COLOURS = colormaps["inferno"]

#: Share of the heat's colours over the paled image, least and most: what is cold stays visible.
_LEAST_COVER, _MOST_COVER = 0.5, 0.9

#: A brighter image is darkened to this mean under heat, since the colours would pale on it.
_MOST_BRIGHT = 0.25

#: A region with more edges than this for each of its image's pixels is not outlined: its outline would hide the heat.
_MOST_EDGES = 0.15


def draw_heat(axes: Axes, heat: NDArray[np.float32], background: NDArray[np.uint8], outline: NDArray[np.bool_]) -> None:
    """Heat (H, W), 0 to 1, over the greyed image (H, W, 3), with the edge of `outline` (H, W) in white."""
    grey = background @ np.array([0.299, 0.587, 0.114]) / 255
    grey = (grey * min(1.0, _MOST_BRIGHT / max(grey.mean(), 1e-6)))[..., None]
    cover = (_LEAST_COVER + (_MOST_COVER - _LEAST_COVER) * heat)[..., None]
    colours = HEAT_COLOURS(heat)[..., :3]
    bare(axes)
    axes.imshow((1 - cover) * grey + cover * colours, interpolation="nearest")
    if outline.any() and not outline.all() and not is_speckled(outline):
        axes.contour(outline, levels=[0.5], colors="white", linewidths=0.7, alpha=0.9)


def is_speckled(region: NDArray[np.bool_]) -> bool:
    """Whether `region` (H, W) has too many edges to be outlined."""
    edges = (region[1:] != region[:-1]).sum() + (region[:, 1:] != region[:, :-1]).sum()
    return bool(edges > _MOST_EDGES * region.size)


def write_note(axes: Axes, words: str) -> None:
    """A remark in the middle of a picture."""
    axes.text(
        0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color="white", fontsize=8,
        bbox={"facecolor": INK, "edgecolor": "none", "alpha": 0.75, "boxstyle": "round,pad=0.4"},
    )  # fmt: skip
