"""A real browser for tests of pages: one a session, a window of its own for each test, nothing outside this machine."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
#: Where this is set, as in CI, pages are tested or the tests fail; elsewhere a missing browser skips them.
REQUIRED = "MINENETCD_REQUIRE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome")

#: WebGL on the processor, so that pages look the same on every machine.
ARGUMENTS = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")

#: What a page may ask for: itself, what it holds, and a server of the test's own.
_HERE = re.compile(r"(file|data|blob):|https?://(127\.0\.0\.1|localhost)[:/]")


def browser_path() -> str | None:
    """The program that MINENETCD_CHROMIUM names, or a Chromium that is installed."""
    return os.environ.get("MINENETCD_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")  # imported by one conftest alone: Playwright starts once a process
def browser() -> "Iterator[Browser]":
    program = browser_path()
    if os.environ.get(REQUIRED):
        import playwright.sync_api as sync_api

        assert program is not None, f"{REQUIRED} is set, no Chromium is installed, and MINENETCD_CHROMIUM names none"
    else:
        sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
        if program is None:
            pytest.skip("no Chromium is installed, and MINENETCD_CHROMIUM names none")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield opened
        opened.close()
        _end_driver()


def _end_driver() -> None:
    """Playwright waits for its driver, which ends with its input; a process that a test forked may hold that open."""
    for child in psutil.Process().children():
        if any("playwright" in word for word in child.cmdline()):
            child.terminate()


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A window of a desktop. The test fails where its page asks for anything outside, or stumbles over an error."""
    with_desktop = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    yield from watched(with_desktop)


@pytest.fixture
def phone(browser: "Browser") -> "Iterator[Page]":
    """As `page`, of a phone that is touched."""
    yield from watched(
        browser.new_context(
            viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2, reduced_motion="reduce"
        )
    )


def watched(context: "BrowserContext") -> "Iterator[Page]":
    outside: list[str] = []
    errors: list[str] = []

    def asked(request: "Request") -> None:
        if not _HERE.match(request.url):
            outside.append(request.url)

    def said(message: "ConsoleMessage") -> None:
        if "Content Security Policy" in message.text:
            errors.append(message.text)

    context.route(lambda url: not _HERE.match(url), lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert outside == []
    assert errors == []
