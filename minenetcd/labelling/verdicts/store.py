"""Verdicts on the polygons of a result: given, undone, counted, and the queue of what is to be judged next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from shapely.geometry.base import BaseGeometry

from minenetcd.errors import InputError
from minenetcd.files import in_turn, settle
from minenetcd.geo.polygons.geometry_blobs import from_blob
from minenetcd.geo.polygons.given_verdicts import GEOPACKAGE
from minenetcd.geo.polygons.vector_files import layer_of, read_polygons
from minenetcd.geo.polygons.wkb_checks import POLYGONS
from minenetcd.labelling.verdicts.counts import ReviewCounts, counts_of, unreviewed
from minenetcd.labelling.verdicts.doubt import Measured, most_doubtful_first
from minenetcd.labelling.verdicts.history import append, measures_of, revision_of, undo
from minenetcd.labelling.verdicts.images import images_of
from minenetcd.labelling.verdicts.judgeable import STATUS, judgeable, problems_of
from minenetcd.labelling.verdicts.outlines import outline_on
from minenetcd.labelling.verdicts.polygons_file import make_geopackage, polygons_file
from minenetcd.labelling.verdicts.standing import Standing, standing_since
from minenetcd.labelling.verdicts.tables import (
    EDITED,
    LAYER,
    REVIEWED,
    columns_of,
    geometry_column,
    geopackage,
    is_prepared,
    prepare,
)
from minenetcd.labelling.verdicts.verdict import (
    STATUSES,
    Verdict,
    checked_comment,
    checked_confidence,
    checked_name,
    checked_status,
)

_SIZES = ("area_ha", "area_px")
_OF_DOUBT = ("confidence_mean", "threshold", "agreement")


@dataclass(frozen=True)
class Looked:
    """A review at one moment. `changed`: polygons of which anything was said, or taken back, after the step `since`."""

    counts: ReviewCounts
    queue: list[int]
    changed: list[Standing]
    since: int = 0

    @property
    def revision(self) -> int:
        return self.counts.revision


class Verdicts:
    """What people say of the polygons of the finished result in a folder; all of it lies in its GeoPackage.

    Nothing is kept in memory: each call reads the file as it is, and each change is a transaction of its own, so that
    several people, tabs and processes may judge at once, and a kill loses none. A result that is being made anew in
    that folder is waited for. Raises InputError where the folder holds no result, or a damaged one; OutputError where
    it cannot be written, or another program is writing to it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(f"A folder with a finished result is needed, there is no folder {folder}: name another.")
        settle(self.folder)
        polygons_file(self.folder)

    @property
    def revision(self) -> int:
        """How many steps were taken; it differs where anybody has changed anything."""
        with self._reading() as database:
            return 0 if database is None or not is_prepared(database) else revision_of(database)

    def queue(self) -> list[int]:
        """Ids of the polygons without a verdict, largest doubt x area first (`doubt`)."""
        with self._reading() as database:
            if database is None:
                return most_doubtful_first(_of_frame(read_polygons(polygons_file(self.folder))))
            return most_doubtful_first(_of_layer(database))

    def counts(self) -> ReviewCounts:
        """How many polygons, and how much area, stand as accepted, rejected, unsure, and unreviewed."""
        with self._reading() as database:
            if database is not None:
                return counts_of(database)
        frame = read_polygons(polygons_file(self.folder))
        size = next(name for name in _SIZES if name in frame)
        return unreviewed(len(frame), float(frame[size].sum()), size.removeprefix("area_"))

    def statuses(self) -> dict[int, str]:
        """Id -> status of the polygons that have a verdict."""
        with self._reading() as database:
            if database is None or not is_prepared(database):
                return {}
            sound = f"{STATUS} IS NOT NULL AND {judgeable(database)}"
            return {
                row["id"]: row["said"]
                for row in database.execute(f"SELECT id, {STATUS} AS said FROM {LAYER} WHERE {sound}")
            }

    def problems(self) -> list[str]:
        """What is wrong with rows that somebody edited elsewhere, one line each; they are left out of everything."""
        with self._reading() as database:
            return [] if database is None else problems_of(database)

    def look(self, since: int = 0) -> "Looked":
        """The queue, the counts, and what changed after the step `since`, all of one moment."""
        with self._reading() as database:
            if database is None or not is_prepared(database):
                return Looked(self.counts(), self.queue(), [])
            counts = counts_of(database)
            since = since if 0 <= since <= counts.revision else 0  # of another result that was here before
            return Looked(counts, most_doubtful_first(_of_layer(database)), standing_since(database, since), since)

    def give(
        self, polygon: int, status: str, *, by: str, comment: str | None = None, geometry: BaseGeometry | None = None
    ) -> Verdict:
        """Say what the polygon with this id is; it stands in place of what was said of it before.

        `status`: accepted, rejected or unsure. `comment`: None leaves what was said, "" takes it away. `geometry`: a
        better outline in the CRS of the result, which stands beside the original one. InputError for a polygon that is
        not there, and for an outline that crosses itself or lies elsewhere.
        """
        status, by, comment = checked_status(status), checked_name(by), checked_comment(comment)
        polygon = int(polygon)  # SQLite takes a number of numpy's for bytes
        with self._writing() as database:
            self._check_polygon(database, polygon)
            outline = None if geometry is None else outline_on(self.folder, geometry, geometry_column(database)[1])
            images = images_of(database, self.folder)
            return append(database, [polygon], status, by, comment=comment, images=images, outline=outline)[0]

    def accept_above(self, confidence: float, *, by: str) -> list[Verdict]:
        """Accept every polygon without a verdict whose mean probability is `confidence` or more, in one step."""
        confidence, by = checked_confidence(confidence), checked_name(by)
        with self._writing() as database:
            if "confidence_mean" not in columns_of(database, LAYER):
                raise InputError(f"Polygons with a confidence are needed, {self.folder} has none: predict again.")
            sound = f"typeof(confidence_mean) IN ('real', 'integer') AND {judgeable(database)}"
            asked = f"SELECT id FROM {LAYER} WHERE {STATUS} IS NULL AND confidence_mean >= ? AND {sound} ORDER BY id"
            ids = [row["id"] for row in database.execute(asked, [confidence])]
            if not ids:
                return []
            return append(database, ids, "accepted", by, comment=None, images=images_of(database, self.folder))

    def undo(self, *, by: str) -> Verdict | None:
        """Take the last step back that this person took and that was not taken back; the first verdict of it.

        What others have said of the same polygon since then stands; else what stood before stands again. None where
        there is no such step.
        """
        by = checked_name(by)
        with self._reading() as database:
            if database is None or not is_prepared(database):
                return None
        with self._writing() as database:
            undone = undo(database, by)
        return undone[0] if undone else None

    def polygons(self) -> GeoDataFrame:
        """All that can be judged, with the columns of change.gpkg and those of a verdict.

        These are `status`, `reviewed_by`, `reviewed_at`, `comment` and `edited`. Where an outline was edited, that one
        and its area and perimeter stand here.
        """
        with self._reading() as database:
            frame = read_polygons(polygons_file(self.folder)) if database is None else _judgeable_of(database)
            for name in REVIEWED:
                said = frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index)
                frame[name] = said.astype(object).where(said.notna(), None)
            frame["status"] = frame["status"].where(frame["status"].isin(STATUSES), None)
            frame["reviewed_at"] = pd.to_datetime(frame["reviewed_at"], utc=True, errors="coerce")
            frame["edited"] = False
            if database is not None and is_prepared(database):
                _put_edited(frame, database)
        return frame

    def _check_polygon(self, database: sqlite3.Connection, polygon: int) -> None:
        """InputError where it is not there, or cannot be judged."""
        asked = f"SELECT {judgeable(database)} FROM {LAYER} WHERE id = ?"
        rows = database.execute(asked, [polygon]).fetchall()
        if not rows:
            raise InputError(f"There is no polygon {polygon} in {self.folder / GEOPACKAGE}: take an id of its layer.")
        if not rows[0][0]:
            why = " ".join(problems_of(database))
            raise InputError(f"Polygon {polygon} in {self.folder / GEOPACKAGE} cannot be judged. {why}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The GeoPackage; None of a picture that nobody has judged."""
        settle(self.folder)
        path = polygons_file(self.folder)
        if path.name != GEOPACKAGE:
            yield None
            return
        with geopackage(path).reading() as database:
            yield database

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The GeoPackage, ready for verdicts; no new result takes its place meanwhile."""
        with in_turn(self.folder), geopackage(make_geopackage(self.folder)).writing() as database:
            measures_of(database)
            prepare(database)
            yield database


def _of_layer(database: sqlite3.Connection) -> Measured:
    """The polygons without a verdict; results of earlier versions say less of them."""
    area, _ = measures_of(database)
    held = columns_of(database, LAYER)
    known = [
        f"CASE WHEN typeof({name}) IN ('real', 'integer') THEN {name} END" if name in held else "NULL"
        for name in _OF_DOUBT
    ]
    wanted = judgeable(database) + (f" AND {STATUS} IS NULL" if is_prepared(database) else "")
    asked = f"SELECT id, {area}, {', '.join(known)} FROM {LAYER} WHERE {wanted}"
    rows = np.array([tuple(row) for row in database.execute(asked)], dtype=np.float64).reshape(-1, 2 + len(known))
    return Measured(rows[:, 0].astype(np.int64), *rows[:, 1:].T)


def _judgeable_of(database: sqlite3.Connection) -> GeoDataFrame:
    """The polygons that can be judged, as GDAL reads them."""
    frame = layer_of(database, LAYER)
    ids = [row[0] for row in database.execute(f"SELECT id FROM {LAYER} WHERE {judgeable(database)}")]
    frame = frame[frame["id"].isin(ids) & ~frame.geometry.isna()].drop_duplicates("id").reset_index(drop=True)
    return frame.astype({"id": np.int64})


def _of_frame(frame: GeoDataFrame) -> Measured:
    size = next(name for name in _SIZES if name in frame)
    missing = pd.Series(np.nan, index=frame.index)
    known = (frame.get(name, missing).to_numpy(np.float64, na_value=np.nan) for name in _OF_DOUBT)
    return Measured(frame["id"].to_numpy(np.int64), frame[size].to_numpy(np.float64), *known)


def _put_edited(frame: GeoDataFrame, database: sqlite3.Connection) -> None:
    """Edited outlines in place of the original ones of `frame`."""
    names = measures_of(database)
    rows = database.execute(f"SELECT id, geom, {', '.join(names)} FROM {EDITED}").fetchall()
    if not rows:
        return
    place = pd.Series(frame.index, index=frame["id"])
    rows = [row for row in rows if row["id"] in place.index]  # somebody removed the polygon in a GIS
    if not rows:
        return
    places = [place[row["id"]] for row in rows]
    outlines = np.array([from_blob(row["geom"], POLYGONS) for row in rows], dtype=object)
    frame.loc[places, "geometry"] = GeoDataFrame(geometry=outlines, crs=frame.crs, index=places).geometry
    frame.loc[places, "edited"] = True
    for name in names:
        frame.loc[places, name] = [row[name] for row in rows]
