"""How the changed area grew, as a figure."""

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from minenetcd.display.figure_style import date_place, only_grid, tick_dates, titled
from minenetcd.display.palettes import ACCENT, BLUE, BLUE_LIGHT
from minenetcd.monitoring.dates.timeline import Step

#: What of the time between two dates a bar leaves free.
GAP = 0.12

NAMES = {
    "previous": "changed since the previous date",
    "first": "differs from the first date",
    "cumulative": "changed for good, so far (dots: not confirmed yet)",
}


def timeline_figure(steps: Sequence[Step]) -> Figure:
    """Bars between two dates, lines since the first one; draw it in `figure_style`. Hectares, else pixels."""
    unit = (
        "ha" if any(_value(step, "previous") is not None or _value(step, "first") is not None for step in steps) else ""
    )
    figure = titled(10.5, 4.3, "Changed area over time", f"{steps[0].day} to {steps[-1].day}, {len(steps)} dates")
    axes = figure.add_subplot()
    handles: list[Patch | Line2D] = []
    if any(step.previous for step in steps):
        _draw_bars(axes, steps, in_hectares=bool(unit))
        handles.append(Patch(color=BLUE_LIGHT, label=NAMES["previous"]))
    for kind, colour, width in (("first", BLUE, 1.2), ("cumulative", ACCENT, 2.2)):
        days, values = _line(steps, kind, in_hectares=bool(unit))
        if len(days) > 1:
            sure = -1 if kind == "cumulative" else None  # what the last date shows is not confirmed by another
            axes.plot(days[:sure], values[:sure], color=colour, linewidth=width, zorder=3)
            axes.plot(days[-2:], values[-2:], color=colour, linewidth=width, ls=":" if sure else "-", zorder=3)
            axes.plot(days, values, color=colour, ls="", marker="o", markersize=3.5, zorder=3)
            handles.append(Line2D([], [], color=colour, linewidth=width, marker="o", markersize=3.5, label=NAMES[kind]))
    _set_up(axes, steps, unit or "pixels")
    axes.legend(handles=handles, loc="upper left", ncols=len(handles), bbox_to_anchor=(0, 1.13), borderaxespad=0)
    return figure


def _draw_bars(axes: Axes, steps: Sequence[Step], *, in_hectares: bool) -> None:
    """As wide as the time in which it changed."""
    for before, step in pairwise(steps):
        value = _value(step, "previous", in_hectares=in_hectares)
        if value is not None:
            begin, end = date_place(before.day), date_place(step.day)
            gap = GAP / 2 * (end - begin)
            axes.add_patch(Rectangle((begin + gap, 0), end - begin - 2 * gap, value, color=BLUE_LIGHT, linewidth=0))


def _line(steps: Sequence[Step], kind: str, *, in_hectares: bool) -> tuple[list[float], list[float]]:
    points = [(step.day, _value(step, kind, in_hectares=in_hectares)) for step in steps[1:]]
    if all(value is None for _, value in points):
        return [], []
    known = [(steps[0].day, 0.0), *((day, value) for day, value in points if value is not None)]
    return [date_place(day) for day, _ in known], [value for _, value in known]


def _set_up(axes: Axes, steps: Sequence[Step], unit: str) -> None:
    begin, end = date_place(steps[0].day), date_place(steps[-1].day)
    margin = 0.02 * (end - begin)
    values = [
        value for step in steps for kind in NAMES if (value := _value(step, kind, in_hectares=unit == "ha")) is not None
    ]
    axes.set(xlim=(begin - margin, end + margin), ylim=(0, 1.05 * max(values, default=0) or 1), ylabel=unit)
    tick_dates(axes)
    only_grid(axes, "y")
    axes.spines["bottom"].set_visible(True)


def _value(step: Step, kind: str, *, in_hectares: bool = True) -> float | None:
    if kind == "cumulative":
        area = step.cumulative
        return None if area is None else area.hectares if in_hectares else float(area.pixels)
    outcome = step.previous if kind == "previous" else step.first
    found = None if outcome is None else outcome.finished
    return None if found is None else found.hectares if in_hectares else float(found.changed_pixels)
