"""The pages, the bundle that they run, and the world below the map of sites."""

from functools import cache
from typing import Any
from urllib.parse import quote

import shapely
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from minenetcd.display.world_map import countries
from minenetcd.web.pages import SCRIPTS, STYLE, Page, bundled, served_page
from minenetcd.web.serving.documentation import documentation_page
from minenetcd.web.serving.found.catalogue import Contents
from minenetcd.web.serving.problems import NotThere, problems
from minenetcd.web.serving.routes.addresses import A_DAY, GEOJSON_ANSWER, Id
from minenetcd.web.serving.served import Served

_KINDS = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
_STATIC = (*SCRIPTS, STYLE, "LICENSES.txt")
#: What is left out of the world's outlines, and of islands. [degrees, square degrees]
_TOLERANCE, _SMALLEST = 0.08, 0.03


def router(served: Served) -> APIRouter:
    """Everything that is for eyes."""
    routes = APIRouter()
    pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def with_head() -> dict[str, Any]:
        """What the pages' head leads to."""
        return {"jobs": served.workshop is not None, "samples": list(served.catalogue.contents.samples)}

    @pages.get("/")
    def home() -> Response:
        """The list; where one result, or one sample, is all there is, that."""
        if served.desk is not None:
            return RedirectResponse(f"labels/{quote(served.desk.id)}", 307)
        contents = served.catalogue.contents
        alone = _alone(contents) if served.workshop is None else None
        if alone is not None:
            return RedirectResponse(alone, 307)
        return _page(Page("sites", "Sites", with_head()))

    @pages.get("/sites")
    def sites() -> Response:
        """The list, also where one result is all there is."""
        return _page(Page("sites", "Sites", with_head()))

    @pages.get("/results/{id}")
    def result(id: Id) -> Response:
        return _page(Page("result", served.result(id).title, {"result": id, "home": True}), root="../")

    @pages.get("/labels/{id}")
    def label(id: Id) -> Response:
        if served.desk is None or served.desk.id != id:
            raise NotThere(f"There is no labelling desk {id!r:.80} here.")
        return _page(Page("label", served.desk.title, {"desk": id}), root="../")

    @pages.get("/series/{id}")
    def series(id: Id) -> Response:
        title = served.catalogue.series(id).folder.name
        return _page(Page("series", title, {"series": id, **with_head()}), root="../")

    @pages.get("/samples/{id}")
    def samples(id: Id) -> Response:
        return _page(
            Page("samples", served.catalogue.sample(id).folder.name, {"sample": id, **with_head()}), root="../"
        )

    @pages.get("/jobs")
    def jobs() -> Response:
        return _page(Page("jobs", "Compare two images", with_head()))

    @pages.get("/enter")
    def enter() -> Response:
        return _page(Page("enter", "Token"))

    @pages.get("/docs")
    def docs(request: Request) -> Response:
        return HTMLResponse(documentation_page(request.app.openapi()))

    @pages.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in _STATIC:
            raise NotThere(f"There is no file {name!r:.80} here.")
        kind = _KINDS[name[name.rindex(".") :]]
        return Response(bundled(name), media_type=kind, headers={"cache-control": f"private, max-age={A_DAY}"})

    @routes.get(
        "/api/world",
        responses={**problems(), 200: GEOJSON_ANSWER},
        response_class=Response,
        tags=["results"],
        summary="Land and borders, for a map of sites",
    )
    def world() -> Response:
        kept = {"cache-control": f"private, max-age={A_DAY}"}
        return Response(world_geojson(), media_type="application/geo+json", headers=kept)

    routes.include_router(pages)
    return routes


def _alone(contents: Contents) -> str | None:
    """Where the one result or sample is shown that is all there is; None where there is more, or less."""
    places = [f"results/{id}" for id in contents.results] + [f"samples/{id}" for id in contents.samples]
    return places[0] if len(places) == 1 and not contents.series and not contents.tables else None


def _page(page: Page, *, root: str = "") -> HTMLResponse:
    return HTMLResponse(served_page(page, root=root))


@cache
def world_geojson() -> str:
    """Countries in little detail, without small islands (Natural Earth, public domain)."""
    shapes = shapely.simplify(countries().geometry.array, _TOLERANCE)
    parts = shapely.get_parts(shapes)
    parts = parts[(shapely.area(parts) > _SMALLEST) & (shapely.bounds(parts)[:, 3] > -60)]
    parts = shapely.transform(parts, lambda points: points.round(2))
    features = (f'{{"type":"Feature","properties":{{}},"geometry":{text}}}' for text in shapely.to_geojson(parts))
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'
