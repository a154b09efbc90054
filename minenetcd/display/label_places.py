"""Names beside points so that no two of them cover each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from minenetcd.display.palettes import LEADER

#: Where a name may stand, in order of preference: direction from the point, and how the text is anchored there.
_PLACES = (
    ((1, 0), "left", "center"), ((-1, 0), "right", "center"), ((0, 1), "center", "bottom"), ((0, -1), "center", "top"),
    ((0.75, 0.75), "left", "bottom"), ((-0.75, 0.75), "right", "bottom"),
    ((0.75, -0.75), "left", "top"), ((-0.75, -0.75), "right", "top"),
)  # fmt: skip
_FARTHER = (1.0, 2.4, 4.2)


def name_points(
    axes: Axes, x: Sequence[float], y: Sequence[float], radii: Sequence[float], names: Sequence[str], **style: Any
) -> None:
    """Write each of `names` near its point (`radii` in points), where it covers least; call it when all is drawn.

    A name that had to move away gets a thin line to its point; an empty one is not written.
    """
    renderer = FigureCanvasAgg(axes.figure.figure).get_renderer()
    scale = axes.figure.dpi / 72  # pixels a point
    centres = axes.transData.transform(np.column_stack([x, y]))
    taken = [Bbox.from_extents(*(c - r * scale), *(c + r * scale)) for c, r in zip(centres, radii, strict=True)]
    frame = axes.get_window_extent(renderer)
    for centre, radius, name in zip(centres, radii, names, strict=True):
        if not name:
            continue
        x_data, y_data = axes.transData.inverted().transform(centre)
        choices: list[tuple[float, int, Annotation, Bbox, float]] = []
        for factor in _FARTHER:
            for direction, horizontal, vertical in _PLACES:
                across, up = (part * (radius + 3) * factor for part in direction)
                text = axes.annotate(
                    name, (x_data, y_data), (across, up), textcoords="offset points",
                    ha=horizontal, va=vertical, path_effects=[withStroke(linewidth=2.5, foreground="white")], **style,
                )  # fmt: skip
                box = text.get_window_extent(renderer)
                choices.append((_cost(box, taken, frame) + 20 * (factor - 1), len(choices), text, box, factor))
        choices.sort(key=lambda choice: choice[:2])
        *_, best, box, factor = choices[0]
        for _, _, other, _, _ in choices[1:]:
            other.remove()
        if factor > 1:
            axes.annotate(
                "", (x_data, y_data), best.xyann, textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": LEADER, "linewidth": 0.6, "shrinkA": 0, "shrinkB": radius},
            )  # fmt: skip
        taken.append(box)


def _cost(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> float:
    """Pixels of `box` that cover others, or stand out of the frame."""
    covered = sum(overlap.width * overlap.height for other in taken if (overlap := Bbox.intersection(box, other)))
    inside = Bbox.intersection(box, frame)
    outside = box.width * box.height - (inside.width * inside.height if inside else 0)
    return covered + 4 * outside
