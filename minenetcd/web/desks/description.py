"""What a page is told of a labelling desk, and what it may ask of it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from minenetcd.web.results.description import DateDescription, MapDescription

#: Longitude and latitude, as the page's map has them.
Point = tuple[Annotated[float, Field(ge=-360, le=360)], Annotated[float, Field(ge=-90, le=90)]]
Level = Annotated[int, Field(ge=0, le=100)]
Line = Annotated[list[Point], Field(min_length=1, max_length=10_000)]
Radius = Annotated[float, Field(ge=0, le=10_000, description="Of the brush, in pixels of the images; 0: a line.")]


class ScaleDescription(BaseModel):
    """One scale, how many segments it has, and their mean width in pixels."""

    scale: float
    segments: int
    width: float


class LabelledPixels(BaseModel):
    """How much is labelled; `hectares` of what changed: None for a picture."""

    changed: int
    unchanged: int
    not_labelled: int
    hectares: float | None


class DeskState(BaseModel):
    """What changes while somebody labels. `revision` grows with each act; `said`: what the last one did."""

    revision: int
    counts: LabelledPixels
    can_undo: bool
    saved_revision: int | None
    said: str = ""


class DeskDescription(MapDescription):
    """A labelling desk, to a page. `segments`: a template with {level}, {revision}, {z}, {x} and {y}."""

    dates: list[DateDescription]
    segments: str
    scales: list[ScaleDescription]
    level: int
    proposes: bool
    state: DeskState


class MarkRequest(BaseModel):
    """Segments at a place, or along a line, and what they are."""

    level: Level
    points: Line
    radius: Radius = 0.0
    label: Literal["changed", "unchanged", "none"]


class LineRequest(BaseModel):
    """Segments at a place or along a line."""

    level: Level
    points: Line
    radius: Radius = 0.0


class LevelRequest(BaseModel):
    """Segments at a scale."""

    level: Level


class NoRequest(BaseModel):
    """Nothing more is asked."""
