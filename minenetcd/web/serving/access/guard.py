"""What stands before every request: its Host, its token, whether another site sent it, and how much it may bring."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from minenetcd.web.serving.access.hosts import Hosts, host_name
from minenetcd.web.serving.access.tokens import Token
from minenetcd.web.serving.problems import answer

#: What needs no token: the page that asks for it, what that page runs, and the answer to it.
OPEN, OPEN_BELOW = ("/enter", "/api/session"), "/static/"
#: Where images come in, of which the route itself bounds the bytes.
UPLOADS = "/api/uploads"
#: Of any other request [bytes].
LARGEST_BODY = 8 * 2**20
#: Methods that change nothing.
SAFE = ("GET", "HEAD", "OPTIONS")
#: Says that a script of ours sent a request which holds no JSON.
OWN_HEADER = "x-minenetcd"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' blob:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Access:
    """Who may come in."""

    hosts: Hosts
    token: Token

    def refusal(self, request: HTTPConnection, method: str) -> Response | None:
        """Why a request is not answered; None where it is."""
        path = request.scope["path"]
        if not self.hosts.are_ours(request.headers.get("host", "")):
            return answer(421, "This server answers to its own name alone: use the address that it has printed.")
        if not (path in OPEN or path.startswith(OPEN_BELOW) or self.token.opens(request)):
            return _closed(request, method)
        if method not in SAFE and (why := _why_foreign(request)):
            return answer(403, why)
        declared = request.headers.get("content-length", "0")
        if not path.startswith(UPLOADS) and declared.isdecimal() and int(declared) > LARGEST_BODY:
            return answer(413, _too_large())
        return None


class Guard:
    """The application behind `access`; every answer carries what it allows the browser."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message)
            await send(message)

        refusal = self.access.refusal(HTTPConnection(scope), scope["method"])
        if refusal is not None:
            return await refusal(scope, receive, sent)
        is_upload = scope["path"].startswith(UPLOADS)
        await self.app(scope, receive if is_upload else _bounded(receive), sent)


def _closed(request: HTTPConnection, method: str) -> Response:
    """A page leads to where the token is asked for, anything else is refused."""
    is_page = method == "GET" and "text/html" in request.headers.get("accept", "")
    if is_page and not request.scope["path"].startswith("/api/"):
        return RedirectResponse("/enter", 303)
    return answer(
        401,
        "The token is needed that the server has printed: as the header Authorization: Bearer TOKEN, or on /enter.",
        {"www-authenticate": "Bearer"},
    )


def _why_foreign(request: HTTPConnection) -> str | None:
    """Why a request that would change something may be another site's; None where it is not."""
    own = request.headers.get("host", "").lower()
    origin = request.headers.get("origin")
    if origin is not None and (_place(origin) != own or host_name(own) is None):
        return "A request from this server's own pages is needed, it comes from another site."
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return "A request from this server's own pages is needed, it comes from another site."
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and OWN_HEADER not in request.headers:
        return (
            f"A request that changes something needs JSON (Content-Type: application/json), or the header {OWN_HEADER}."
        )
    return None


def _place(origin: str) -> str | None:
    """Host and port of an Origin; None where it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _bounded(receive: Receive) -> Receive:
    """Gives no more than LARGEST_BODY, whatever the request says of its length."""
    came = 0

    async def received() -> MutableMapping[str, Any]:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > LARGEST_BODY:
            raise HTTPException(413, _too_large(), {"connection": "close"})  # which FastAPI lets through
        return message

    return received


def _too_large() -> str:
    return f"A request of at most {LARGEST_BODY:,} bytes is needed: send less at a time."


def _add_headers(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
