"""What a pair leaves when it is finished: a note beside its results, by which a later run knows them."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from minenetcd.errors import MineNetCDError
from minenetcd.files import settle, sha256, write_json
from minenetcd.files.notes import read_note
from minenetcd.geo.grid import SQUARE_METRES_PER_HECTARE
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.plain_facts import plain, restored
from minenetcd.prediction.outputs import SavedPrediction
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.result import ScenePrediction

NOTE = "pair.json"


@dataclass(frozen=True)
class FinishedPair:
    """One result: names of its files, and what a table of many results says of it.

    `made_from` is equal where the same files were read in the same way; `checksum` is that of `details`. `place`:
    longitude and latitude of the middle of what both dates show. `hectares`: on the ellipsoid, or by the size of a
    pixel that was stated of a picture; None where nobody says.
    """

    made_from: str
    checksum: str
    raster: str
    probability: str
    vector: str
    report: str
    details: str
    also: tuple[str, ...]
    detector: str
    threshold: float
    date_before: date | None
    date_after: date | None
    hectares: float | None
    changed_pixels: int
    valid_pixels: int
    polygons: int
    seconds: float
    place: tuple[float, float] | None
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, result: ScenePrediction, saved: SavedPrediction, made_from: str) -> Self:
        """What is noted of `result`, which is `saved`."""
        facts, days = result.facts, result.facts.days()
        shared = result.grid.part(facts.overlap)
        place = None
        if shared.is_georeferenced:
            bounds = shared.bounds_degrees
            place = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
        raster, probability, vector, report, details, *also = (path.name for path in saved)
        return cls(
            made_from, sha256(saved.details),
            raster, probability, vector, report, details, tuple(also),
            detector=facts.model, threshold=result.threshold, **days,
            hectares=_hectares(result),
            changed_pixels=result.changed_pixels, valid_pixels=result.valid_pixels,
            polygons=len(result.polygons), seconds=result.seconds, place=place, warnings=tuple(result.warnings),
        )  # fmt: skip

    @property
    def changed_share(self) -> float:
        """Changed of valid pixels, 0 to 1."""
        return self.changed_pixels / self.valid_pixels

    def rasters(self, folder: Path, facts: SceneFacts) -> SceneRasters:
        """Its map and probability in `folder`; `facts` are those of its details."""
        stored = StoredProbability(self.threshold, as_float=facts.options.float_probability)
        return SceneRasters(facts.grid, stored, folder / self.probability, folder / self.raster, {})

    def write(self, folder: Path) -> None:
        """Note it beside its files in `folder`: this is written last."""
        write_json(folder / NOTE, plain(self))

    def is_whole(self, folder: Path) -> bool:
        """Whether its files are in `folder`."""
        files = (self.raster, self.probability, self.vector, self.report, self.details, *self.also)
        return all((folder / name).is_file() for name in files)

    def is_as_written(self, folder: Path) -> bool:
        """Whether nobody made another result of it in `folder`, as `rethreshold` does."""
        return sha256(folder / self.details) == self.checksum


def _hectares(result: ScenePrediction) -> float | None:
    metres = result.facts.options.metres_per_pixel
    if result.hectares is not None or metres is None:
        return result.hectares
    return result.changed_pixels * metres**2 / SQUARE_METRES_PER_HECTARE


def finished_in(folder: Path, made_from: str) -> FinishedPair | None:
    """The result in `folder`, where it is whole and was made from that, if another was made of it since or not."""
    try:
        settle(folder)
        noted = json.loads(read_note(folder / NOTE) or "null")
        found: FinishedPair = restored(FinishedPair, noted)
    except (OSError, MineNetCDError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None  # none, or not one of this version: it is made anew
    return found if found.made_from == made_from and found.is_whole(folder) else None
