"""Detectors by name, trained or not; torch is loaded for those that were trained."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.detectors.contract import Detector


@dataclass(frozen=True)
class DetectorOptions:
    """How a detector works, where that is not its own choice (None).

    `threshold_rule` and `smooth` [pixels] belong to detectors without training, `value_range` (the numbers of a file
    that become 0 and 1) to networks.
    """

    threshold_rule: str | None = None
    smooth: int | None = None
    value_range: tuple[float, float] | None = None

    def or_else(self, other: Self) -> Self:
        """These, and where nothing is said, those of `other`."""
        return replace(other, **{name: value for name, value in asdict(self).items() if value is not None})


OWN_CHOICE = DetectorOptions()


def open_detector(
    source: str | Path, options: DetectorOptions = OWN_CHOICE, *, trust: str | Iterable[str] = (), **hub_options: Any
) -> "Detector":
    """The detector `source` names: one without training (cva, irmad, ...), or a trained one.

    `trust` and `hub_options` are those of `ChangeDetector.from_pretrained`, which says what it raises. UnknownNameError
    for a name that nobody knows, OptionError for options that do not fit.
    """
    rules = {"threshold_rule": options.threshold_rule, "smooth": options.smooth}
    given = {name: value for name, value in rules.items() if value is not None}
    if is_classical(source):
        return create_classical(str(source), **given)  # it reads a file's own numbers, whatever their range
    if given:
        raise OptionError(
            f"{' and '.join(given)} belong to detectors without training ({', '.join(CLASSICAL)}), {source} was "
            "trained: leave them out, or give a threshold."
        )
    from minenetcd.detectors.learned import ChangeDetector

    detector = ChangeDetector.from_pretrained(source, trust=trust, **hub_options)
    if options.value_range is not None:
        detector.preprocessing = replace(detector.preprocessing, value_range=options.value_range)
    return detector


def is_classical(source: str | Path) -> bool:
    """Whether `source` is the name of a detector without training."""
    return isinstance(source, str) and source in CLASSICAL
