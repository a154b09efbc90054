"""Whether everything that is written in a figure can be read."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

#: Of 70 letters, as ids on the hub can be, and with what other tools would read as formulas.
LONG_NAMES = tuple(
    f"organisation-{letter}/change-detector_{letter}-pretrained-channel-mixing-dropout $\\frac{{6$"[:76]
    for letter in "abcdefghijklm"
)


def texts_outside(figure: Figure) -> list[str]:
    """The texts of `figure` of which a part lies outside of it, as it is saved."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer, frame = canvas.get_renderer(), figure.bbox
    outside, hidden = [], _hidden(figure)
    for text in figure.findobj(Text):
        if text.get_text().strip() and _is_shown(text, hidden):
            box = text.get_window_extent(renderer)
            if box.x0 < -1 or box.y0 < -1 or box.x1 > frame.x1 + 1 or box.y1 > frame.y1 + 1:
                outside.append(text.get_text())
    return outside


def _is_shown(text: Text, hidden: set[int]) -> bool:
    return text.get_visible() and id(text) not in hidden


def _hidden(figure: Figure) -> set[int]:
    """Of ticks beyond their axis, and all that belongs to axes which are switched off."""
    hidden = set()
    for axes in figure.axes:
        if not axes.axison:
            hidden |= {id(text) for axis in (axes.xaxis, axes.yaxis) for text in axis.findobj(Text)}
        for axis, place in ((axes.xaxis, 0), (axes.yaxis, 1)):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                for label in (tick.label1, tick.label2):
                    if not low - 1e-9 <= label.get_position()[place] <= high + 1e-9:
                        hidden.add(id(label))
    return hidden
