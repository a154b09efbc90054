"""Results: described, tile by tile, as polygons, and as the files that they are."""

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.concurrency import run_in_threadpool

from minenetcd.monitoring.pairs.finished import NOTE
from minenetcd.prediction.outputs import DETAILS
from minenetcd.web.results.description import Description
from minenetcd.web.serving.found.sites import Sites, sites_of
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

#: Files of a result that are not for its readers.
_OWN = (DETAILS, NOTE)


def router(served: Served) -> APIRouter:
    """What is known of results."""
    routes = APIRouter(tags=["results"])

    @routes.get("/api/sites", responses=problems(), summary="All results and series, in numbers")
    def sites() -> Sites:
        return sites_of(served.catalogue.contents, served.told)

    @routes.get("/api/results/{id}", responses=problems(404), summary="One result, described")
    def result(id: Id) -> Description:
        opened = served.result(id)
        version = version_in_address(opened.folder, DETAILS, opened.images)
        described = opened.description(
            id,
            tiles=lambda layer: f"api/results/{id}/tiles/{layer}/{{z}}/{{x}}/{{y}}.png?v={version}",
            polygons=f"api/results/{id}/polygons",
            reviewable=served.reviewable,
        )
        return described.model_copy(update={"warnings": [served.told(each) for each in described.warnings]})

    @routes.get(
        "/api/results/{id}/tiles/{layer}/{z}/{x}/{y}.png",
        responses={**problems(404, 410), 200: PNG_ANSWER},
        response_class=Response,
        summary="A tile of a layer",
    )
    def tile(id: Id, layer: LayerName, z: Zoom, x: Place, y: Place) -> Response:
        return tile_answer(served.result(id).layers, layer, z, x, y)

    @routes.get(
        "/api/results/{id}/polygons",
        responses={**problems(404), 200: GEOJSON_ANSWER},
        response_class=Response,
        summary="Its polygons",
    )
    async def polygons(id: Id) -> Response:
        opened = await run_in_threadpool(served.result, id)
        geojson = await served.turns.run(opened.folder, opened.geojson)
        return Response(geojson, media_type="application/geo+json")

    @routes.get(
        "/api/results/{id}/files/{name}",
        responses={**problems(404), 200: FILE_ANSWER},
        response_class=FileResponse,
        summary="A file of it: the map, the report, ...",
    )
    def file(id: Id, name: str) -> FileResponse:
        folder = served.catalogue.result(id).folder
        names = [path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
        return file_answer(folder, [each for each in names if each not in _OWN], name)

    return routes
