"""Four judged results, and what came of learning from them; nobody changes either."""

from pathlib import Path

import pytest

import minenetcd
from labelling.learning.judged_results import FEW_STEPS, make_result, say, small_network
from minenetcd.labelling.learning.outcome import Learned


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four sites, all of whose polygons are judged."""
    folder = tmp_path_factory.mktemp("results")
    return [say(make_result(folder, number), number) for number in range(4)]


@pytest.fixture(scope="session")
def learned(results: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Learned:
    out = tmp_path_factory.mktemp("learned") / "detector"
    start = small_network()
    start.scene_threshold = (0.3, 0.7)
    return minenetcd.learn(results, out, start=start, options=FEW_STEPS, device="cpu")
