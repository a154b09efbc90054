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
from minenetcd.geo.polygons.given_verdicts import GEOPACKAGE
from minenetcd.geo.polygons.vector_files import layer_of, read_polygons
from minenetcd.labelling.verdicts.counts import ReviewCounts, counts_of, unreviewed
from minenetcd.labelling.verdicts.doubt import Measured, most_doubtful_first
from minenetcd.labelling.verdicts.geometry_blobs import from_blob
from minenetcd.labelling.verdicts.history import append, measures_of, revision_of, undo
from minenetcd.labelling.verdicts.images import images_of
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
            rows = database.execute(f"SELECT id, status FROM {LAYER} WHERE status IS NOT NULL")
            return {row["id"]: row["status"] for row in rows}

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
        with self._writing() as database:
            if database.execute(f"SELECT 1 FROM {LAYER} WHERE id = ?", [polygon]).fetchone() is None:
                raise InputError(
                    f"There is no polygon {polygon} in {self.folder / GEOPACKAGE}: take an id of its layer."
                )
            outline = None if geometry is None else outline_on(self.folder, geometry, geometry_column(database)[1])
            images = images_of(database, self.folder)
            return append(database, [polygon], status, by, comment=comment, images=images, outline=outline)[0]

    def accept_above(self, confidence: float, *, by: str) -> list[Verdict]:
        """Accept every polygon without a verdict whose mean probability is `confidence` or more, in one step."""
        confidence, by = checked_confidence(confidence), checked_name(by)
        with self._writing() as database:
            if "confidence_mean" not in columns_of(database, LAYER):
                raise InputError(f"Polygons with a confidence are needed, {self.folder} has none: predict again.")
            asked = f"SELECT id FROM {LAYER} WHERE status IS NULL AND confidence_mean >= ? ORDER BY id"
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
        """All of them with the columns of change.gpkg, `status`, `reviewed_by`, `reviewed_at`, `comment` and `edited`.

        Where an outline was edited, that one and its area and perimeter stand here.
        """
        with self._reading() as database:
            frame = read_polygons(polygons_file(self.folder)) if database is None else layer_of(database, LAYER)
            for name in REVIEWED:
                said = frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index)
                frame[name] = said.astype(object).where(said.notna(), None)
            frame["reviewed_at"] = pd.to_datetime(frame["reviewed_at"], utc=True)
            frame["edited"] = False
            if database is not None and is_prepared(database):
                _put_edited(frame, database)
        return frame

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
    known = [name if name in held else "NULL" for name in _OF_DOUBT]
    unjudged = "WHERE status IS NULL" if is_prepared(database) else ""
    asked = f"SELECT id, {area}, {', '.join(known)} FROM {LAYER} {unjudged}"
    rows = np.array([tuple(row) for row in database.execute(asked)], dtype=np.float64).reshape(-1, 2 + len(known))
    return Measured(rows[:, 0].astype(np.int64), *rows[:, 1:].T)


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
    places = [place[row["id"]] for row in rows]
    outlines = np.array([from_blob(row["geom"]) for row in rows], dtype=object)
    frame.loc[places, "geometry"] = GeoDataFrame(geometry=outlines, crs=frame.crs, index=places).geometry
    frame.loc[places, "edited"] = True
    for name in names:
        frame.loc[places, name] = [row[name] for row in rows]
