"""Waiting for what comes by itself, no longer than it takes."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: For a slow machine. [seconds]
PATIENCE = 90.0

#: A map says whether it is as it is to be (frontend/src/map); two frames on, what was asked for is begun.
_ARE_DRAWN = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
    [...document.querySelectorAll(".map")].every(({ dataset: { idle, reading = "0" } }) =>
        idle !== "false" && reading === "0")
))))"""


def until(holds: Callable[[], Any], *, page: "Page | None" = None, patience: float = PATIENCE) -> Any:
    """What `holds` gives as soon as that is something; `page` goes on meanwhile, and so does what watches it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        if page is None:
            time.sleep(0.05)
        else:
            page.wait_for_timeout(50)
    raise AssertionError("it did not come in time")


def drawn(page: "Page") -> "Page":
    """The page, once its maps show what was asked for."""
    until(lambda: page.evaluate(_ARE_DRAWN), page=page, patience=30.0)
    return page
