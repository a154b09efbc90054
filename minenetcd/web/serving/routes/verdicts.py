"""Verdicts on the polygons of a result: given, taken back, and what others have said meanwhile."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import numpy as np
import shapely
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from minenetcd.errors import InputError
from minenetcd.labelling.verdicts.standing import Standing
from minenetcd.labelling.verdicts.store import Looked, Verdicts
from minenetcd.labelling.verdicts.verdict import LONGEST_COMMENT, LONGEST_NAME, Status, Verdict
from minenetcd.web.results.folder import ResultFolder
from minenetcd.web.results.placement import Placement
from minenetcd.web.results.polygons import DECIMALS
from minenetcd.web.serving.problems import Refused, problems
from minenetcd.web.serving.refreshing import Refreshing
from minenetcd.web.serving.routes.addresses import Id
from minenetcd.web.serving.served import Served

#: Of the queue, a page is told so much.
LONGEST_QUEUE = 200

#: Of longitudes, whole turns included, and latitudes, short of the poles, where the map ends.
FARTHEST_DEGREES = np.array([540.0, 89.9])

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, description="Who judges.")]
Since = Annotated[int, Query(ge=0, description="The revision that the page knows; what changed since is told.")]
Geometry = dict[str, Any]
Answer = TypeVar("Answer")


class GivenVerdict(BaseModel):
    """`comment`: null leaves what was said, "" takes it away. `geometry`: GeoJSON in longitude and latitude."""

    polygon: int = Field(ge=-(2**63), lt=2**63)
    status: Status
    by: Name
    comment: str | None = Field(None, max_length=LONGEST_COMMENT)
    geometry: Geometry | None = None


class Undoing(BaseModel):
    by: Name


class Accepting(BaseModel):
    """Of all polygons without a verdict whose mean probability is `confidence` or more."""

    confidence: float = Field(ge=0, le=1)
    by: Name


class PolygonVerdict(BaseModel):
    """A polygon as it stands; `geometry` only where a person ever drew another outline."""

    id: int
    status: Status | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    comment: str | None
    edited: bool
    area: float
    perimeter: float
    geometry: Geometry | None


class Part(BaseModel):
    places: int
    hectares: float | None
    pixels: float | None


class Counts(BaseModel):
    accepted: Part
    rejected: Part
    unsure: Part
    unreviewed: Part
    edited: int
    reviewers: list[str]
    last: datetime | None
    revision: int


class ReviewState(BaseModel):
    """A review at one moment.

    `queue`: the polygons to judge next, most doubtful first, as far as LONGEST_QUEUE. `changed`: what was said after
    `since`; where that is 0, all that was ever said, and a page forgets what it knew.
    """

    revision: int
    since: int
    queue: list[int]
    counts: Counts
    changed: list[PolygonVerdict]


class VerdictAnswer(ReviewState):
    """What was given, taken back, or accepted at once (the polygons `verdicts`), and the review after it."""

    verdicts: list[int]


def router(served: Served) -> APIRouter:
    """Reviews of results; their summaries and reports are brought to them, at the latest when the server ends."""
    refreshing = Refreshing()

    @asynccontextmanager
    async def ending(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(refreshing.finish)

    routes = APIRouter(prefix="/api/results/{id}/verdicts", tags=["verdicts"], lifespan=ending)

    @routes.get("", responses=problems(404), summary="What was said, and what is to be judged next")
    async def look(id: Id, since: Since = 0) -> ReviewState:
        def looked(opened: ResultFolder) -> ReviewState:
            found = Verdicts(opened.folder).look(since)
            if since == 0 and _can_be_reviewed(served, opened):
                refreshing.if_stale(opened.folder, found.counts)
            return ReviewState(**_state(found, opened.placement))

        return await in_turn(id, looked)

    @routes.post("", responses=problems(404), summary="Judge a polygon")
    async def give(id: Id, given: GivenVerdict, since: Since = 0) -> VerdictAnswer:
        def gave(opened: ResultFolder) -> VerdictAnswer:
            check_reviewable(opened)
            geometry = None if given.geometry is None else _on_grid(given.geometry, opened.placement)
            verdict = Verdicts(opened.folder).give(
                given.polygon, given.status, by=given.by, comment=given.comment, geometry=geometry
            )
            return answered(opened, [verdict], since)

        return await in_turn(id, gave)

    @routes.post("/undo", responses=problems(404), summary="Take one's last step back")
    async def undo(id: Id, undoing: Undoing, since: Since = 0) -> VerdictAnswer:
        def undone(opened: ResultFolder) -> VerdictAnswer:
            check_reviewable(opened)
            verdict = Verdicts(opened.folder).undo(by=undoing.by)
            return answered(opened, [] if verdict is None else [verdict], since)

        return await in_turn(id, undone)

    @routes.post("/accept-above", responses=problems(404), summary="Accept all that is sure enough, in one step")
    async def accept_above(id: Id, accepting: Accepting, since: Since = 0) -> VerdictAnswer:
        def accepted(opened: ResultFolder) -> VerdictAnswer:
            check_reviewable(opened)
            verdicts = Verdicts(opened.folder).accept_above(accepting.confidence, by=accepting.by)
            return answered(opened, verdicts, since)

        return await in_turn(id, accepted)

    async def in_turn(id: str, work: Callable[[ResultFolder], Answer]) -> Answer:
        opened = await run_in_threadpool(served.result, id)
        return await served.turns.run(opened.folder, partial(work, opened))

    def check_reviewable(opened: ResultFolder) -> None:
        if not _can_be_reviewed(served, opened):
            raise Refused(403, "Verdicts are kept beside the polygons, and this result may not be changed here.")

    def answered(opened: ResultFolder, verdicts: list[Verdict], since: int) -> VerdictAnswer:
        refreshing.soon(opened.folder)
        looked = Verdicts(opened.folder).look(since)
        return VerdictAnswer(
            **_state(looked, opened.placement),
            verdicts=[verdict.polygon for verdict in verdicts],
        )

    return routes


def _can_be_reviewed(served: Served, opened: ResultFolder) -> bool:
    return served.reviewable and opened.can_be_reviewed


def _state(looked: Looked, placement: Placement) -> dict[str, Any]:
    return {
        "revision": looked.revision,
        "since": looked.since,
        "queue": looked.queue[:LONGEST_QUEUE],
        "counts": looked.counts.as_json(),
        "changed": [_polygon(one, placement) for one in looked.changed],
    }


def _polygon(one: Standing, placement: Placement) -> PolygonVerdict:
    return PolygonVerdict(
        id=one.polygon, status=one.status, reviewed_by=one.by, reviewed_at=one.at, comment=one.comment,
        edited=one.edited, area=one.area, perimeter=one.perimeter,
        geometry=None if one.outline is None else _in_degrees(one.outline, placement),
    )  # fmt: skip


def _in_degrees(outline: shapely.Geometry, placement: Placement) -> Geometry:
    (turned,) = placement.geometries_to_degrees(np.array([outline], dtype=object))
    rounded = shapely.transform(turned, lambda points: points.round(DECIMALS))
    geometry: Geometry = json.loads(shapely.to_geojson(rounded))
    return geometry


def _on_grid(geometry: Geometry, placement: Placement) -> shapely.Geometry:
    """InputError for what is no geometry of GeoJSON in longitude and latitude."""
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):  # no collections in collections, endlessly
        raise InputError(
            f"A polygon in GeoJSON is needed, got {geometry.get('type')!s:.40}: draw it around the change."
        )
    try:
        read = shapely.force_2d(shapely.from_geojson(json.dumps(geometry, allow_nan=False)))
    except (shapely.errors.ShapelyError, ValueError, TypeError, RecursionError) as error:
        raise InputError("A polygon in GeoJSON is needed (longitude, latitude), got something else.") from error
    if read is None or not (np.abs(shapely.get_coordinates(read)) <= FARTHEST_DEGREES).all():
        raise InputError("A polygon in GeoJSON is needed (longitude, latitude), got places that are none on Earth.")
    (turned,) = placement.geometries_to_grid(np.array([read], dtype=object))
    return turned
