"""How much of a result people have accepted, rejected, and are unsure about."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from minenetcd.display.words import counted, number
from minenetcd.labelling.verdicts.history import measures_of, revision_of
from minenetcd.labelling.verdicts.judgeable import STATUS, judgeable, moment
from minenetcd.labelling.verdicts.tables import EDITED, LAYER, is_prepared
from minenetcd.labelling.verdicts.verdict import STATUSES

UNREVIEWED = "unreviewed"

_AREAS = f"""
SELECT coalesce({STATUS}, '{UNREVIEWED}') AS said, count(*) AS places, count({EDITED}.id) AS edited,
    sum(coalesce({EDITED}.%(area)s, {LAYER}.%(area)s)) AS area
FROM {LAYER} LEFT JOIN {EDITED} ON {EDITED}.id = {LAYER}.id WHERE %(judgeable)s GROUP BY 1"""
_REVIEWERS = f"""
SELECT DISTINCT reviewed_by FROM {LAYER}
WHERE {STATUS} IS NOT NULL AND typeof(reviewed_by) = 'text' AND %(judgeable)s ORDER BY 1"""
#: Times as they are kept are in the order of their letters.
_LAST = f"""
SELECT max(reviewed_at) FROM {LAYER}
WHERE {STATUS} IS NOT NULL AND reviewed_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*' AND %(judgeable)s"""


@dataclass(frozen=True)
class Part:
    """So many polygons, and their area: of outlines that stand, in the unit of the counts."""

    places: int = 0
    area: float = 0.0


@dataclass(frozen=True)
class ReviewCounts:
    """What stands. `unit`: "ha", of pictures "px". `reviewers`: who gave what stands; `last`: when, in UTC.

    `revision`: the step of the review that these are of.
    """

    parts: Mapping[str, Part]
    edited: int = 0
    unit: str = "ha"
    reviewers: tuple[str, ...] = field(default=())
    last: datetime | None = None
    revision: int = 0

    @property
    def reviewed(self) -> int:
        """Polygons with a verdict."""
        return sum(part.places for name, part in self.parts.items() if name != UNREVIEWED)

    @property
    def places(self) -> int:
        """All polygons."""
        return sum(part.places for part in self.parts.values())

    def as_json(self) -> dict[str, Any]:
        """The key `review` of summary.json."""
        return {
            **{name: self._part_as_json(part) for name, part in self.parts.items()},
            "edited": self.edited,
            "reviewers": list(self.reviewers),
            "last": None if self.last is None else self.last.isoformat(timespec="seconds"),
            "revision": self.revision,
        }

    def in_words(self) -> str:
        """In a line."""
        accepted, unsure = self.parts["accepted"], self.parts["unsure"]
        words = f"{self.area(accepted)} accepted in {counted(accepted.places, 'place')}"
        if unsure.places:
            words += f", {self.area(unsure)} unsure in {counted(unsure.places, 'place')}"
        return f"{words}; {self.reviewed:,} of {self.places:,} reviewed"

    def area(self, part: Part) -> str:
        """With its unit."""
        return f"{number(part.area)} ha" if self.unit == "ha" else f"{part.area:,.0f} pixels"

    def _part_as_json(self, part: Part) -> dict[str, Any]:
        is_ground = self.unit == "ha"
        return {
            "places": part.places,
            "hectares": part.area if is_ground else None,
            "pixels": None if is_ground else part.area,
        }


def counts_of(database: sqlite3.Connection) -> ReviewCounts:
    """Of a GeoPackage, whether anything in it was reviewed or not."""
    area, _ = measures_of(database)
    parts: dict[str, Part] = dict.fromkeys((*STATUSES, UNREVIEWED), Part())
    unit = area.removeprefix("area_")
    sound = {"area": area, "judgeable": judgeable(database)}
    if not is_prepared(database):
        asked = f"SELECT count(*), coalesce(sum({area}), 0) FROM {LAYER} WHERE {sound['judgeable']}"
        row = database.execute(asked).fetchone()
        return unreviewed(row[0], row[1], unit)
    edited = 0
    for row in database.execute(_AREAS % sound):
        parts[row["said"]] = Part(row["places"], row["area"] or 0.0)
        edited += row["edited"]
    return ReviewCounts(
        parts,
        edited=edited,
        unit=unit,
        reviewers=tuple(row[0] for row in database.execute(_REVIEWERS % sound)),
        last=moment(database.execute(_LAST % sound).fetchone()[0]),
        revision=revision_of(database),
    )


def unreviewed(places: int, area: float, unit: str) -> ReviewCounts:
    """Of a result that nobody has judged."""
    return ReviewCounts({**dict.fromkeys(STATUSES, Part()), UNREVIEWED: Part(places, area)}, unit=unit)
