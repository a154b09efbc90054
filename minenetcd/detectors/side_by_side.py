"""Several detectors side by side, each by a name of its own."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.sources import check_detectors


def load_detectors(sources: Sequence[str]) -> dict[str, ChangeDetector]:
    """Name -> detector, in the order given; detectors of one name are told apart by where they come from.

    OptionError for a source given twice; what `ChangeDetector.from_pretrained` raises.
    """
    check_detectors(sources)
    detectors = [ChangeDetector.from_pretrained(source) for source in sources]
    names = Counter(detector.name for detector in detectors)
    return {
        detector.name if names[detector.name] == 1 else f"{detector.name} ({source})": detector
        for source, detector in zip(sources, detectors, strict=True)
    }


def short_names(names: Iterable[str]) -> dict[str, str]:
    """What each of `names` is called in a picture: of a hub id its last part, where no other has the same."""
    names = list(names)
    last = {name: name.rsplit("/", 1)[-1] if re.fullmatch(r"[\w.-]+/[\w.-]+", name) else name for name in names}
    times = Counter(last.values())
    return {name: last[name] if times[last[name]] == 1 else name for name in names}
