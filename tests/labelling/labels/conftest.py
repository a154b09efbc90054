"""A drawn pair, and a new desk of it."""

from pathlib import Path

import pytest

from labelling.drawn_pair import DrawnPair, drawn_pair, new_desk


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> DrawnPair:
    return drawn_pair(tmp_path_factory.mktemp("images"))


@pytest.fixture
def folder(tmp_path: Path, pair: DrawnPair) -> Path:
    return new_desk(tmp_path / "desk", pair)
