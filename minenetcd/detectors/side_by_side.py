"""Several detectors side by side, each by a name of its own."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from minenetcd.detectors.by_name import is_classical, open_detector
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.sources import check_detectors
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.detectors.learned import ChangeDetector


def load_detectors(sources: Sequence[str]) -> dict[str, Detector]:
    """Name -> detector, in the order given; detectors of one name are told apart by where they come from.

    OptionError for a source given twice; what `open_detector` raises.
    """
    check_detectors(sources)
    detectors = [open_detector(source) for source in sources]
    names = Counter(detector.name for detector in detectors)
    return {
        detector.name if names[detector.name] == 1 else f"{detector.name} ({source})": detector
        for source, detector in zip(sources, detectors, strict=True)
    }


def load_networks(sources: Sequence[str]) -> "dict[str, ChangeDetector]":
    """`load_detectors` of networks alone. OptionError for a detector without training, which has no layers."""
    from minenetcd.detectors.learned import ChangeDetector

    without = [source for source in sources if is_classical(source)]
    if without:
        raise OptionError(f"A network with layers is needed, {without[0]} has none: name a trained detector.")
    detectors = load_detectors(sources)
    return {name: detector for name, detector in detectors.items() if isinstance(detector, ChangeDetector)}


def short_names(names: Iterable[str]) -> dict[str, str]:
    """What each of `names` is called in a picture: of a hub id its last part, where no other has the same."""
    names = list(names)
    last = {name: name.rsplit("/", 1)[-1] if re.fullmatch(r"[\w.-]+/[\w.-]+", name) else name for name in names}
    times = Counter(last.values())
    return {name: last[name] if times[last[name]] == 1 else name for name in names}
