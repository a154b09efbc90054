"""GeoPackages that others made, to harm: a line is said, and nothing falls over or hangs."""

import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from minenetcd.errors import InputError
from minenetcd.files import database as database_file
from minenetcd.geo.polygons.geometry_blobs import from_blob, to_blob
from minenetcd.geo.polygons.vector_files import read_polygons
from minenetcd.geo.polygons.wkb_checks import check_wkb
from minenetcd.labelling.verdicts.store import Verdicts

DEEP = struct.pack("<BII", 1, 7, 1) * 20_000 + struct.pack("<BII", 1, 7, 0)
SQUARE = shapely.box(0, 0, 2, 2)
SHAPES = [
    shapely.Point(1, 2), shapely.Point(1, 2, 3), shapely.MultiPoint([(0, 0), (1, 1)]), SQUARE,
    SQUARE.difference(shapely.box(0.5, 0.5, 1, 1)), shapely.MultiPolygon([SQUARE, shapely.box(5, 5, 6, 7)]),
    shapely.Polygon(), shapely.MultiPolygon(), shapely.LineString([(0, 0), (1, 1)]), shapely.force_3d(SQUARE, 7.0),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.wkt[:30])
@pytest.mark.parametrize("flavour", ["iso", "extended"])
@pytest.mark.parametrize("byte_order", [0, 1])
def test_simple_geometries_are_read_as_they_are(shape: BaseGeometry, flavour: str, byte_order: int) -> None:
    wkb = shapely.to_wkb(shape, flavor=flavour, byte_order=byte_order, output_dimension=3)
    blob = to_blob(shape, 4326)[:8] + wkb  # without an envelope
    assert shapely.equals_exact(from_blob(blob[:3] + b"\x01" + blob[4:]), shape)


@given(st.binary(max_size=200), st.sampled_from(SHAPES), st.integers(0, 60))
@settings(max_examples=300, deadline=None)
def test_what_passes_can_be_read_or_is_refused_in_words(junk: bytes, shape: BaseGeometry, at: int) -> None:
    wkb = shapely.to_wkb(shape)
    for damaged in (junk, wkb[:at] + junk, wkb[:at] + junk + wkb[at:]):
        try:
            from_blob(b"GP\0\x01" + bytes(4) + damaged)
        except ValueError as error:
            assert str(error).startswith("a geometry of it")


@pytest.mark.parametrize("kinds", [(3, 6), (1, 2, 3, 4, 5, 6)])
@pytest.mark.parametrize("wkb", [DEEP, struct.pack("<BII", 1, 6, 1) + DEEP])
def test_collections_in_collections_are_not_gone_through(wkb: bytes, kinds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="of a kind"):
        check_wkb(wkb, kinds)


def test_a_deep_outline_ends_no_process(result: Path) -> None:
    verdicts = Verdicts(result)
    verdicts.give(1, "accepted", by="Ann", geometry=verdicts.polygons().geometry.iloc[0])
    database = sqlite3.connect(result / "change.gpkg")
    database.execute("UPDATE edited SET geom = ?", [b"GP\0\x01" + bytes(4) + DEEP])
    database.commit()
    database.close()
    code = f"from minenetcd.labelling.verdicts.store import Verdicts; Verdicts({str(result)!r}).look()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.returncode  # a signal ended it otherwise
    assert "a geometry of it is of a kind" in done.stderr
    with pytest.raises(InputError, match="of a kind"):
        verdicts.polygons()


ENDLESS = "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT n"


def changed(result: Path, *statements: str) -> None:
    with closing(sqlite3.connect(result / "change.gpkg")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


@pytest.mark.parametrize("name", ["change", "gpkg_geometry_columns"])
def test_a_view_in_place_of_a_table_is_not_read(result: Path, name: str) -> None:
    changed(result, "PRAGMA legacy_alter_table = ON", f"ALTER TABLE {name} RENAME TO was")
    changed(result, f"CREATE VIEW {name} AS {ENDLESS} AS id, n AS area_ha, n AS perimeter_m, n AS table_name FROM more")
    for read in (Verdicts(result).look, Verdicts(result).polygons, lambda: read_polygons(result / "change.gpkg")):
        with pytest.raises(InputError, match=f"{name} needs to be a table, it is a view.: .*; predict again"):
            read()


def test_views_of_others_are_left_alone(result: Path) -> None:
    changed(result, f"CREATE VIEW own AS {ENDLESS} FROM more")
    changed(
        result,
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('own', 'attributes', 'own')",
    )
    assert len(Verdicts(result).polygons()) == 6
    with closing(sqlite3.connect(result / "change.gpkg")) as database:
        assert database.execute("SELECT 1 FROM sqlite_master WHERE name = 'own'").fetchone() == (1,)


def test_a_trigger_that_never_ends_is_stopped(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_file, "MOST_STEPS_WRITING", 10**7)  # a second instead of a minute
    Verdicts(result).give(1, "accepted", by="Ann")
    counting = "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT max(n) FROM more"
    changed(result, f"CREATE TRIGGER t AFTER INSERT ON verdicts BEGIN SELECT ({counting}); END")
    with pytest.raises(InputError, match="takes too long"):
        Verdicts(result).give(2, "accepted", by="Ann")
    assert Verdicts(result).statuses() == {1: "accepted"}
