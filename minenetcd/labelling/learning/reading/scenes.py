"""A judged scene: two dates as a detector reads them, and what people said of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid
from minenetcd.labelling.learning.truths import Truth


@dataclass(frozen=True)
class OpenScene:
    """Both dates on one grid, as a detector reads them, and what is known of them; closed by whoever opened it."""

    pair: AlignedPair
    truth: Truth


#: Opens a scene for the detector that learns.
Opener = Callable[[ChangeDetector], AbstractContextManager[OpenScene]]


@dataclass(frozen=True)
class JudgedScene:
    """A scene called `name`, made from files with these `checksums`.

    `counts`: how many polygons were accepted, rejected, unsure and not judged; of a mask the groups of changed and of
    unchanged pixels. `grid`: where it lies, and `metres` per pixel, None where nobody says. `truth_checksum`: one of
    what is said of it, place by place.
    """

    name: str
    grid: Grid
    metres: float | None
    checksums: frozenset[str]
    counts: dict[str, int]
    detector: str | None  # that made the result; None of labels
    open: Opener
    truth_checksum: str = ""


def other_bands(name: str, detector: ChangeDetector, count: int) -> str:
    """What an OptionError says of a scene whose images are read with `count` bands."""
    return (
        f"{detector.name} reads {len(detector.bands)} bands, the images of {name} are read with {count}: start from a "
        "detector that reads as many, or leave these out."
    )
