"""What one person says of a result: what stands, what is kept, what is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from minenetcd.errors import InputError, OptionError
from minenetcd.geo.polygons.hectares import geodesic_hectares
from minenetcd.labelling.verdicts.doubt import doubt
from minenetcd.labelling.verdicts.store import Verdicts

GPKG = "change.gpkg"


def test_a_verdict_stands_in_the_layer_with_who_and_when(result: Path) -> None:
    verdict = Verdicts(result).give(2, "rejected", by="Ann", comment="shadow")
    row = gpd.read_file(result / GPKG, layer="change").set_index("id").loc[2]
    assert [row["status"], row["reviewed_by"], row["comment"]] == ["rejected", "Ann", "shadow"]
    assert row["reviewed_at"] == verdict.at
    assert (verdict.polygon, verdict.replaces, verdict.edited) == (2, None, False)


def test_the_history_keeps_both_images_and_what_was_replaced(result: Path) -> None:
    verdicts = Verdicts(result)
    first = verdicts.give(1, "unsure", by="Ann")
    second = verdicts.give(1, "accepted", by="Ben", comment="a new pit")
    assert second.replaces == first.id
    history = pyogrio.read_dataframe(result / GPKG, layer="verdicts")
    assert history["status"].tolist() == ["unsure", "accepted"]
    assert history["image_before"].str.endswith("2019-06-01.tif").all()
    assert history["image_after"].str.endswith("2023-06-01.tif").all()
    assert history["date_before"].astype(str).str[:10].tolist() == ["2019-06-01"] * 2
    assert history[["sha256_before", "sha256_after"]].map(len).eq(64).all().all()


def test_the_queue_goes_by_doubt_and_area(result: Path) -> None:
    verdicts, frame = Verdicts(result), gpd.read_file(result / GPKG, layer="change")
    doubts = doubt(frame["confidence_mean"].to_numpy(), frame["threshold"].to_numpy(), np.full(len(frame), np.nan))
    worth = frame["area_ha"] * doubts
    assert verdicts.queue() == frame["id"][np.argsort(-worth, kind="stable")].tolist()
    assert verdicts.queue()[0] != 1  # the largest is sure
    verdicts.give(verdicts.queue()[0], "accepted", by="Ann")
    assert len(verdicts.queue()) == len(frame) - 1


@pytest.mark.parametrize(
    ("confidence", "threshold", "agreement", "expected"),
    [
        (0.5, 0.5, None, 1.0),
        (1.0, 0.5, None, 0.0),
        (0.75, 0.5, None, 0.5),
        (0.75, 0.5, 1.0, 0.25),
        (0.75, 0.5, 0.0, 0.75),
        (None, 0.5, 0.2, 0.8),
        (None, None, None, 1.0),
        (0.4, 0.5, None, 1.0),
        (1.0, 1.0, None, 0.0),
    ],
)
def test_doubt(confidence: float | None, threshold: float | None, agreement: float | None, expected: float) -> None:
    numbers = (np.array([value], dtype=np.float64) for value in (confidence, threshold, agreement))
    assert doubt(*numbers) == pytest.approx([expected])


def test_an_edited_outline_stands_beside_the_original(result: Path) -> None:
    original = gpd.read_file(result / GPKG, layer="change").set_index("id")
    better = original.geometry[3].buffer(40)
    verdicts = Verdicts(result)
    assert verdicts.give(3, "accepted", by="Ann", geometry=better).edited
    after = gpd.read_file(result / GPKG, layer="change").set_index("id")
    assert after.geometry.geom_equals(original.geometry).all()
    assert after["area_ha"].equals(original["area_ha"])
    edited = gpd.read_file(result / GPKG, layer="edited").set_index("id")
    assert edited.crs == original.crs
    assert edited.geometry[3].equals(shapely.multipolygons([better]))
    assert edited["area_ha"][3] == pytest.approx(geodesic_hectares(better, original.crs), rel=1e-9)
    now = verdicts.polygons().set_index("id")
    assert now["edited"].tolist() == [id == 3 for id in now.index]
    assert now.geometry[3].equals(edited.geometry[3])
    assert verdicts.counts().parts["accepted"].area == pytest.approx(edited["area_ha"][3])
    with closing(sqlite3.connect(result / GPKG)) as database:
        extent = database.execute("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'edited'")
        assert extent.fetchone() == pytest.approx(better.bounds)


def test_an_outline_outlives_the_next_verdict_and_goes_with_its_undoing(result: Path) -> None:
    verdicts = Verdicts(result)
    better = verdicts.polygons().set_index("id").geometry[3].buffer(40)
    verdicts.give(3, "accepted", by="Ann", geometry=better)
    verdicts.give(3, "unsure", by="Ben")
    assert verdicts.polygons()["edited"].sum() == 1
    verdicts.undo(by="Ann")
    assert not verdicts.polygons()["edited"].any()
    assert verdicts.statuses() == {3: "unsure"}
    assert gpd.read_file(result / GPKG, layer="edited").empty


def test_comments_stay_until_another_comes(result: Path) -> None:
    verdicts = Verdicts(result)
    verdicts.give(1, "unsure", by="Ann", comment="clouds?")
    assert verdicts.give(1, "accepted", by="Ann").comment == "clouds?"
    assert verdicts.give(1, "accepted", by="Ann", comment="").comment is None
    verdicts.undo(by="Ann")
    assert verdicts.polygons().set_index("id")["comment"][1] == "clouds?"


def test_many_at_once_are_one_step_and_leave_what_was_judged(result: Path) -> None:
    verdicts = Verdicts(result)
    surest = gpd.read_file(result / GPKG, layer="change").set_index("id")["confidence_mean"]
    verdicts.give(1, "rejected", by="Ann")
    accepted = verdicts.accept_above(float(surest[2]), by="Ann")
    assert {each.polygon for each in accepted} == {*surest.index[surest >= surest[2]]} - {1}
    assert verdicts.revision == 2
    verdicts.undo(by="Ann")
    assert verdicts.statuses() == {1: "rejected"}
    assert verdicts.accept_above(1.0, by="Ann") == []
    assert verdicts.revision == 3  # what changes nothing is no step


def test_nothing_is_written_by_looking(result: Path) -> None:
    before = (result / GPKG).read_bytes()
    verdicts = Verdicts(result)
    assert (verdicts.revision, verdicts.statuses(), verdicts.undo(by="Ann")) == (0, {}, None)
    assert verdicts.counts().reviewed == 0
    assert verdicts.polygons()["status"].isna().all()
    assert len(verdicts.queue()) == 6
    assert (result / GPKG).read_bytes() == before


def test_the_file_stays_a_geopackage_to_which_a_gis_writes(result: Path) -> None:
    verdicts = Verdicts(result)
    better = verdicts.polygons().set_index("id").geometry[3].buffer(40)
    verdicts.give(3, "accepted", by="Ann", geometry=better)
    names = {str(name): kind for name, kind in pyogrio.list_layers(result / GPKG)}
    assert {"change": "MultiPolygon", "edited": "MultiPolygon", "verdicts": None}.items() <= names.items()
    more = gpd.GeoDataFrame(
        {"id": [99], "area_ha": [0.0], "perimeter_m": [0.0]}, geometry=[shapely.multipolygons([better])], crs=32633
    )
    pyogrio.write_dataframe(more, result / GPKG, layer="change", append=True)  # as a GIS does
    with closing(sqlite3.connect(result / GPKG)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert gpd.read_file(result / GPKG, layer="change", bbox=tuple(better.bounds))["id"].tolist() == [3, 99]
    assert verdicts.statuses() == {3: "accepted"}


def test_a_verdict_can_be_neither_removed_nor_rewritten(result: Path) -> None:
    Verdicts(result).give(1, "accepted", by="Ann")
    with closing(sqlite3.connect(result / GPKG)) as database:
        for statement in ("DELETE FROM verdicts", "UPDATE verdicts SET status = 'rejected'"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                database.execute(statement)


def test_pictures_get_a_geopackage_with_their_first_verdict(picture_result: Path) -> None:
    verdicts = Verdicts(picture_result)
    assert not (picture_result / GPKG).exists()
    assert (len(verdicts.queue()), verdicts.counts().unit) == (6, "px")
    original = verdicts.polygons().set_index("id")
    verdicts.give(1, "accepted", by="Ann")
    verdicts.give(2, "accepted", by="Ann", geometry=shapely.box(10, 10, 20, 30))
    assert (picture_result / GPKG).exists()
    now = verdicts.polygons().set_index("id")
    assert now["area_px"][2] == 200
    assert now.geometry[1].equals(original.geometry[1])
    assert verdicts.counts().parts["accepted"].area == original["area_px"][1] + 200
    frame = pyogrio.read_dataframe(picture_result / GPKG, layer="change")
    assert frame["agreement"].dtype == float
    assert str(frame["date_before"].dtype).startswith("datetime") or frame["date_before"].isna().all()


@pytest.mark.parametrize(
    ("polygon", "status", "more", "says"),
    [
        (99, "accepted", {}, "no polygon 99"),
        (1, "right", {}, "accepted, rejected, unsure"),
        (1, "accepted", {"by": " "}, "the name of who gives it"),
        (1, "accepted", {"by": "x" * 81}, "81 letters"),
        (1, "accepted", {"comment": "x" * 2001}, "2,001"),
        (1, "accepted", {"geometry": shapely.Point(0, 0)}, "has to be a polygon"),
        (1, "accepted", {"geometry": shapely.Polygon()}, "has to be a polygon"),
        (1, "accepted", {"geometry": shapely.box(0, 0, 1, 1)}, "beside them"),
        (1, "accepted", {"geometry": shapely.Polygon([(4e5, 5.6e6), (4.01e5, 5.59e6), (4.01e5, 5.6e6), (4e5, 5.59e6)])},
         "cross itself"),
    ],
)  # fmt: skip
def test_what_is_no_verdict_is_one_line_and_changes_nothing(
    result: Path, polygon: int, status: str, more: dict, says: str
) -> None:
    verdicts = Verdicts(result)
    with pytest.raises(InputError, match=says) as refused:
        verdicts.give(polygon, status, **{"by": "Ann", **more})
    assert "\n" not in str(refused.value)
    assert (verdicts.revision, verdicts.statuses()) == (0, {})


@pytest.mark.parametrize("confidence", [-0.1, 1.5, float("nan")])
def test_a_confidence_is_0_to_1(result: Path, confidence: float) -> None:
    with pytest.raises(OptionError, match="from 0 to 1"):
        Verdicts(result).accept_above(confidence, by="Ann")


def test_names_and_comments_carry_no_control_characters(result: Path) -> None:
    verdict = Verdicts(result).give(1, "accepted", by="Ann\x1b[2J", comment="a\n<b>\x07")
    assert (verdict.by, verdict.comment) == ("Ann[2J", "a <b>")


def test_a_look_tells_what_changed_since_a_step(result: Path) -> None:
    verdicts = Verdicts(result)
    original = verdicts.polygons().set_index("id")
    assert (verdicts.look().revision, verdicts.look().changed) == (0, [])
    verdicts.give(1, "accepted", by="Ann", comment="pit")
    verdicts.give(2, "rejected", by="Ben", geometry=original.geometry[2].buffer(20))
    assert [one.polygon for one in verdicts.look().changed] == [1, 2]
    (second,) = verdicts.look(since=1).changed
    assert (second.polygon, second.status, second.by, second.edited) == (2, "rejected", "Ben", True)
    assert second.outline is not None
    assert second.outline.equals(original.geometry[2].buffer(20))
    verdicts.undo(by="Ben")
    (second,) = verdicts.look(since=2).changed
    assert (second.status, second.edited, second.area) == (None, False, original["area_ha"][2])
    assert second.outline is not None
    assert second.outline.equals(original.geometry[2])
    assert verdicts.look(since=3).changed == []
    assert verdicts.look(since=99).since == 0  # another result lay here then
    assert verdicts.look(since=1).queue == verdicts.queue()
    assert verdicts.look(since=1).counts == verdicts.counts()
