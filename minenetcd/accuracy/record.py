"""A sample as it lies in its folder: what is common to its points, and the points.

sample.json holds the strata, which no person who judges should know, samples.gpkg a row for each point. Both carry the
sample's identity, a checksum over strata and points, and so does each table of references that belongs to it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.accuracy.classes import MapClass
from minenetcd.errors import DataError
from minenetcd.files import settle, write_json
from minenetcd.files.database import Database
from minenetcd.foreign import read_json, refuse_links_out
from minenetcd.geo.polygons.geometry_blobs import add_spatial_functions
from minenetcd.geo.polygons.vector_files import OF_GEOPACKAGES, layer_of
from minenetcd.prediction.kept.plain_facts import plain, restored

FORMAT = 1
RECORD, POINTS, TO_FILL_IN = "sample.json", "samples.gpkg", "samples.csv"

#: What a row of samples.gpkg holds beside its point; a person fills in the last two.
COLUMNS = (
    *("id", "stratum", "map_class", "probability", "weight", "row", "col", "lon", "lat"),
    *("sample", "reference", "comment"),
)


@dataclass(frozen=True)
class Stratum:
    """A part of the map, all of one class, that was sampled by itself. `weight`: pixels that a point stands for.

    `confidence`: the least mapped probability in it, where change is divided by that.
    """

    name: str
    map_class: int
    pixels: int
    hectares: float
    points: int
    expected: float
    confidence: float | None = None

    @property
    def weight(self) -> float:
        return self.pixels / self.points


@dataclass(frozen=True)
class SampleRecord:
    """What is common to the points of a sample.

    `about` says in words what was mapped and how the size was found. `confidence`: pixels of change by mapped
    probability, in 254 parts; () where none is known. `other_pixels`: of the raster, without class or data.
    """

    seed: int
    classes: tuple[MapClass, ...]
    change: int | None
    strata: tuple[Stratum, ...]
    about: Mapping[str, str]
    confidence: tuple[int, ...] = ()
    other_pixels: int = 0
    identity: str = ""
    format: int = FORMAT

    @property
    def hectares(self) -> float:
        """Of all strata."""
        return sum(stratum.hectares for stratum in self.strata)

    @property
    def points(self) -> int:
        return sum(stratum.points for stratum in self.strata)

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Of the map, by area (H,)."""
        return np.array([stratum.hectares for stratum in self.strata]) / self.hectares

    def identified(self, points: pd.DataFrame) -> "SampleRecord":
        """With the identity that belongs to its `points`."""
        return replace(self, identity=self.identity_with(points))

    def identity_with(self, points: pd.DataFrame) -> str:
        """A checksum over everything that an estimate takes from the sample."""
        common = plain(replace(self, identity="", about={}))
        kept = points.sort_values("id")[["id", "stratum", "map_class", "row", "col"]]
        steps = [None if np.isnan(each) else round(float(each), 6) for each in points.sort_values("id")["probability"]]
        text = json.dumps([common, kept.to_numpy().tolist(), steps], sort_keys=True, default=str)
        return f"s{hashlib.sha256(text.encode()).hexdigest()[:15]}"  # no spreadsheet takes it for a number


@dataclass(frozen=True)
class StoredSample:
    """A sample read from its folder; `points` has the columns COLUMNS, one row a point, ordered by id."""

    folder: Path
    record: SampleRecord
    points: pd.DataFrame


def write_record(path: Path, record: SampleRecord) -> None:
    write_json(path, plain(record))


def read_sample(source: str | Path) -> StoredSample:
    """The sample in a folder, or beside a samples.gpkg. DataError where there is none, or it was changed."""
    path = Path(source)
    folder, table = (path.parent, path) if path.is_file() else (path, path / POINTS)
    if not (folder / RECORD).exists():
        raise DataError(
            f"A sample is needed, {folder} holds no {RECORD}: name a folder that minenetcd accuracy sample has written."
        )
    settle(folder)
    refuse_links_out(folder, RECORD, error=DataError)
    record, points = _read_record(folder / RECORD), read_points(table)
    if missing := [name for name in COLUMNS if name not in points]:
        raise DataError(f"{table} needs the column {missing[0]!r}, which was removed: draw the sample again.")
    if record.identity_with(points) != record.identity:
        raise DataError(
            f"The points that were drawn are needed, {table} has others than {folder / RECORD}, or was changed beside "
            "reference and comment: take the one that was written with it."
        )
    return StoredSample(folder, record, points.sort_values("id", ignore_index=True))


def points_file(path: Path) -> Database:
    """A samples.gpkg as a database."""
    advice = "take the one that was written, or draw again"
    tables = ("samples", *OF_GEOPACKAGES)
    return Database(path, "sample", advice, error=DataError, begins=add_spatial_functions, tables=tables)


def read_points(path: Path) -> pd.DataFrame:
    """The rows of a GeoPackage, without their places; texts are None where nothing stands. DataError, in one line."""
    with points_file(path).reading() as database:
        frame = pd.DataFrame(layer_of(database).drop(columns="geometry", errors="ignore"))
    return frame.astype({"id": str}) if "id" in frame else frame


def _read_record(path: Path) -> SampleRecord:
    kept = read_json(path, DataError)
    try:
        if kept["format"] != FORMAT:
            raise ValueError(f"its format is {kept['format']!r}, not {FORMAT}")
        record: SampleRecord = restored(SampleRecord, kept)
        if not record.strata or not record.classes or any(each.points < 1 for each in record.strata):
            raise ValueError("it has no strata")
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        words = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read ({words}): it is damaged or of another version; draw again.") from error
    return record
