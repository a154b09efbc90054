"""The labelling desk: segments as tiles, and what a person does with them."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from minenetcd.display.words import counted
from minenetcd.labelling.labels.marks import CHANGED, NOT_LABELLED, UNCHANGED
from minenetcd.web.desks.description import (
    DeskDescription,
    DeskState,
    LevelRequest,
    LineRequest,
    MarkRequest,
    NoRequest,
)
from minenetcd.web.desks.shown import ShownDesk
from minenetcd.web.results.folder import OpenedLayers
from minenetcd.web.results.placement import Tile
from minenetcd.web.serving.problems import NotThere, problems
from minenetcd.web.serving.routes.addresses import A_DAY, PNG_ANSWER, Id, LayerName, Place, Zoom, tile_answer
from minenetcd.web.serving.served import Served

_VALUES = {"changed": CHANGED, "unchanged": UNCHANGED, "none": NOT_LABELLED}
Level = Annotated[int, Path(ge=0, le=100)]


def router(served: Served) -> APIRouter:
    """Everything of one desk."""
    routes = APIRouter(tags=["labels"], prefix="/api/labels/{id}")

    def desk(id: str) -> ShownDesk:
        if served.desk is None or served.desk.id != id:
            raise NotThere(f"There is no labelling desk {id!r:.80} here: start one (minenetcd label BEFORE AFTER).")
        return served.desk

    @routes.get("", responses=problems(404), summary="The desk, described")
    def described(id: Id) -> DeskDescription:
        shown, base = desk(id), f"api/labels/{id}"
        segments = f"{base}/segments/{{level}}/{{z}}/{{x}}/{{y}}.png"
        return shown.description(
            tiles=lambda layer: f"{base}/tiles/{layer}/{{z}}/{{x}}/{{y}}.png?v={shown.version}",
            segments=f"{segments}?outlines={{outlines}}&v={shown.version}-{{revision}}",
        )

    @routes.get("/state", responses=problems(404), summary="How far it is")
    def state(id: Id) -> DeskState:
        return desk(id).state()

    @routes.get(
        "/tiles/{layer}/{z}/{x}/{y}.png",
        responses={**problems(404), 200: PNG_ANSWER},
        response_class=Response,
        summary="A tile of a date",
    )
    def tile(id: Id, layer: LayerName, z: Zoom, x: Place, y: Place) -> Response:
        return tile_answer(OpenedLayers(desk(id).layers), layer, z, x, y)

    @routes.get(
        "/segments/{level}/{z}/{x}/{y}.png",
        responses={**problems(404), 200: PNG_ANSWER},
        response_class=Response,
        summary="A tile of segments and their labels",
    )
    def segments(id: Id, level: Level, z: Zoom, x: Place, y: Place, outlines: bool = True) -> Response:
        shown = desk(id)
        if level >= len(shown.desk.hierarchy.scales):
            raise NotThere(f"There is no scale number {level} here.")
        # the page asks for another address after each act
        cached = {"cache-control": f"private, max-age={A_DAY}"}
        picture = shown.segments(Tile(z, x, y), level, outlines=outlines)
        return Response(picture, media_type="image/png", headers=cached)

    @routes.post("/marks", responses=problems(404), summary="Label segments")
    def mark(id: Id, asked: MarkRequest) -> DeskState:
        shown = desk(id)
        value, places = _VALUES[asked.label], shown.places(asked.points)
        pixels = shown.desk.mark(places, asked.level, value, radius=asked.radius)
        word = "not labelled" if asked.label == "none" else asked.label
        return shown.state(f"{counted(pixels, 'pixel')} {word}")

    @routes.post("/splits", responses=problems(404), summary="Show a segment in its parts")
    def split(id: Id, asked: LineRequest) -> DeskState:
        shown = desk(id)
        shown.desk.split(shown.places(asked.points)[0], asked.level)
        return shown.state("split")

    @routes.post("/merges", responses=problems(404), summary="Make one segment of all along a line")
    def merge(id: Id, asked: LineRequest) -> DeskState:
        shown = desk(id)
        shown.desk.merge(shown.places(asked.points), asked.level, radius=asked.radius)
        return shown.state("merged")

    @routes.post("/proposal", responses=problems(404), summary="Take a map of change over")
    def propose(id: Id, asked: LevelRequest) -> DeskState:
        shown = desk(id)
        return shown.state(f"{counted(shown.desk.propose(asked.level), 'pixel')} changed, by the map")

    @routes.post("/rest", responses=problems(404), summary="All that is not labelled is unchanged")
    def rest(id: Id, asked: NoRequest) -> DeskState:
        shown = desk(id)
        return shown.state(f"{counted(shown.desk.label_rest(), 'pixel')} unchanged")

    @routes.post("/undo", responses=problems(404), summary="Take the last act back")
    def undo(id: Id, asked: NoRequest) -> DeskState:
        shown = desk(id)
        return shown.state("undone" if shown.desk.undo() else "nothing to undo")

    @routes.post("/save", responses=problems(404), summary="Write mask, polygons and site table")
    def save(id: Id, asked: NoRequest) -> DeskState:
        shown = desk(id)
        files = shown.save()
        names = ", ".join(path.name for path in files.values())
        return shown.state(f"Saved {names} in {shown.desk.folder.name}")

    return routes
