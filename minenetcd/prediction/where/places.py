"""What an analysis was told of places in one scene."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from minenetcd.files import sha256
from minenetcd.geo.areas.limits import NO_LIMITS, Limits
from minenetcd.geo.areas.wanted import split_layer, vector_files
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.where.rows import Row

if TYPE_CHECKING:  # whoever was told nothing need not wait for polygons
    from minenetcd.prediction.where.concessions import Concessions
    from minenetcd.prediction.where.known_mines import KnownMines


@dataclass(frozen=True)
class KnownPlaces:
    """What polygons of a result are compared with: kept with it, since another threshold gives others."""

    concessions: "Concessions | None" = None
    known_mines: "KnownMines | None" = None


NOTHING_KNOWN = KnownPlaces()


@dataclass(frozen=True)
class ScenePlaces:
    """`limits` of what is looked at, `known` places, `told`: files and what they are, in words, by the keys of LABELS.

    `files`: all that lie here, by what they are.
    """

    limits: Limits = NO_LIMITS
    known: KnownPlaces = NOTHING_KNOWN
    told: tuple[Row, ...] = ()
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)

    @property
    def digests(self) -> dict[str, str]:
        """Of the contents of the files, by what they are."""
        return {name: _digest(files) for name, files in self.files.items()}


NO_PLACES = ScenePlaces()


def files_named(options: PredictOptions) -> tuple[Path, ...]:
    """The files that `options` name of places, whether they are there or not; none that is found beside an image."""
    masks = [mask.name for mask in (*options.masks_before, *options.masks_after)]
    named = [text for text in (options.aoi, options.leases, options.prior, *masks) if text is not None]
    return tuple(path for text in dict.fromkeys(named) for path in vector_files(Path(split_layer(text)[0])))


def _digest(files: Sequence[Path]) -> str:
    """Of the contents of `files`."""
    return hashlib.sha256("".join(sha256(file) for file in files if file.is_file()).encode()).hexdigest()
