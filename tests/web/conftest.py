"""Pages are tested in a real browser, with results of real predictions."""

from pathlib import Path

import pytest

from web.browser import browser, page, phone
from web.drawn_results import result_of_pictures, result_on_earth

__all__ = ["browser", "page", "phone"]


@pytest.fixture(scope="session")
def drawn_result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a result on Earth, to read from."""
    return result_on_earth(tmp_path_factory.mktemp("earth"))


@pytest.fixture(scope="session")
def drawn_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a result of pictures without a place, to read from."""
    return result_of_pictures(tmp_path_factory.mktemp("pictures"))
