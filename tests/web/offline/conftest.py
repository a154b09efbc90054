"""Offline pages of the drawn results."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from web.waiting import drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

OpenView = Callable[..., "Page"]


@pytest.fixture(scope="session")
def view_file(drawn_result: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from minenetcd.web.offline.view import write_view

    return write_view(drawn_result, tmp_path_factory.mktemp("view") / "view.html")


@pytest.fixture(scope="session")
def picture_file(drawn_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from minenetcd.web.offline.view import write_view

    return write_view(drawn_pictures, tmp_path_factory.mktemp("view") / "pictures.html")


@pytest.fixture
def view(page: "Page", view_file: Path) -> "Page":
    """The page of the result on Earth, all drawn."""
    return opened(page, view_file)


def opened(page: "Page", path: Path) -> "Page":
    page.goto(path.as_uri())
    page.wait_for_selector(".result[data-ready=true]")
    return drawn(page)
