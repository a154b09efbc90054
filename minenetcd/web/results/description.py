"""What a page is told of a result."""

from typing import Any, Literal

from pydantic import BaseModel

Role = Literal["before", "after"]


class DateDescription(BaseModel):
    """One date: what people call it, the image, and its layer, which may be missing.

    `bands`: which are shown as red, green and blue, in words; None where these are the true ones.
    """

    role: Role
    label: str
    source: str
    layer: str
    bands: str | None = None


class LayerDescription(BaseModel):
    """Where the tiles of a layer are; `bounds`: west, south, east, north [deg]."""

    tiles: str
    minzoom: int
    maxzoom: int
    bounds: tuple[float, float, float, float]


class MapDescription(BaseModel):
    """What all pages with a map know: the grid of the images, and where it lies on the map.

    Of pictures (`georeferenced` false) a pixel is a metre of the map, from longitude 0, latitude 0 on, and
    `metres_per_pixel` what was stated.
    """

    id: str
    title: str
    georeferenced: bool
    crs: str
    width: int
    height: int
    metres_per_pixel: tuple[float, float] | None
    bounds: tuple[float, float, float, float]
    layers: dict[str, LayerDescription]


class Description(MapDescription):
    """A result, to a page.

    `layers`: "before" and "after" as colours, where the images are here; "probability", grey, red being 0 to 254 for 0
    to 1, and "second", the mask of the second opinion, grey, 254 or 0. Alpha is 0 where there is no data.
    `hectares` and `changed_pixels`: None where nobody says.
    `being_read`: whether images are still being read, and small pictures stand in for them.
    """

    dates: list[DateDescription]
    threshold: float
    detector: str
    hectares: float | None
    changed_pixels: int | None
    places: int
    unit: Literal["ha", "px"]
    warnings: list[str]
    second_opinion: str | None
    reviewable: bool
    polygons: str | dict[str, Any]
    being_read: bool = False
