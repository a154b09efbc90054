"""The token that opens a server to who has it: as a header of programs, as a cookie of browsers."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from starlette.requests import HTTPConnection
from starlette.responses import Response

from minenetcd.web.serving.options import ServeOptions

#: Of a token that is made.
BYTES = 24


@dataclass(frozen=True, repr=False)
class Token:
    """`text` is the secret; the cookie holds a value made of it, from which nobody finds it. None: anybody may come in.

    Both are compared in a time that says nothing of how much of them is right.
    """

    text: str | None
    port: int

    @classmethod
    def of(cls, options: ServeOptions, port: int) -> Self:
        """The one that is given; one is made where other machines reach the server, and none is."""
        text = options.token
        if text is None and not options.is_for_this_machine:
            text = secrets.token_urlsafe(BYTES)
        return cls(text, port)

    def opens(self, request: HTTPConnection) -> bool:
        """Whether who asks has it."""
        if self.text is None:
            return True
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.is_it(given.strip()):
            return True
        return hmac.compare_digest(request.cookies.get(self._name, "").encode(), self._cookie.encode())

    def is_it(self, given: str) -> bool:
        return self.text is not None and hmac.compare_digest(given.encode(), self.text.encode())

    def keep_in(self, response: Response) -> None:
        """Let the browser send it along from here on, to nobody else, and show it to no script."""
        response.set_cookie(self._name, self._cookie, httponly=True, samesite="strict", path="/")

    def forget_in(self, response: Response) -> None:
        response.delete_cookie(self._name, path="/", httponly=True, samesite="strict")

    @property
    def _name(self) -> str:
        return f"minenetcd-{self.port}"  # browsers keep one set of cookies for all ports of a machine

    @cached_property
    def _cookie(self) -> str:
        """The same after the server was started again with the same token."""
        return hmac.new((self.text or "").encode(), b"minenetcd serve", hashlib.sha256).hexdigest()
