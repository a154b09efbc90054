"""Series of dates, as `minenetcd monitor` writes them."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from minenetcd.monitoring.dates.monitor import ALWAYS, REPORT, TIMELINE, WHERE_LAID_ON_THE_FIRST
from minenetcd.web.results.series import SeriesDescription
from minenetcd.web.serving.problems import problems
from minenetcd.web.serving.routes.addresses import (
    FILE_ANSWER,
    GEOJSON_ANSWER,
    PNG_ANSWER,
    Id,
    LayerName,
    Place,
    Zoom,
    file_answer,
    tile_answer,
    version_in_address,
)
from minenetcd.web.serving.served import Served


def router(served: Served) -> APIRouter:
    """What is known of series."""
    routes = APIRouter(tags=["series"])

    @routes.get("/api/series/{id}", responses=problems(404), summary="All dates of one place, described")
    def series(id: Id) -> SeriesDescription:
        opened = served.series_of(id)
        version = version_in_address(opened.folder, TIMELINE, opened.images)
        ids: dict[Path, str] = {each.folder: each.id for each in served.catalogue.contents.results.values()}
        described = opened.description(
            id,
            title=opened.folder.name,
            tiles=lambda layer: f"api/series/{id}/tiles/{layer}/{{z}}/{{x}}/{{y}}.png?v={version}",
            polygons=f"api/series/{id}/polygons",
            report=f"api/series/{id}/files/{REPORT}",
            result_id=ids.get,
        )
        return described.model_copy(update={"warnings": [served.told(each) for each in described.warnings]})

    @routes.get(
        "/api/series/{id}/tiles/{layer}/{z}/{x}/{y}.png",
        responses={**problems(404, 410), 200: PNG_ANSWER},
        response_class=Response,
        summary="A tile of a date, or of when pixels changed",
    )
    def tile(id: Id, layer: LayerName, z: Zoom, x: Place, y: Place) -> Response:
        return tile_answer(served.series_of(id).layers, layer, z, x, y)

    @routes.get(
        "/api/series/{id}/polygons",
        responses={**problems(404), 200: GEOJSON_ANSWER},
        response_class=Response,
        summary="What changed for good, with the date of each polygon",
    )
    def polygons(id: Id) -> Response:
        return Response(served.series_of(id).geojson(), media_type="application/geo+json")

    @routes.get(
        "/api/series/{id}/files/{name}",
        responses={**problems(404), 200: FILE_ANSWER},
        response_class=FileResponse,
        summary="A file of it: the report, the timeline, ...",
    )
    def file(id: Id, name: str) -> FileResponse:
        return file_answer(served.catalogue.series(id).folder, [*ALWAYS, *WHERE_LAID_ON_THE_FIRST], name)

    return routes
