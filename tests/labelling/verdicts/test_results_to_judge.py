"""Results that are old, damaged, locked, read-only, or none."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from labelling.verdicts.conftest import copied
from minenetcd.errors import InputError, OutputPathError
from minenetcd.files import database
from minenetcd.labelling.verdicts.refreshing import refresh
from minenetcd.labelling.verdicts.store import Verdicts

GPKG = "change.gpkg"
NOBODY = 65534


def test_an_old_result_without_summary_or_second_opinion_is_judged(result: Path) -> None:
    frame = gpd.read_file(result / GPKG, layer="change")
    (result / GPKG).unlink()
    kept = ["id", "area_ha", "perimeter_m", "confidence_mean", "model", "threshold", "geometry"]
    frame[kept].to_file(result / GPKG, layer="change", driver="GPKG")
    (result / "summary.json").unlink()
    verdicts = Verdicts(result)
    verdicts.give(verdicts.queue()[0], "accepted", by="Ann")
    assert verdicts.counts().reviewed == 1
    history = gpd.read_file(result / GPKG, layer="verdicts")
    assert history[["image_before", "sha256_before", "date_before"]].isna().all().all()
    assert [path.name for path in refresh(result).files] == ["report.html"]


def test_a_layer_of_another_kind_is_one_line(result: Path) -> None:
    (result / GPKG).unlink()
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=32633).to_file(result / GPKG, layer="x")
    for ask in (lambda: Verdicts(result).queue(), lambda: Verdicts(result).give(1, "accepted", by="Ann")):
        with pytest.raises(InputError, match="predict again"):
            ask()


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
def test_a_damaged_geopackage_is_one_line(result: Path, content: bytes) -> None:
    (result / GPKG).write_bytes(content)
    for ask in (lambda: Verdicts(result).queue(), lambda: Verdicts(result).give(1, "accepted", by="Ann")):
        with pytest.raises(InputError, match="predict again") as refused:
            ask()
        assert "\n" not in str(refused.value)


def test_a_folder_without_a_result_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="minenetcd predict"):
        Verdicts(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        Verdicts(tmp_path / "nowhere")


def test_a_file_that_another_program_writes_to_is_one_line(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(result / GPKG)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutputPathError, match="another program") as refused:
            Verdicts(result).give(1, "accepted", by="Ann")
        assert "\n" not in str(refused.value)
        other.rollback()
    assert Verdicts(result).give(1, "accepted", by="Ann").revision == 1


def test_a_file_that_a_gis_has_open_is_judged_all_the_same(result: Path) -> None:
    with closing(sqlite3.connect(result / GPKG)) as gis:  # as QGIS opens it
        gis.execute("PRAGMA journal_mode = WAL")
        gis.execute("SELECT count(*) FROM change").fetchone()
        Verdicts(result).give(1, "accepted", by="Ann")
        assert gis.execute("SELECT status FROM change WHERE id = 1").fetchone() == ("accepted",)
    assert Verdicts(result).statuses() == {1: "accepted"}


@pytest.fixture
def read_only(made_result: Path) -> Iterator[Path]:
    """A result that whoever is nobody may read, in a folder that this one can reach."""
    above = Path(tempfile.mkdtemp(prefix="read-only"))
    above.chmod(0o755)
    folder = copied(made_result, above / "change")
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(above)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rights are others there")
def test_a_read_only_folder_is_looked_at_and_not_judged(read_only: Path) -> None:
    answer, ask = os.pipe()
    child = os.fork()  # a process of its own, which may become somebody else
    if child == 0:
        os.write(ask, _looked_at_by_nobody(read_only).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(ask)
    with os.fdopen(answer) as told:
        said = told.read()
    assert said.startswith("6 of 6. ")
    assert "cannot be written (Permission denied)" in said
    assert "\n" not in said
    assert not [path for path in read_only.iterdir() if path.name.startswith(".")]


def _looked_at_by_nobody(folder: Path) -> str:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        verdicts = Verdicts(folder)
        looked = f"{len(verdicts.queue())} of {verdicts.counts().places}. "
        try:
            verdicts.give(1, "accepted", by="Ann")
        except OutputPathError as error:
            return looked + str(error)
    except BaseException as error:
        return repr(error)
    return "nothing refused"
