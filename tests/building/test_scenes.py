"""Scenes in UTM, on different grids, cut into patches with their label and place."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import shapely
from geopandas import GeoSeries
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from fixtures.scene_files import landscape, noise, utm_grid, write_geotiff, write_polygons
from minenetcd.building.scenes import Patch, PatchOptions, open_site
from minenetcd.building.sites.table import Site
from minenetcd.errors import DataError, OptionError
from minenetcd.geo.grid import Grid, apply
from minenetcd.geo.polygons.tracing import burn
from minenetcd.prediction.formats.qgis_styles import add_style

GRID = utm_grid(100, 140)
OTHER_ZONE = Grid(190, 200, utm_grid(1, 1, left=824_700, top=5_609_700).transform, CRS.from_epsg(32632))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Noise at two dates on one grid, and a rectangle of change as polygons."""
    write_geotiff(tmp_path / "before.tif", noise(GRID, 1), GRID)
    write_geotiff(tmp_path / "after.tif", noise(GRID, 2), GRID)
    write_polygons(tmp_path / "change.gpkg", [rectangle(GRID, 10, 20, 40, 70)], GRID.crs)
    return Site("mine", "before.tif", "after.tif", "change.gpkg", table=tmp_path / "sites.csv")


def rectangle(grid: Grid, top: int, left: int, bottom: int, right: int) -> shapely.Polygon:
    """Whole pixels of `grid`."""
    part = grid.window(top, left, bottom - top, right - left).bounds
    return shapely.box(*part)


def cut(site: Site, **options: object) -> list[Patch]:
    with open_site(site, PatchOptions(**{"size": 50} | options)) as scene:
        return [patch for patch in scene.patches() if patch is not None]


def mosaic(patches: list[Patch], shape: tuple[int, int], what: str) -> np.ndarray:
    """`what` of all patches, laid where they were cut from."""
    size = len(patches[0].label)
    depth = getattr(patches[0], what).shape[2:]
    whole = np.zeros((shape[0] + size, shape[1] + size, *depth), np.uint8)
    for patch in patches:
        whole[patch.row : patch.row + size, patch.column : patch.column + size] = getattr(patch, what)
    return whole[: shape[0], : shape[1]]


def truth(grid: Grid, *box: int) -> np.ndarray:
    mask = np.zeros(grid.shape, np.uint8)
    mask[box[0] : box[2], box[1] : box[3]] = 255
    return mask


def refusal(site: Site, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        cut(site, **options)
    message = str(caught.value)
    assert message.startswith("Site 'mine': ") and "\n" not in message
    return message


def test_patches_laid_side_by_side_are_the_scene(site: Site) -> None:
    patches = cut(site, min_valid=0)
    assert [(patch.row, patch.column) for patch in patches] == [(r, c) for r in (0, 50) for c in (0, 50, 100)]
    assert np.array_equal(mosaic(patches, GRID.shape, "before"), noise(GRID, 1))
    assert np.array_equal(mosaic(patches, GRID.shape, "after"), noise(GRID, 2))
    assert np.array_equal(mosaic(patches, GRID.shape, "label"), truth(GRID, 10, 20, 40, 70))


def test_each_patch_knows_its_place(site: Site) -> None:
    patch = cut(site)[4]
    assert (patch.row, patch.column) == (50, 50)
    assert patch.grid.bounds == (400_500, 5_599_000, 401_000, 5_599_500)
    assert patch.grid.crs == CRS.from_epsg(32633) and patch.grid.shape == (50, 50)


def test_an_after_image_in_another_zone_is_laid_on_the_grid_of_the_one_before(site: Site, tmp_path: Path) -> None:
    write_geotiff(tmp_path / "before.tif", landscape(GRID), GRID)
    write_geotiff(tmp_path / "after.tif", landscape(OTHER_ZONE, tilt=0.5), OTHER_ZONE)
    patches = cut(site, min_valid=0)
    wanted, found = landscape(GRID, tilt=0.5).astype(int), mosaic(patches, GRID.shape, "after").astype(int)
    assert np.abs(wanted - found).max() <= 2  # bilinear, of a smooth picture


def test_polygons_in_degrees_are_burnt_where_they_lie(site: Site, tmp_path: Path) -> None:
    shape = shapely.Polygon([(400_201, 5_599_893), (400_807, 5_599_791), (400_403, 5_599_298)])
    in_degrees = GeoSeries([shape], crs=GRID.crs).segmentize(20).to_crs("EPSG:4326")
    write_polygons(tmp_path / "change.geojson", list(in_degrees), "EPSG:4326")
    found = mosaic(cut(replace(site, label="change.geojson"), min_valid=0), GRID.shape, "label")
    assert np.count_nonzero(found != 255 * burn([shape], GRID)) <= 3  # pixel centres on the edge, but for rounding


def test_long_edges_in_degrees_stay_straight_in_degrees(tmp_path: Path) -> None:
    grid = utm_grid(60, 3000, metres=30, left=200_000)
    west, south, east, north = grid.bounds_degrees
    write_geotiff(tmp_path / "before.tif", noise(grid, 1), grid)
    write_geotiff(tmp_path / "after.tif", noise(grid, 2), grid)
    parallel = (south + north) / 2
    write_polygons(tmp_path / "change.geojson", [shapely.box(west - 1, parallel, east + 1, north + 1)], "EPSG:4326")
    site = Site("mine", "before.tif", "after.tif", "change.geojson", table=tmp_path / "sites.csv")
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    latitude = grid.to_degrees(*apply(grid.transform, columns, rows))[1]
    found = mosaic(cut(site, size=60, min_valid=0), grid.shape, "label")
    assert np.mean(found != 255 * (latitude > parallel)) < 0.001


def test_a_label_may_be_a_raster_of_any_one_value(site: Site, tmp_path: Path) -> None:
    for value, dtype in ((1, np.uint8), (255, np.uint8), (7, np.int16), (1.0, np.float32)):
        mask = (truth(GRID, 10, 20, 40, 70) > 0).astype(dtype) * dtype(value)
        write_geotiff(tmp_path / "label.tif", mask, GRID)
        patches = cut(replace(site, label="label.tif"), min_valid=0)
        assert np.array_equal(mosaic(patches, GRID.shape, "label"), truth(GRID, 10, 20, 40, 70))


def test_a_label_on_a_finer_grid_is_sampled_and_its_commonest_class_counts(site: Site, tmp_path: Path) -> None:
    fine = utm_grid(300, 420, metres=10 / 3)
    mask = truth(fine, 30, 60, 120, 210)
    mask[::3, ::3] = 0  # one of nine
    write_geotiff(tmp_path / "label.tif", mask, fine)
    patches = cut(replace(site, label="label.tif"), min_valid=0)
    assert np.array_equal(mosaic(patches, GRID.shape, "label"), truth(GRID, 10, 20, 40, 70))


@pytest.mark.parametrize("metres", [10, 5])
def test_nodata_of_a_label_is_not_known_but_for_0(site: Site, tmp_path: Path, metres: float) -> None:
    factor = round(10 / metres)
    grid = utm_grid(100 * factor, 140 * factor, metres=metres)
    mask = (truth(grid, 10 * factor, 20 * factor, 40 * factor, 70 * factor) > 0).astype(np.uint8)
    write_geotiff(tmp_path / "zero.tif", mask, grid, nodata=0)
    patches = cut(replace(site, label="zero.tif"))
    assert np.array_equal(mosaic(patches, GRID.shape, "label"), truth(GRID, 10, 20, 40, 70))
    mask[:, 50 * factor :] = 128
    write_geotiff(tmp_path / "sparse.tif", mask, grid, nodata=128)
    patches = cut(replace(site, label="sparse.tif"))
    assert [(patch.row, patch.column) for patch in patches] == [(0, 0), (50, 0)]
    assert np.array_equal(mosaic(patches, GRID.shape, "label")[:, :50], truth(GRID, 10, 20, 40, 70)[:, :50])


def test_a_layer_of_the_table_or_of_another_file_can_be_named(tmp_path: Path, site: Site) -> None:
    book = tmp_path / "sites.gpkg"
    write_polygons(book, [rectangle(GRID, 0, 0, 100, 140)], GRID.crs, layer="sites")
    write_polygons(book, [rectangle(GRID, 10, 20, 40, 70)], GRID.crs, layer="changes")
    for label in ("changes", "|layername=changes", "sites.gpkg|layername=changes"):
        patches = cut(replace(site, label=label, table=book), min_valid=0)
        assert np.array_equal(mosaic(patches, GRID.shape, "label"), truth(GRID, 10, 20, 40, 70))
    assert "holds sites, changes: name one of them, e.g. sites.gpkg|layername=sites" in refusal(
        replace(site, label="sites.gpkg", table=book)
    )


def test_the_styles_of_a_result_are_no_second_layer_of_a_label(site: Site, tmp_path: Path) -> None:
    write_polygons(tmp_path / "change.gpkg", [rectangle(GRID, 10, 20, 40, 70)], GRID.crs, layer="change")
    add_style(tmp_path / "change.gpkg")
    patches = cut(replace(site, label="change.gpkg"), min_valid=0)
    assert np.array_equal(mosaic(patches, GRID.shape, "label"), truth(GRID, 10, 20, 40, 70))


def test_where_either_date_has_no_data_both_are_0_and_nothing_has_changed(site: Site, tmp_path: Path) -> None:
    before, after = noise(GRID, 1), noise(GRID, 2)
    before[:, :30] = 0
    after[:25] = 0
    write_geotiff(tmp_path / "before.tif", before, GRID, nodata=0)
    write_geotiff(tmp_path / "after.tif", after, GRID, nodata=0)
    patches = cut(site, min_valid=0.01)
    bare = np.ones(GRID.shape, bool)
    bare[25:, 30:] = False
    for what in ("before", "after", "label"):
        assert not mosaic(patches, GRID.shape, what)[bare].any()
    assert (mosaic(patches, GRID.shape, "before")[~bare] > 0).all()
    assert np.count_nonzero(mosaic(patches, GRID.shape, "label")) == 15 * 40  # of the rectangle, what is left
    assert sum(patch.valid_pixels for patch in patches) == np.count_nonzero(~bare)


def test_patches_of_mostly_nodata_are_dropped(site: Site, tmp_path: Path) -> None:
    before = noise(GRID, 1)
    before[:, :20] = 0  # 40 % of the first column of patches
    before[:26, 50:100] = 0  # 52 % of one patch
    write_geotiff(tmp_path / "before.tif", before, GRID, nodata=0)
    kept = {share: [(patch.row, patch.column) for patch in cut(site, min_valid=share)] for share in (0.5, 0.61, 1.0)}
    assert kept[0.5] == [(0, 0), (0, 100), (50, 0), (50, 50), (50, 100)]
    assert kept[0.61] == [(0, 100), (50, 50), (50, 100)]
    assert kept[1.0] == [(50, 50)]


@settings(max_examples=15, deadline=None)
@given(size=st.integers(7, 160), data=st.data())
def test_every_pixel_is_cut_once_or_as_often_as_patches_overlap(size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1).map(lambda value: value // 2))
    with TemporaryDirectory() as folder:
        write_geotiff(Path(folder) / "before.tif", noise(GRID, 1), GRID)
        write_geotiff(Path(folder) / "after.tif", noise(GRID, 2), GRID)
        write_polygons(Path(folder) / "none.gpkg", [rectangle(GRID, 0, 0, 1, 1)], GRID.crs)
        site = Site("mine", "before.tif", "after.tif", "none.gpkg", table=Path(folder) / "sites.csv")
        with open_site(site, PatchOptions(size=size, overlap=overlap)) as scene:
            windows = scene.windows()
    times = np.zeros((GRID.height + size, GRID.width + size), int)
    for window in windows:
        times[window.row_off : window.row_off + size, window.col_off : window.col_off + size] += 1
    inside = times[: GRID.height, : GRID.width]
    assert inside.min() >= 1
    assert overlap or inside.max() == 1
    rows = sorted({window.row_off for window in windows})
    assert all(later - sooner == size - overlap for sooner, later in pairwise(rows))
    assert rows[-1] + overlap < GRID.height or len(rows) == 1  # none lies wholly in the one before


def test_only_what_both_dates_show_is_cut(site: Site, tmp_path: Path) -> None:
    beside = utm_grid(100, 140, left=400_000 + 600, top=5_600_000 - 300)
    write_geotiff(tmp_path / "after.tif", noise(beside, 2), beside)
    places = [(patch.row, patch.column) for patch in cut(site, min_valid=0)]
    assert places == [(30, 60), (30, 110), (80, 60), (80, 110)]


def test_a_scene_can_be_resampled(site: Site, tmp_path: Path) -> None:
    write_geotiff(tmp_path / "before.tif", landscape(GRID), GRID)
    patches = cut(site, gsd=20, size=25, min_valid=0)
    coarse = GRID.resampled(20)
    found = mosaic(patches, coarse.shape, "before").astype(int)
    assert np.abs(found - landscape(coarse)).max() <= 3
    assert np.array_equal(mosaic(patches, coarse.shape, "label"), truth(coarse, 5, 10, 20, 35))


def test_other_than_8_bits_are_stretched_both_dates_alike_or_as_told(site: Site, tmp_path: Path) -> None:
    reflectance = noise(GRID, 1).astype(np.uint16) * 12
    write_geotiff(tmp_path / "before.tif", reflectance, GRID)
    later = reflectance.copy()
    later[:10] = 9000
    write_geotiff(tmp_path / "after.tif", later, GRID)
    patches = cut(site, min_valid=0)
    before, after = (mosaic(patches, GRID.shape, date) for date in ("before", "after"))
    assert np.array_equal(before[10:], after[10:]) and (after[:10].min(axis=(0, 1)) > before.max(axis=(0, 1))).all()
    told = mosaic(cut(site, min_valid=0, value_range=(0, 3060)), GRID.shape, "before")
    assert np.array_equal(told, noise(GRID, 1))


def test_bands_are_read_in_the_order_asked_for(site: Site) -> None:
    turned = mosaic(cut(site, min_valid=0, bands=(3, 2, 1), bands_after=(1, 1, 1)), GRID.shape, "before")
    assert np.array_equal(turned, noise(GRID, 1)[..., ::-1])


def test_dates_come_from_the_table_or_from_the_image(site: Site, tmp_path: Path) -> None:
    write_geotiff(tmp_path / "before.tif", noise(GRID, 1), GRID, tags={"ACQUISITION_DATE": "2018:06:14 10:12:00"})
    with open_site(site, PatchOptions()) as scene:
        assert (scene.before_date, scene.after_date) == ("2018-06-14", None)
    with open_site(replace(site, before_date="2017", after_date="2020-01"), PatchOptions()) as scene:
        assert (scene.before_date, scene.after_date) == ("2017", "2020-01")


def test_a_label_raster_of_another_crs_is_refused(site: Site, tmp_path: Path) -> None:
    write_geotiff(tmp_path / "label.tif", truth(OTHER_ZONE, 1, 1, 9, 9), OTHER_ZONE)
    assert refusal(replace(site, label="label.tif")).endswith(
        f"A label raster needs the CRS of the image before, EPSG:32633, {tmp_path}/label.tif has EPSG:32632: warp it "
        "there by nearest neighbour (gdalwarp -r near), or give polygons, which may have any CRS."
    )


def test_labels_that_do_not_fit_are_refused(site: Site, tmp_path: Path) -> None:
    mask = truth(GRID, 10, 20, 40, 70)
    mask[0, :3] = 1, 2, 0
    write_geotiff(tmp_path / "many.tif", mask, GRID)
    assert "needs 0 and one positive value" in refusal(replace(site, label="many.tif"))
    assert "many.tif has 0, 1, 2, 255: keep" in refusal(replace(site, label="many.tif"))
    write_geotiff(tmp_path / "negative.tif", mask.astype(np.int16) // -255, GRID)
    assert "negative.tif has -1, 0: keep" in refusal(replace(site, label="negative.tif"))
    write_geotiff(tmp_path / "plain.tif", mask, None)
    assert "plain.tif has none: warp it there" in refusal(replace(site, label="plain.tif"))
    write_polygons(tmp_path / "line.gpkg", [shapely.LineString([(400_000, 5_600_000), (400_500, 5_599_500)])], GRID.crs)
    assert "Polygons of change are needed" in refusal(replace(site, label="line.gpkg"))
    write_polygons(tmp_path / "nowhere.gpkg", [shapely.box(0, 0, 1, 1)], None)
    assert "need a CRS" in refusal(replace(site, label="nowhere.gpkg"))
    (tmp_path / "broken.gpkg").write_text("no polygons")
    assert "cannot be read" in refusal(replace(site, label="broken.gpkg"))
    (tmp_path / "broken.tif").write_text("no image")
    assert "cannot be opened as an image" in refusal(replace(site, label="broken.tif"))


def test_images_that_do_not_fit_are_refused_by_the_name_of_their_site(site: Site, tmp_path: Path) -> None:
    far = utm_grid(100, 140, left=600_000)
    write_geotiff(tmp_path / "far.tif", noise(far, 3), far)
    assert "do not overlap" in refusal(replace(site, after="far.tif"))
    for name, seed in (("one.tif", 4), ("two.tif", 5)):
        write_geotiff(tmp_path / name, noise(GRID, seed), None)
    assert "georeferenced images are needed" in refusal(replace(site, before="one.tif", after="two.tif"))
    assert "the same image" in refusal(replace(site, after="before.tif"))
    write_geotiff(tmp_path / "grey.tif", noise(GRID, 6)[..., :1], GRID)
    assert "Three bands are needed" in refusal(replace(site, after="grey.tif"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "Patches need a size of 1 pixel or more"),
        ({"size": 64, "overlap": 64}, r"must be 0 to 63 for patches of 64 pixels, got 64"),
        ({"min_valid": 1.2}, "must be 0 to 1, got 1.2"),
        ({"value_range": (5, 5)}, "a low and a higher value, got 5 and 5"),
        ({"bands": (1, 2)}, "3 bands, got 2 band numbers"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        PatchOptions(**options)


def test_real_satellite_images_in_degrees(tmp_path: Path, real_images: Path) -> None:
    folder = real_images / "oscd_geotiff"
    before, after, label = (sorted((folder / part).iterdir())[0].resolve() for part in ("A", "B", "label"))
    site = Site("city", str(before), str(after), str(label), table=tmp_path / "sites.csv")
    patches = cut(site, size=128, bands=(3, 2, 1))
    assert patches and sum(np.count_nonzero(patch.label) for patch in patches) > 100
    assert all(30 < patch.before.mean() < 220 and patch.before.std() > 20 for patch in patches)


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (None, "has 1 row without"),
        ({"type": "Polygon", "coordinates": []}, "has 1 row without"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "cannot be read"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1]]]}, "cannot be read"),
        ({"type": "Polygon", "coordinates": [[["a", 0], [1, 1], [0, 1], ["a", 0]]]}, "cannot be read|without"),
        ({"type": "Polygon", "coordinates": [[[4e5, 5e6], [5e5, 5e6], [5e5, 6e6], [4e5, 5e6]]]}, "Degrees are needed"),
        ("exchanged", "Longitude comes before latitude"),
        ("cut off", "cannot be read"),
    ],
)
def test_a_broken_geojson_label_is_no_empty_one(site: Site, tmp_path: Path, geometry: object, words: str) -> None:
    if geometry in ("exchanged", "cut off"):
        west, south, east, north = GRID.bounds_degrees
        corners = [[south, west], [north, west], [north, east], [south, west]]
        shape: object = {"type": "Polygon", "coordinates": [corners]}
    else:
        shape = geometry
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (tmp_path / "label.geojson").write_text(text[:-20] if geometry == "cut off" else text)
    assert re.search(words, refusal(replace(site, label="label.geojson")))


def test_a_geojson_label_without_features_says_that_nothing_changed(site: Site, tmp_path: Path) -> None:
    (tmp_path / "label.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    assert not mosaic(cut(replace(site, label="label.geojson"), min_valid=0), GRID.shape, "label").any()
