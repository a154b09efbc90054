"""What stands beside the map of a report: its coordinate system, pixels, corners and north, in words."""

from pathlib import Path

from minenetcd.display.tables import html_table
from minenetcd.display.words import three_figures
from minenetcd.geo.grid import Grid, apply
from minenetcd.prediction.facts import ImageFacts, SceneFacts
from minenetcd.prediction.report.north import North

_CORNERS = (("Top left", 0, 0), ("Top right", 1, 0), ("Bottom left", 0, 1), ("Bottom right", 1, 1))


def map_words(facts: SceneFacts) -> str:
    """A table of where the map lies, and how large its pixels are."""
    area = facts.grid.part(facts.overlap)
    rows = [("Coordinates", coordinates_in_words(facts)), ("Pixels", pixels_in_words(facts))]
    if area.has_coordinates:
        rows += [(name, in_coordinates(area, *_corner(area, across, down))) for name, across, down in _CORNERS]
    north = North.of(area)
    if north is not None:
        rows.append(("North", north.in_words))
    return html_table(("", ""), rows, kind="facts")


def coordinates_in_words(facts: SceneFacts) -> str:
    """The coordinate system of the map."""
    if not facts.grid.has_coordinates:
        return "none: the images are pictures, places are columns and rows"
    return facts.before.crs


def pixels_in_words(facts: SceneFacts) -> str:
    """Their size on the ground, and at which they were analysed, where that is another."""
    size, stated = facts.before.pixel_size, facts.options.metres_per_pixel
    if size is None:
        return "of unknown size" if stated is None else f"{three_figures(stated)} m on the ground, as stated"
    words = f"{size} on the ground"
    if facts.options.gsd is not None:
        words += f", analysed at {three_figures(facts.options.gsd)} m"
    return words


def in_coordinates(grid: Grid, x: float, y: float) -> str:
    """A place in the coordinates of `grid`: degrees, or metres (feet, units) east and north; of a picture, pixels."""
    if not grid.has_coordinates:
        return f"column {x:,.0f}, row {y:,.0f}"
    if grid.is_geographic:
        return in_degrees(x, y)
    if not grid.is_georeferenced:
        return f"x {x:,.2f}, y {y:,.2f}"
    east, north = (f"{value:,.1f}".replace(",", "\N{NARROW NO-BREAK SPACE}") for value in (x, y))
    return f"E {east}, N {north}"


def in_degrees(longitude: float, latitude: float, digits: int = 5) -> str:
    """Latitude and longitude, as people write them."""
    return f"{_degrees(latitude, 'N', 'S', digits)}, {_degrees(longitude, 'E', 'W', digits)}"


def told_by(image: ImageFacts, other: ImageFacts) -> str:
    """The day, else the file's name, with its folder where the other's name is the same."""
    if image.date and other.date:
        return image.date[:10]
    path = Path(image.source)
    return path.name if path.name != Path(other.source).name else "/".join(path.parts[-2:])


def _degrees(value: float, positive: str, negative: str, digits: int) -> str:
    return f"{abs(value):.{digits}f}\N{DEGREE SIGN} {positive if value >= 0 else negative}"


def _corner(area: Grid, across: int, down: int) -> tuple[float, float]:
    return apply(area.transform, float(across * area.width), float(down * area.height))
