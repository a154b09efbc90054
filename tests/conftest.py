"""How the suite shares a machine: one worker a core, one thread a worker."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from minenetcd.models.catalog import list_models

if "PYTEST_XDIST_WORKER" in os.environ:  # before anything imports torch or NumPy; subprocesses inherit it
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """What `-n auto` means: no worker for a single file, which one process runs anyway; else one a core we may use."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    if len(config.args) == 1 and Path(config.args[0].partition("::")[0]).is_file():
        return 0
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


#: Of what is tested network by network, the quick part takes the small ones.
LARGE = {name.replace("_", "") for name in list_models()} - {
    *("bit", "fcef", "minenetcdlite", "rdpnet", "siamunetdiff", "tinycd")
}


def _network(item: pytest.Item) -> str:
    """The network that a test is run for, where that is what its parameters begin with."""
    callspec = getattr(item, "callspec", None)
    return "" if callspec is None else callspec.id.partition("-")[0].lower().replace("_", "")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `long`, unless -m speaks of it; files with slow tests begin, so that none ends alone."""
    for item in items:
        if _network(item) in LARGE:
            item.add_marker(pytest.mark.slow)
    if "long" not in config.option.markexpr:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def real_images() -> Path:
    """The folder of real images, vectors and weights beside the checkout."""
    folder = Path(__file__).resolve().parents[1] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the real images are not part of the project")
    return folder.resolve()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what `needs` a library of an extra that is not installed."""
    for mark in item.iter_markers("needs"):
        if find_spec(mark.args[0]) is None:
            pytest.skip(f"{mark.args[0]} is not installed")
