"""Ordinary edits of the layer `change` in a GIS: the review stays usable, and what is left out is told."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from minenetcd.errors import InputError
from minenetcd.geo.polygons.geometry_blobs import add_spatial_functions
from minenetcd.labelling.learning.reading.reviewed import read_reviewed
from minenetcd.labelling.verdicts.refreshing import refresh
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.web.results.folder import ResultFolder

#: SQL that a GIS runs, what of the six polygons can be judged after it, and words of what is told.
EDITS = {
    "another status": ("UPDATE change SET status = 'Accepted!' WHERE id = 3", 6, "have another .'Accepted!'."),
    "another time": ("UPDATE change SET reviewed_at = '30.11.2026' WHERE id = 1", 6, None),
    "no reviewer": ("UPDATE change SET status = 'accepted' WHERE id = 3", 6, None),
    "a reviewer in numbers": ("UPDATE change SET reviewed_by = 7, comment = 8 WHERE id = 1", 6, None),
    "removed": ("DELETE FROM change WHERE id = 1", 5, None),
    "split": ("INSERT INTO change ({all}) SELECT {all} FROM change WHERE id = 3", 5, "share theirs, as after a split"),
    "new": ("INSERT INTO change (geom, status) SELECT geom, 'accepted' FROM change WHERE id = 3", 6, "lack some"),
    "no area": ("UPDATE change SET area_ha = NULL WHERE id = 3", 5, "lack some"),
    "no perimeter": ("UPDATE change SET perimeter_m = NULL WHERE id = 3", 5, "lack some"),
    "no outline": ("UPDATE change SET geom = NULL WHERE id = 3", 5, "lack some"),
    "an empty outline": ("UPDATE change SET geom = x'47500011E67F0000010600000000000000' WHERE id = 3", 5, "lack"),
    "no id": ("UPDATE change SET id = NULL WHERE id = 3", 5, "lack some"),
    "words for an id": ("UPDATE change SET id = 'three' WHERE id = 3", 5, "lack some"),
    "no confidence": ("UPDATE change SET confidence_mean = 'high', threshold = NULL WHERE id = 3", 6, None),
}  # fmt: skip


def edited(result: Path, statement: str) -> Verdicts:
    """A result with a verdict, an outline drawn anew, and the edit."""
    verdicts = Verdicts(result)
    verdicts.give(1, "accepted", by="Ann", geometry=verdicts.polygons().set_index("id").geometry[1])
    verdicts.give(2, "rejected", by="Bo")
    with closing(sqlite3.connect(result / "change.gpkg")) as database:
        add_spatial_functions(database)
        names = [row[1] for row in database.execute("PRAGMA table_info(change)") if row[1] != "fid"]
        database.execute(statement.format(all=", ".join(names)))
        database.commit()
    return verdicts


@pytest.fixture(params=EDITS)
def edit(request: pytest.FixtureRequest) -> tuple[str, int, str | None]:
    return EDITS[request.param]


def test_a_review_goes_on(result: Path, edit: tuple[str, int, str | None]) -> None:
    statement, places, told = edit
    verdicts = edited(result, statement)
    looked, counts = verdicts.look(), verdicts.counts()
    assert counts.places == places == len(verdicts.polygons())
    assert sorted(looked.queue) == sorted(set(verdicts.polygons()["id"]) - set(verdicts.statuses()))
    assert all(0 < id < 100 for id in looked.queue)
    assert set(verdicts.polygons()["status"]) <= {"accepted", "rejected", None}
    problems = verdicts.problems()
    assert (len(problems), told is None or bool(re.search(told, problems[0]))) == (told is not None, True)
    given = [verdicts.give(id, "accepted", by="Ann").polygon for id in looked.queue]
    assert given == looked.queue
    assert verdicts.queue() == [] == verdicts.accept_above(0, by="Ann")
    assert refresh(result).problems == tuple(verdicts.problems())


def test_learning_reads_what_can_be_judged(result: Path, edit: tuple[str, int, str | None]) -> None:
    statement, places, _ = edit
    edited(result, statement)
    assert len(read_reviewed(result).status) == places


def test_pages_show_and_tell_it(result: Path, edit: tuple[str, int, str | None]) -> None:
    statement, places, told = edit
    edited(result, statement)
    with ResultFolder.read(result) as opened:
        assert opened.geojson().count('"type":"Feature",') == places
        described = opened.description("id", tiles=str, polygons="")
    assert told is None or any(re.search(told, warning) for warning in described.warnings)


def test_what_cannot_be_judged_is_refused_with_what_to_do(result: Path) -> None:
    verdicts = edited(result, EDITS["split"][0])
    with pytest.raises(InputError, match=r"Polygon 3 in .* cannot be judged\. .* the features 3, 7 .fid. .* a new id"):
        verdicts.give(3, "accepted", by="Ann")


@pytest.mark.needs("fastapi")
@pytest.mark.needs("httpx")
def test_a_server_answers(result: Path, edit: tuple[str, int, str | None]) -> None:
    from web.review.test_verdicts_api import ADDRESS, client_of

    edited(result, edit[0])
    for client in client_of(result):
        state = client.get(ADDRESS)
        assert state.status_code == 200, state.text
        body = {"polygon": state.json()["queue"][0], "status": "unsure", "by": "Cy"}
        assert client.post(ADDRESS, json=body).status_code == 200
        assert client.get("/api/results/change/polygons").status_code == 200
        assert client.get("/api/results/change").status_code == 200
