"""Labelling desks: marks, splits, merges, undo, proposals, and what others take of them."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from fixtures.scene_files import utm_grid, write_geotiff
from labelling.drawn_pair import GRID, SIDE, DrawnPair, drawn_pair, new_desk
from labelling.same_segments import same_share
from minenetcd.datasets.catalog import load_dataset
from minenetcd.errors import CostError, DataError, InputError, OptionError, OutputError
from minenetcd.files import sha256
from minenetcd.labelling.labels import making
from minenetcd.labelling.labels.desk import MARKS, Desk, check_same_pair, open_desk
from minenetcd.labelling.labels.making import DeskOptions, make_desk
from minenetcd.labelling.labels.marks import packed
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

pytestmark = pytest.mark.needs("numba")

CHANGED, UNCHANGED, NOT_LABELLED = 1, 0, 255


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> DrawnPair:
    return drawn_pair(tmp_path_factory.mktemp("images"))


@pytest.fixture
def folder(tmp_path: Path, pair: DrawnPair) -> Path:
    return new_desk(tmp_path / "desk", pair)


def segment_at(desk: Desk, column: int, row: int, level: int) -> np.ndarray:
    """The pixels of what is one segment at a place and a scale (H, W)."""
    units = desk.state.units(level)
    found: np.ndarray = units[desk.hierarchy.finest] == units[desk.hierarchy.finest[row, column]]
    return found


def test_a_desk_says_of_which_images_it_is_wherever_it_is_opened(
    tmp_path: Path, pair: DrawnPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pair.before.parent)
    named = DrawnPair(Path(pair.before.name), Path(pair.after.name), pair.truth)
    desk = new_desk(tmp_path / "desk", named)
    monkeypatch.chdir(tmp_path)
    facts = json.loads((desk / "desk.json").read_text(encoding="utf-8"))
    for role, image in (("before", pair.before), ("after", pair.after)):
        assert facts[role]["source"] == str(image)
        assert facts[role]["files"] == [{"name": str(image), "sha256": sha256(image)}]
    check_same_pair(desk, pair.before, pair.after)
    monkeypatch.chdir(pair.before.parent)
    check_same_pair(desk, *named[:2])
    with pytest.raises(OptionError, match=r"^The images of the desk in [^\n]* are needed, it is of "):
        check_same_pair(desk, pair.after, pair.before)


def test_a_click_marks_the_segment_of_a_scale_and_undo_takes_it_back(folder: Path) -> None:
    with open_desk(folder) as desk:
        assert (desk.mask() == NOT_LABELLED).all()
        pixels = desk.mark([(80.5, 60.5)], 2, CHANGED)
        assert np.array_equal(desk.mask() == CHANGED, segment_at(desk, 80, 60, 2))
        assert pixels == desk.counts().changed == (desk.mask() == CHANGED).sum()
        desk.mark([(80.5, 60.5)], 0, UNCHANGED)
        assert desk.mask()[60, 80] == UNCHANGED and (desk.mask() == CHANGED).any()
        assert desk.undo() and desk.undo() and not desk.undo()
        assert (desk.mask() == NOT_LABELLED).all()


def test_a_brush_marks_all_that_it_touches(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(20.5, 20.5), (100.5, 20.5), (100.5, 90.5)], 1, CHANGED, radius=3)
        mask = desk.mask() == CHANGED
        assert mask[20, 20:101].all() and mask[20:91, 100].all() and not mask.all()
        assert mask[23, 20:101].all()
        units = desk.state.units(1)[desk.hierarchy.finest]
        assert not set(units[mask]) & set(units[~mask])


def test_a_split_shows_parts_and_a_merge_makes_one(folder: Path) -> None:
    with open_desk(folder) as desk:
        whole, finest = segment_at(desk, 80, 60, 3), segment_at(desk, 80, 60, 0)
        desk.split((80.5, 60.5), 3)
        part = segment_at(desk, 80, 60, 3)
        assert (part <= whole).all() and part.sum() < whole.sum()
        assert len(np.unique(desk.state.units(3)[desk.hierarchy.finest[whole]])) > 1
        assert np.array_equal(segment_at(desk, 80, 60, 0), finest)
        rows, columns = np.nonzero(whole & ~part)
        other = (float(columns[0]) + 0.5, float(rows[0]) + 0.5)
        desk.merge([(80.5, 60.5), other], 3)
        merged = segment_at(desk, 80, 60, 3)
        assert (part <= merged).all() and merged[int(other[1]), int(other[0])]
        assert np.array_equal(segment_at(desk, 80, 60, 0), merged)  # one at every scale
        desk.split((80.5, 60.5), 3)
        assert np.array_equal(segment_at(desk, 80, 60, 3), part)
        desk.undo()
        assert np.array_equal(segment_at(desk, 80, 60, 3), merged)
        desk.undo()
        desk.undo()
        assert np.array_equal(segment_at(desk, 80, 60, 3), whole)


def test_what_cannot_be_done_is_refused_in_a_line(folder: Path) -> None:
    with open_desk(folder) as desk:
        with pytest.raises(OptionError, match="it is of the finest scale"):
            for _ in range(5):
                desk.split((80.5, 60.5), 3)
        with pytest.raises(OptionError, match="Two segments or more"):
            desk.merge([(80.5, 60.5)], 0)
        with pytest.raises(OptionError, match="both dates have data"):
            desk.mark([(-5, 60)], 0, CHANGED)
        with pytest.raises(OptionError, match="number of a scale is 0 to 3, got 4"):
            desk.mark([(5, 60)], 4, CHANGED)
        with pytest.raises(OptionError, match="A label is 1"):
            desk.mark([(5, 60)], 1, 7)
        with pytest.raises(OptionError, match="radius inside the image"):
            desk.mark([(5, float("nan"))], 1, CHANGED)
        with pytest.raises(OptionError, match="none was given: name one"):
            desk.propose(1)


def test_a_desk_goes_on_where_it_was(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.split((20.5, 20.5), 3)
        desk.mark([(20.5, 20.5)], 3, UNCHANGED)
        mask, revision = desk.mask(), desk.revision
    with open_desk(folder) as desk:
        assert np.array_equal(desk.mask(), mask) and desk.revision == revision == 3
        desk.undo()
        assert desk.revision == 4


def test_a_kill_loses_nothing_that_was_answered(folder: Path) -> None:
    code = (
        "import sys\n"
        "from minenetcd.labelling.labels.desk import open_desk\n"
        "with open_desk(sys.argv[1]) as desk:\n"
        "    for column in range(1000):\n"
        "        desk.mark([(column % 160 + 0.5, 60.5)], 0, 1)\n"
        "        print(column, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "12":
                os.kill(process.pid, signal.SIGKILL)
                break
    with open_desk(folder) as desk:
        assert (desk.mask()[60, :13] == CHANGED).all()
        assert desk.revision >= 13


def test_only_one_program_has_a_desk_open(folder: Path) -> None:
    with open_desk(folder), pytest.raises(OutputError, match="Another program labels in"), open_desk(folder):
        pass


def test_a_proposal_marks_what_the_map_mostly_calls_changed_and_leaves_what_was_marked(
    tmp_path: Path, pair: DrawnPair, folder: Path
) -> None:
    result = tmp_path / "change"
    predict_scene(Difference(), pair.before, pair.after, result).close()
    with rasterio.open(result / "change.tif") as raster:
        mapped = raster.read(1) == 1
    with open_desk(folder, result=result) as desk:
        assert desk.proposes
        column, row = (int(place[0]) for place in np.nonzero(mapped.T))
        desk.mark([(column + 0.5, row + 0.5)], 1, UNCHANGED)
        pixels = desk.propose(1)
        labels = desk.mask()
        assert labels[row, column] == UNCHANGED and pixels == (labels == CHANGED).sum() > 0
        units = desk.state.units(1)[desk.hierarchy.finest]
        for unit in np.unique(units[::7, ::7]):
            inside = units == unit
            if not (labels[inside] == UNCHANGED).any():
                assert (labels[inside] == CHANGED).all() == (2 * mapped[inside].sum() > inside.sum())
        desk.undo()
        assert not (desk.mask() == CHANGED).any()


def test_a_map_of_another_place_is_refused(tmp_path: Path, pair: DrawnPair, folder: Path) -> None:
    elsewhere = utm_grid(SIDE, SIDE, left=500_000, metres=2)
    dates = [tmp_path / "a.tif", tmp_path / "b.tif"]
    for path, source in zip(dates, pair[:2], strict=True):
        with rasterio.open(source) as raster:
            write_geotiff(path, np.moveaxis(raster.read(), 0, -1), elsewhere)
    predict_scene(Difference(), *dates, tmp_path / "change").close()
    with pytest.raises(DataError, match="shows another"), open_desk(folder, result=tmp_path / "change"):
        pass
    with pytest.raises(InputError, match="holds none"), open_desk(folder, result=tmp_path):
        pass


def test_what_is_saved_is_a_mask_polygons_and_a_site_table(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.mark([(20.5, 20.5)], 2, UNCHANGED)
        files = desk.save()
        mask = desk.mask()
    with rasterio.open(files["mask"]) as raster:
        assert raster.crs == GRID.crs and raster.transform == GRID.transform and raster.nodata == 255
        assert np.array_equal(raster.read(1), mask)
    polygons = gpd.read_file(files["polygons"])
    assert polygons.area_ha.sum() == pytest.approx((mask == CHANGED).sum() * 4e-4, rel=0.01)
    assert (folder / "sites.csv").read_text() == "id,before,after,label\ndesk,before.tif,after.tif,mask.tif\n"


def test_a_desk_is_a_pair_of_a_folder_data_set(tmp_path: Path, folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.mark([(20.5, 20.5)], 2, UNCHANGED)
        desk.save()
        mask = desk.mask()
    found = load_dataset(str(tmp_path), "all")
    assert len(found) == 1 and set(np.unique(found[0].mask)) == {0, 1, 255}
    assert np.array_equal(np.asarray(found[0].mask), mask)


def test_missing_data_is_no_segment_and_stays_unlabelled(tmp_path: Path) -> None:
    pair = drawn_pair(tmp_path)
    with rasterio.open(pair.after) as raster:
        pixels = np.moveaxis(raster.read(), 0, -1)
    pixels = np.maximum(pixels, 1)
    pixels[:40] = 0
    write_geotiff(pair.after, pixels, GRID, nodata=0)
    with open_desk(new_desk(tmp_path / "desk", pair)) as desk:
        assert desk.label_rest() == (SIDE - 40) * SIDE
        desk.save()
        assert (desk.mask()[:40] == NOT_LABELLED).all() and (desk.mask()[40:] == UNCHANGED).all()
    with rasterio.open(tmp_path / "desk" / "after.tif") as raster:
        assert not raster.read_masks(1)[:40].any() and raster.read_masks(1)[40:].all()


def test_an_area_of_interest_has_the_segments_of_the_whole(tmp_path: Path, pair: DrawnPair, folder: Path) -> None:
    left, top = GRID.transform @ (31, 25)
    right, bottom = GRID.transform @ (157, 151)
    area = gpd.GeoSeries([shapely.box(left, bottom, right, top)], crs=GRID.crs)
    area.to_file(tmp_path / "area.gpkg")
    with (
        open_desk(new_desk(tmp_path / "part", pair, images=PredictOptions(aoi=str(tmp_path / "area.gpkg")))) as part,
        open_desk(folder) as whole,
    ):
        known = part.hierarchy.finest >= 0
        assert known[25:151, 31:157].all() and known.sum() == 126 * 126
        edge = round(6 * np.sqrt(known.sum() / part.hierarchy.count(0)))
        rows, columns = slice(25 + edge, 151 - edge), slice(31 + edge, 157 - edge)
        assert 126 - 2 * edge > 16
        assert same_share(part.hierarchy.finest[rows, columns], whole.hierarchy.finest[rows, columns]) >= 0.99


def test_pictures_have_desks_too(tmp_path: Path) -> None:
    pair = drawn_pair(tmp_path, as_pictures=True)
    with open_desk(new_desk(tmp_path / "desk", pair)) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        files = desk.save()
    assert set(files) == {"mask", "polygons"} and not (tmp_path / "desk" / "sites.csv").exists()
    assert len(gpd.read_file(files["polygons"])) >= 1


def test_a_large_pair_is_refused_unless_asked_for(
    tmp_path: Path, pair: DrawnPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MOST_PIXELS", 1000)
    with pytest.raises(CostError, match=r"share 25,600, .* \(--aoi FILE\), or go on \(--yes\)"):
        new_desk(tmp_path / "desk", pair)
    assert not (tmp_path / "desk").exists()
    make_desk(tmp_path / "desk", pair.before, pair.after, DeskOptions(PredictOptions(yes=True)))


@pytest.mark.parametrize("name", ["desk.json", "segments.npz", MARKS])
def test_a_damaged_desk_is_told_in_a_line(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"no such thing" * 100)
    with pytest.raises(DataError, match=name), open_desk(folder):
        pass


def test_no_desk_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds none"), open_desk(tmp_path):
        pass
    with pytest.raises(InputError, match="there is no folder"), open_desk(tmp_path / "nothing"):
        pass


def test_nothing_that_was_undone_is_removed(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.undo()
    with sqlite3.connect(folder / MARKS) as database:
        assert database.execute("SELECT kind, value, undone FROM mark").fetchall() == [("mark", 1, 1)]


def test_what_is_shown_is_of_one_moment_while_others_merge_and_undo(folder: Path) -> None:
    with open_desk(folder) as desk:
        plain = len(np.unique(desk.labelled(0).units))
        seen: list[int] = []
        over = threading.Event()

        def look() -> None:
            while not over.is_set():
                seen.append(plain - len(np.unique(desk.labelled(0).units)))

        with ThreadPoolExecutor(2) as threads:
            looks = [threads.submit(look) for _ in range(2)]
            for _ in range(30):
                desk.merge([(80.5, 60.5), (120.5, 100.5)], 0)
                desk.undo()
            over.set()
            for each in looks:
                each.result()
        assert len(set(seen)) <= 2 and min(seen) >= 0  # whole, or as before: nothing between
        assert len(np.unique(desk.labelled(0).units)) == plain


@pytest.mark.parametrize("members", [b"", b"no zlib", zlib.compress(b"abc"), zlib.compress(b"\xff" * 8), "words", 7])
def test_damaged_marks_are_told_in_a_line(folder: Path, members: object) -> None:
    with open_desk(folder) as desk:
        desk.mark([(5, 5)], 0, 1)
    with closing(sqlite3.connect(folder / MARKS)) as database:
        database.execute("UPDATE mark SET members = ?", [members])
        database.commit()
    advice = r"marks.sqlite is .*damaged [^\n]*: restore it, or begin another folder\.$"
    with pytest.raises(DataError, match=advice), open_desk(folder):
        pass


def test_marks_of_other_segments_are_told_in_a_line(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(5, 5)], 0, 1)
    with closing(sqlite3.connect(folder / MARKS)) as database:
        database.execute("UPDATE mark SET members = ?", [packed(np.array([10**6], np.int32))])
        database.commit()
    with pytest.raises(DataError, match="is of other segments"), open_desk(folder):
        pass
