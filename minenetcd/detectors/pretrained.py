"""The face's way to a detector that is ready: trained, or without training."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from minenetcd.detectors.by_name import open_detector

if TYPE_CHECKING:
    from minenetcd.classical.detector import ClassicalDetector
    from minenetcd.detectors.learned import ChangeDetector


@overload
def from_pretrained(  # type: ignore[overload-overlap]  # who keeps a name of these in a variable is told of a network
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
