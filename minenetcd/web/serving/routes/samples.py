"""The points of a sample, judged in the browser: without what the map says of them, or which stratum they are of."""

from pathlib import Path as FilePath
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from minenetcd.accuracy.judging import LONGEST_COMMENT, Judging, Said
from minenetcd.accuracy.record import POINTS
from minenetcd.accuracy.sampling.interpretation import answers, question
from minenetcd.accuracy.sampling.outputs import PICTURES
from minenetcd.errors import InputError
from minenetcd.foreign import folders_of, refused
from minenetcd.web.results.file_states import state_of
from minenetcd.web.serving.problems import NotThere, Refused, problems
from minenetcd.web.serving.routes.addresses import A_DAY, PNG_ANSWER, Id
from minenetcd.web.serving.served import Served

PointId = Annotated[str, Path(pattern=r"^\d{4,12}$", description="Of a point.")]
Since = Annotated[str, Query(max_length=80, description="The version that the page knows.")]


class Answer(BaseModel):
    """What can be said of a point: how it is kept, its name, and its key."""

    code: str
    name: str
    key: str


class Point(BaseModel):
    """`place`: longitude and latitude; None of a picture."""

    id: str
    place: tuple[float, float] | None


class SampleDescription(BaseModel):
    """A sample to be judged, blindly. `chips`: where the pictures of a point are, with {point} and {date}."""

    sample: str
    question: str
    answers: list[Answer]
    points: list[Point]
    chips: str


class SaidOfPoint(BaseModel):
    """`reference`: one of the answers' codes, "" for none."""

    point: str = Field(pattern=r"^\d{4,12}$")
    reference: str = Field(max_length=80)
    comment: str = Field("", max_length=LONGEST_COMMENT)


class SaidState(BaseModel):
    """`said`: reference and comment by point; None where the page knows it (`version`)."""

    version: str
    said: dict[str, tuple[str, str]] | None


def router(served: Served) -> APIRouter:
    """Samples of maps; what is said of them goes to their samples.gpkg."""
    routes = APIRouter(prefix="/api/samples/{id}", tags=["samples"])

    @routes.get("", responses=problems(404), summary="A sample to judge")
    def sample(id: Id) -> SampleDescription:
        stored = _judging(served, id).sample
        points = stored.points
        _check_pictures(stored.folder / PICTURES / f"{points['id'].iloc[0]}_before.png")
        return SampleDescription(
            sample=stored.record.identity,
            question=question(stored.record),
            answers=[Answer(**each) for each in answers(stored.record.classes, stored.record.change)],
            points=[
                Point(id=id, place=None if np.isnan(lon) else (lon, lat))
                for id, lon, lat in zip(points["id"], points["lon"], points["lat"], strict=True)
            ],
            chips=f"api/samples/{id}/chips/{{point}}_{{date}}.png?v={stored.record.identity}",
        )

    @routes.get("/said", responses=problems(404), summary="What was said of its points")
    def said(id: Id, since: Since = "") -> SaidState:
        folder = served.catalogue.sample(id).folder
        version = _version(folder)
        if since == version:
            return SaidState(version=version, said=None)
        return SaidState(version=version, said={point: tuple(one) for point, one in Judging(folder).said().items()})

    @routes.post("/said", responses=problems(404), summary="Say what a point shows")
    async def say(id: Id, given: SaidOfPoint) -> SaidState:
        if not served.reviewable:
            raise Refused(403, "This server shows results only: answers are not kept here.")
        folder = (await run_in_threadpool(served.catalogue.sample, id)).folder

        def said() -> SaidState:
            Judging(folder).say({given.point: Said(given.reference, given.comment)})
            return SaidState(version=_version(folder), said=None)

        return await served.turns.run(folder, said)

    @routes.get(
        "/chips/{point}_{date}.png",
        responses={**problems(404), 200: PNG_ANSWER},
        response_class=FileResponse,
        summary="A picture of a point",
    )
    def chip(id: Id, point: PointId, date: Literal["before", "after"]) -> FileResponse:
        folder = served.catalogue.sample(id).folder
        path = folder / PICTURES / f"{point}_{date}.png"
        if refused(path, within=folders_of(folder)) is not None:
            raise NotThere(f"There is no picture of point {point} here.")
        return FileResponse(path, media_type="image/png", headers={"cache-control": f"private, max-age={A_DAY}"})

    return routes


def _judging(served: Served, id: str) -> Judging:
    return Judging(served.catalogue.sample(id).folder)


def _check_pictures(first: FilePath) -> None:
    if not first.is_file():
        raise InputError(
            "Pictures are needed to judge points by, this sample has none: draw it again from a result whose images "
            "are here, or fill in samples.csv."
        )


def _version(folder: FilePath) -> str:
    """Another word for each state of what was said."""
    return "-".join(map(str, state_of(folder / POINTS)))
