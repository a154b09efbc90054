"""What goes wrong in an answer: one sentence for people, as every error of the server has it."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from minenetcd.errors import InputError, MineNetCDError, OutputError, one_line

#: The folders of a path from a root on: names that begin and end with no blank, each before a slash.
_FOLDERS = re.compile(r"""(?<![^\s('"\[=])(?:[A-Za-z]:)?[\\/](?:[^\\/\s'"(\[=](?:[^\\/'"\n]*[^\\/\s'"(\[=])?[\\/])+""")


class Problem(BaseModel):
    """`detail`: what was needed, what came, what to do."""

    detail: str


class NotThere(InputError):
    """An id that the server does not know; 404."""


class Refused(MineNetCDError):
    """A request that is not done, with the HTTP `status` that says why.

    `hangs_up`: the connection is closed, because more comes in than is read.
    """

    def __init__(self, status: int, message: str, *, hangs_up: bool = False) -> None:
        super().__init__(message)
        self.status, self.hangs_up = status, hangs_up


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the API's description: answers that any request may get, and those of `statuses`."""
    always = (400, 401, 403, 405, 421, 422, 500, 503)
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in sorted({*always, *statuses})
    }


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)


def without_folders(text: str) -> str:
    """`text` in which files are called by their names alone, wherever they lie on this machine."""
    return _FOLDERS.sub("", text)


def add_handlers(app: FastAPI, told: Callable[[str], str]) -> None:
    """Every error becomes a Problem, of which whoever asks is `told`; none shows a traceback."""

    async def of_ours(_: Request, error: Exception) -> JSONResponse:
        if isinstance(error, Refused):
            return answer(error.status, told(str(error)), {"connection": "close"} if error.hangs_up else None)
        is_asked_wrongly = isinstance(error, InputError) and not isinstance(error, OutputError)  # else the disk is
        return answer(404 if isinstance(error, NotThere) else 422 if is_asked_wrongly else 503, told(str(error)))

    async def defect(_: Request, error: Exception) -> JSONResponse:
        return answer(500, told(f"Unexpected {one_line(error, with_kind=True)}: report it."))

    app.add_exception_handler(MineNetCDError, of_ours)
    app.add_exception_handler(RequestValidationError, _of_a_request)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, defect)


async def _of_a_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    return answer(422, f"{place or 'The request'}: {first['msg']}.")


async def _of_http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer(error.status_code, str(error.detail), dict(error.headers or {}))
