"""The frame around an image of a report: true proportions, a scale bar, a north arrow, what colours mean."""

from collections.abc import Mapping
from html import escape

from minenetcd.display.round_numbers import round_down
from minenetcd.geo.grid import Grid
from minenetcd.prediction.report.north import north_arrow

LONGEST_SCALE = 0.3  # of the map's width

#: In a legend: the hatching that shows through where there is no data.
NO_DATA = "no data"


def framed(
    area: Grid, source: str, *, stated: float | None = None, over: str = "", sharp: bool = False, caption: str = ""
) -> str:
    """The image `source` of `area` as a figure; `over` lies on it.

    `stated`: metres per pixel of a picture, None where nobody says. `sharp` shows pixels as squares.
    """
    width, height = proportions(area)
    share, label = scale_of(area, stated)
    scale = f'<div class="scale" style="width: {100 * share:.3f}%"><span>{label}</span><i></i></div>'
    kind = ' class="sharp"' if sharp else ""
    image = f'<img{kind} alt="" src="{source}" style="aspect-ratio: {width:.6g} / {height:.6g}">'
    words = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure><div class="frame">{image}{over}{scale}{north_arrow(area)}</div>{words}</figure>'


def proportions(area: Grid) -> tuple[float, float]:
    """Width and height of `area`: metres, or pixels where these are not known."""
    if not area.is_georeferenced:
        return float(area.width), float(area.height)
    metres_x, metres_y = area.metres_per_pixel
    return area.width * metres_x, area.height * metres_y


def scale_of(area: Grid, stated: float | None = None) -> tuple[float, str]:
    """The scale bar of a map of `area`, in pixels where nobody says their size (`stated`, of pictures)."""
    width, _ = proportions(area)
    if area.is_georeferenced:
        return scale_bar(width)
    if stated is not None:
        return scale_bar(width * stated)
    length = max(1.0, round_down(LONGEST_SCALE * width))
    return length / width, f"{length:,g} {'pixel' if length == 1 else 'pixels'}"


def scale_bar(metres: float) -> tuple[float, str]:
    """Length of a round number of metres for a map `metres` wide, as a part of its width, and its label."""
    length = round_down(LONGEST_SCALE * metres)
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    return length / metres, label


def legend(colours: Mapping[str, str], *, no_data: bool = False) -> str:
    """What each colour means, and with `no_data` the hatching."""
    entries = "".join(
        f'<li><i style="background: {colour}"></i>{escape(name)}</li>' for name, colour in colours.items()
    )
    if no_data:
        entries += f'<li><i class="hatch"></i>{NO_DATA}</li>'
    return f'<ul class="legend">{entries}</ul>'
