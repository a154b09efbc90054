"""A new desk: which images, which part of them, and which segments."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from fixtures.scene_files import write_geotiff
from labelling.drawn_pair import CHANGED, GRID, NOT_LABELLED, SIDE, UNCHANGED, DrawnPair, drawn_pair, new_desk
from labelling.same_segments import same_share
from minenetcd.errors import CostError, OptionError
from minenetcd.files import sha256
from minenetcd.labelling.labels import making
from minenetcd.labelling.labels.desk import check_same_pair, open_desk
from minenetcd.labelling.labels.making import DeskOptions, make_desk
from minenetcd.prediction.options import PredictOptions

pytestmark = pytest.mark.needs("numba")


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
