"""GeoPackages that others made, to harm: a line is said, and nothing falls over or hangs."""

import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from minenetcd.errors import InputError
from minenetcd.geo.polygons.wkb_checks import check_wkb
from minenetcd.labelling.verdicts.geometry_blobs import from_blob, to_blob
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
