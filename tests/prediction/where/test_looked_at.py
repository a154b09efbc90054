"""Areas of interest and masks: what is outside or hidden is no data, for detectors too."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.geo.align import open_pair
from minenetcd.geo.areas.limits import Limits
from minenetcd.geo.areas.placed import PlacedPolygons
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Blurred, Difference
from prediction.where.conftest import GRID, Images, layer, on_grid, places, predicted


def test_only_an_area_of_interest_is_analysed(images: Images, tmp_path: Path) -> None:
    area = layer(tmp_path / "aoi.gpkg", on_grid(10, 40, 90, 190))
    detector = Difference(tile=32)
    with predict_scene(detector, *images, options=PredictOptions(aoi=area)) as found:
        inside = np.zeros(GRID.shape, bool)
        inside[40:190, 10:90] = True
        assert ((found.mask != 255) == inside).all() and found.mask[40:60, 40:90].all()
        assert found.valid_pixels == 150 * 80
        assert found._outcome.change.valid_hectares == pytest.approx(120, rel=1e-3)
        assert found.hectares == pytest.approx(10.6, rel=1e-3)
    looked_at = sum(shape[0] for shape in detector.asked)
    with predicted(images) as whole:
        assert whole.valid_pixels == 60_000
    every = Difference(tile=32)
    predict_scene(every, *images).close()
    assert looked_at < 0.35 * sum(shape[0] for shape in every.asked)


def test_detectors_see_what_lies_around_an_area_of_interest(tmp_path: Path, write_scene: WriteScene) -> None:
    first, second = np.random.default_rng(3).integers(1, 256, (2, *GRID.shape), dtype=np.uint8)
    images = write_scene("b.tif", first, GRID), write_scene("a.tif", second, GRID)
    area = layer(tmp_path / "aoi.gpkg", on_grid(120, 80, 180, 110))
    inside = np.s_[80:110, 120:180]
    with predict_scene(Blurred(tile=512), *images) as whole:
        wanted = whole.probability[inside]
    with predict_scene(Blurred(tile=512), *images, options=PredictOptions(aoi=area)) as found:
        assert np.isnan(found.probability).sum() == found.mask.size - 30 * 60
        assert np.abs(found.probability[inside] - wanted).max() < 1e-6


def test_masks_of_both_dates_are_no_data(images: Images, tmp_path: Path) -> None:
    clouds = np.zeros((100, 150), np.uint8)
    clouds[:20, :25] = 2  # 20 m: rows to 40, columns to 50
    clouds[90:, 140:] = 5
    raster = write_geotiff(tmp_path / "clouds.tif", clouds, utm_grid(100, 150, metres=20))
    shade = layer(tmp_path / "shade.kml.geojson", on_grid(200, 0, 300, 105))
    with predicted(images, mask_before=str(raster), mask_after=shade) as found:
        hidden = np.zeros(GRID.shape, bool)
        hidden[:40, :50] = hidden[180:, 280:] = hidden[:105, 200:] = True
        assert ((found.mask == 255) == hidden).all()
        assert [name for name, _ in found.facts.where] == ["mask_before", "mask_after"]
    with predicted(images, mask=str(raster), mask_values=(2,)) as found:
        assert (found.mask == 255).sum() == 40 * 50
        assert found.facts.where == (("mask", f"{raster} (values 2)"),)
        told = found.where.as_json(found.facts.where)
        assert told == {"masks": dict.fromkeys(("before", "after"), f"{raster} (values 2)")}


def test_masks_hold_for_coarser_pixels_too(images: Images, tmp_path: Path) -> None:
    shade = layer(tmp_path / "shade.gpkg", on_grid(0, 0, 77, 200))
    with predicted(images, mask=shade, gsd=25.0) as found:
        assert (found.mask[:, :77] == 255).all() and (found.mask[:, 77:] != 255).all()


def test_small_areas_far_apart_are_what_is_learned_from(tmp_path: Path, write_scene: WriteScene) -> None:
    """Of a scene too large to be looked at as a whole, windows are looked at in which something is of interest."""
    grid = utm_grid(2400, 9000)
    first = np.full(grid.shape, 20, np.uint8)
    images = write_scene("b.tif", first, grid, tiled=True), write_scene("a.tif", first + 9, grid, tiled=True)
    x, y = grid.bounds.left, grid.bounds.top
    shapes = [shapely.box(x + 10 * col, y - 23_900, x + 10 * col + 300, y - 23_600) for col in (1100, 8900)]
    area = layer(tmp_path / "mines.gpkg", *shapes)
    with open_pair(*images, limits=Limits(PlacedPolygons(np.array(shapes, dtype=object)))) as pair:
        sample = SceneSample(pair)
        assert len(sample) == 2 and all(part.valid.any() for part in sample)
    detector = Difference(tile=512)
    with predict_scene(detector, *images, options=PredictOptions(aoi=area)) as found:
        assert found.valid_pixels == 1800 and len(detector.asked) <= 4
        assert not any("of the overlap has data" in warning for warning in found.warnings)


def test_nothing_changed_or_nothing_is_left(images: Images, tmp_path: Path) -> None:
    known = places(tmp_path)
    with predicted(images, tmp_path / "none", threshold=0.95, **known) as found:
        assert not len(found.polygons) and {"lease", "lease_status", "distance_m"} <= {*found.polygons.columns}
        assert found.where.rows()[:2] == [("Inside", "nothing in any concession"), ("Outside", "0 ha in no concession")]
    known |= {
        "prior_distance": 0.0,
        "isolated_threshold": 0.99,
        "prior": layer(tmp_path / "m.gpkg", on_grid(0, 0, 9, 9)),
    }
    with predicted(images, tmp_path / "left", **known) as found:
        assert not found.mask[found.mask != 255].any() and found.where.isolated.dropped == 3
    assert list(gpd.read_file(tmp_path / "left" / "change.gpkg")["lease"]) == []
