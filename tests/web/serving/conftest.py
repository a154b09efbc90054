"""Real servers of real results, started as their users start them."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from web.serving.made_results import make_results
from web.serving.servers import Server

#: Without the extra there is nothing to test.
collect_ignore_glob = [] if find_spec("fastapi") and find_spec("rio_tiler") else ["test_*.py"]


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `one`, a result; `picture`, one without a place; `mines`, a table of pairs; `mine`, a series."""
    return make_results(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def server(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """All of them, with uploads of at most 2 MB and 1,000,000 pixels; for tests that leave nothing behind."""
    uploads = tmp_path_factory.mktemp("uploads")
    options = ("--uploads", str(uploads), "--max-upload-mb", "2", "--max-pixels", "1000000")
    with Server.start(results, *options) as started:
        yield started
