"""Where trained detectors come from, told apart without torch: embedded names, folders, ids of the hub."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from minenetcd.classical.catalog import CLASSICAL
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.runtime.hub import is_hub_id
from minenetcd.weights.repository import CONFIG_FILE, open_repository

EMBEDDED = Path(__file__).parents[1] / "weights" / "embedded"


def list_detectors() -> list[str]:
    """Names of the trained detectors shipped with the package."""
    return sorted(path.parent.name for path in EMBEDDED.glob(f"*/{CONFIG_FILE}"))


def detectors_of(method: str) -> list[str]:
    """Those of `list_detectors` whose network is `method`."""
    return [name for name in list_detectors() if open_repository(EMBEDDED / name).config["model"]["name"] == method]


def find_detector(source: str | Path) -> str | Path:
    """The folder or the hub id that `source` stands for; UnknownNameError where it is neither, nor an embedded name."""
    if str(source) in list_detectors():
        return EMBEDDED / str(source)
    if os.path.isdir(source) or is_hub_id(str(source)):
        return source
    raise UnknownNameError("detector", str(source), [*list_detectors(), *CLASSICAL])


def check_detectors(sources: Sequence[str | Path]) -> None:
    """Refuse what loading would refuse for its name or its files, and one that is given twice; the hub is not asked.

    Raises OptionError, UnknownNameError or WeightsError.
    """
    twice = next((source for source, times in Counter(map(str, sources)).items() if times > 1), None)
    if twice is not None:
        raise OptionError(f"Different detectors are needed, {twice!r} is given twice: name another.")
    for source in sources:
        if str(source) in CLASSICAL:
            continue
        found = find_detector(source)
        if os.path.isdir(found):
            open_repository(found)
