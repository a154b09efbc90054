"""Coming in with the token, and going."""

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from minenetcd.web.serving.options import MOST_TOKEN
from minenetcd.web.serving.problems import Refused, problems
from minenetcd.web.serving.served import Served


class Entry(BaseModel):
    """The token that the server has printed."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=MOST_TOKEN)


def router(served: Served) -> APIRouter:
    """The only addresses that need no token."""
    routes = APIRouter(tags=["session"])
    token = served.access.token

    @routes.post("/api/session", status_code=204, responses=problems(413, 415), summary="Come in")
    def enter(entry: Entry) -> Response:
        if token.text is not None and not token.is_it(entry.token.strip()):
            raise Refused(401, "This is not the token that the server has printed: copy it again.")
        answer = Response(status_code=204)
        if token.text is not None:
            token.keep_in(answer)
        return answer

    @routes.delete("/api/session", status_code=204, responses=problems(), summary="Go")
    def leave() -> Response:
        answer = Response(status_code=204)
        token.forget_in(answer)
        return answer

    return routes
