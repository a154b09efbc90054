"""Detectors by name, trained or not; torch is loaded for those that were trained."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, cast, overload

from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.configs.value_range import check_value_range
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.classical.detector import ClassicalDetector
    from minenetcd.detectors.contract import Detector
    from minenetcd.detectors.learned import ChangeDetector


@dataclass(frozen=True)
class DetectorOptions:
    """How a detector works, where that is not its own choice (None).

    `threshold_rule` and `smooth` [pixels] belong to detectors without training, `value_range` (the numbers of a file
    that become 0 and 1) to networks. OptionError for a range that is none.
    """

    threshold_rule: str | None = None
    smooth: int | None = None
    value_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.value_range is not None:
            check_value_range(self.value_range)

    def or_else(self, other: Self) -> Self:
        """These, and where nothing is said, those of `other`."""
        return replace(other, **{name: value for name, value in asdict(self).items() if value is not None})

    def of_networks(self) -> Self:
        """Those of them that belong to networks."""
        return replace(self, threshold_rule=None, smooth=None)

    def of_classical(self) -> Self:
        """Those of them that belong to detectors without training."""
        return replace(self, value_range=None)


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
        if options.value_range is not None:
            raise OptionError(
                f"A value range (--range) is for networks, {source} reads numbers as they are: leave it out."
            )
        return create_classical(str(source), **given)
    if given:
        belong = "belongs" if len(given) == 1 else "belong"
        raise OptionError(
            f"{' and '.join(given)} {belong} to detectors without training ({', '.join(CLASSICAL)}), {source} was "
            "trained: leave this out, or give a threshold."
        )
    from minenetcd.detectors.learned import ChangeDetector

    detector = ChangeDetector.from_pretrained(source, trust=trust, **hub_options)
    if options.value_range is not None:
        detector.preprocessing = replace(detector.preprocessing, value_range=options.value_range)
    return detector


@overload
def from_pretrained(  # type: ignore[overload-overlap]  # a str may hold one of these names: it is typed as a network's
    source: Literal["cva", "cva-raw", "irmad", "isfa", "pca-kmeans"],
) -> "ClassicalDetector": ...


@overload
def from_pretrained(source: str | Path, *, trust: str | Iterable[str] = (), **hub_options: Any) -> "ChangeDetector": ...


def from_pretrained(
    source: str | Path, *, trust: str | Iterable[str] = (), **hub_options: Any
) -> "ChangeDetector | ClassicalDetector":
    """The detector `source` names: a folder, a hub id, an embedded name, or one without training (cva, irmad, ...).

    Options of the latter: `minenetcd.classical.catalog.create_classical`. `trust` and `hub_options` are those of
    `ChangeDetector.from_pretrained`, which says what it raises.
    """
    return cast("ChangeDetector | ClassicalDetector", open_detector(source, trust=trust, **hub_options))


def is_classical(source: str | Path) -> bool:
    """Whether `source` is the name of a detector without training."""
    return isinstance(source, str) and source in CLASSICAL
