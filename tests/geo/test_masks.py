"""Masks of a date: rasters of any grid and polygons, and the quality bands of products, as validity of the pair."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.windows import Window

from fixtures.scene_files import landscape, noise, utm_grid, write_geotiff
from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.adjustment import Shift
from minenetcd.geo.align import open_pair
from minenetcd.geo.areas.limits import Limits
from minenetcd.geo.areas.masks import RasterMask, raster_mask
from minenetcd.geo.areas.quality import find_quality
from minenetcd.geo.areas.wanted import LANDSAT_QA, MEANINGS, SCL, Meaning, parse_mask
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.grid import Grid

GRID = utm_grid(120, 160)
PLAIN = Meaning()
WHOLE = Window(0, 0, 160, 120)


def mask_of(path: Path, meaning: Meaning = PLAIN) -> RasterMask:
    return raster_mask(find_date(path), 1, meaning, GRID, "--mask")


def hidden(path: Path, meaning: Meaning = PLAIN, grid: Grid = GRID) -> np.ndarray:
    from contextlib import ExitStack

    with ExitStack() as opened:
        return mask_of(path, meaning).on(grid, opened)(Window(0, 0, grid.width, grid.height))


def test_a_mask_of_other_pixels_is_sampled(tmp_path: Path) -> None:
    fine = np.zeros((60, 80), np.uint8)
    fine[10:20, 5:40] = 7
    wanted = np.zeros(GRID.shape, bool)
    wanted[20:40, 10:80] = True
    assert (hidden(write_geotiff(tmp_path / "m.tif", fine, utm_grid(60, 80, metres=20))) == wanted).all()
    beyond = hidden(write_geotiff(tmp_path / "small.tif", np.ones((30, 40), np.uint8), utm_grid(30, 40)))
    assert beyond[:30, :40].all() and beyond.sum() == 1200  # beyond its edge nothing is masked


def test_a_mask_of_another_crs_is_warped(tmp_path: Path) -> None:
    other = utm_grid(400, 400, left=-25_200, top=5_625_800, metres=10, crs=CRS.from_epsg(32634))
    columns, rows = np.meshgrid(np.arange(400) + 0.5, np.arange(400) + 0.5)
    longitude, latitude = other.to_degrees(*(other.transform @ (columns, rows)))
    middle = GRID.to_degrees(*(np.array([value]) for value in (400_800.0, 5_599_400.0)))
    in_mask = (longitude - middle[0]) ** 2 * 0.4 + (latitude - middle[1]) ** 2 < 0.003**2
    found = hidden(write_geotiff(tmp_path / "m.tif", in_mask.astype(np.uint8), other))
    columns, rows = np.meshgrid(np.arange(160) + 0.5, np.arange(120) + 0.5)
    longitude, latitude = GRID.to_degrees(*(GRID.transform @ (columns, rows)))
    wanted = (longitude - middle[0]) ** 2 * 0.4 + (latitude - middle[1]) ** 2 < 0.003**2
    assert wanted.sum() > 3000 and (found != wanted).sum() < 0.03 * wanted.sum()


def test_numbers_mean_what_is_said(tmp_path: Path) -> None:
    numbers = np.arange(120 * 160, dtype=np.uint16).reshape(120, 160) % 16
    path = write_geotiff(tmp_path / "m.tif", numbers, GRID, nodata=15)
    assert (hidden(path) == ((numbers != 0) & (numbers != 15))).all()  # its nodata masks nothing
    assert (hidden(path, Meaning(values=(2, 15))) == (numbers == 2)).all()
    assert (hidden(path, MEANINGS[SCL]) == np.isin(numbers, (0, 1, 3, 8, 9, 10))).all()
    assert (hidden(path, MEANINGS[LANDSAT_QA]) == ((numbers & 0b11111) != 0)).all()
    real = np.where(numbers == 3, np.nan, numbers).astype(np.float32)
    path = write_geotiff(tmp_path / "real.tif", real, GRID)
    assert (hidden(path) == ((numbers != 0) & (numbers != 3))).all()
    with pytest.raises(OptionError, match="whole numbers is needed"):
        mask_of(path, MEANINGS[LANDSAT_QA])


def test_a_masked_pair(tmp_path: Path) -> None:
    """Each date without its own mask; of windows that one hides nothing is read, and the after mask moves along."""
    before, after = noise(GRID, 1), noise(GRID, 2)
    paths = write_geotiff(tmp_path / "b.tif", before, GRID), write_geotiff(tmp_path / "a.tif", after, GRID)
    clouds = np.zeros(GRID.shape, np.uint8)
    clouds[:64, :64] = 1
    shade = np.zeros(GRID.shape, np.uint8)
    shade[100:, 50:60] = 1
    limits = Limits(
        before=(mask_of(write_geotiff(tmp_path / "c.tif", clouds, GRID)),),
        after=(mask_of(write_geotiff(tmp_path / "s.tif", shade, GRID)),),
    )
    with open_pair(*paths, limits=limits) as pair:
        read = pair.read(WHOLE)
        assert (read.valid == (clouds == 0) & (shade == 0)).all() and (read.before == before).all()
        assert not pair.read(Window(0, 0, 64, 64)).before.any()
        small = pair.read_small(40)
        assert not small.valid[:14, :14].any() and small.valid[20:24, 20:40].all()
        moved = pair.adjusted(shift=Shift(4.0, 0.0, 9, 9)).read(WHOLE)
        assert (~moved.valid[100:, 46:56]).all() and moved.valid[100:, 56:100].all()
    other = utm_grid(70, 90, left=399_990, top=5_600_010, metres=20)
    warped = write_geotiff(tmp_path / "w.tif", landscape(other), other)
    with open_pair(paths[0], warped, limits=limits) as pair:
        assert (pair.read(WHOLE).valid == (clouds == 0) & (shade == 0)).all()


def test_what_leaves_nothing_or_cannot_be_laid_is_one_line(tmp_path: Path) -> None:
    paths = (
        write_geotiff(tmp_path / "b.tif", noise(GRID, 1), GRID),
        write_geotiff(tmp_path / "a.tif", noise(GRID, 2), GRID),
    )
    everything = write_geotiff(tmp_path / "all.tif", np.ones(GRID.shape, np.uint8), GRID)
    with pytest.raises(RasterError, match="the area of interest and the masks leave none"):
        open_pair(*paths, limits=Limits(after=(mask_of(everything),)))
    picture = write_geotiff(tmp_path / "picture.tif", np.ones(GRID.shape, np.uint8), None)
    with pytest.raises(GridError, match=r"on a grid with a CRS is needed \(--mask\), .* is a picture"):
        mask_of(picture)
    far = write_geotiff(tmp_path / "far.tif", np.ones((10, 10), np.uint8), utm_grid(10, 10, left=700_000))
    with pytest.raises(GridError, match=r"A mask of the scene is needed \(--mask\), which covers"):
        mask_of(far)


@pytest.mark.parametrize(
    ("text", "said"),
    [("auto:x.tif", "auto finds the file itself"), ("scl:", "A mask is a file"), (" ", "A mask is a file")],
)
def test_names_of_masks(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        parse_mask(text, "--mask", None)
    assert parse_mask("scl:x.jp2", "--mask", None).meaning("scl").in_words == "values 0, 1, 3, 8, 9, 10"
    assert parse_mask("areas.gpkg:clouds", "--mask", (3,)).is_vector
    with pytest.raises(OptionError, match="QA_PIXEL holds bits"):
        parse_mask("landsat-qa:q.tif", "--mask", (3,))
    found_by_itself = parse_mask("auto", "--mask", (3, 8))
    assert found_by_itself.meaning("scl").in_words == "values 3, 8"
    with pytest.raises(OptionError, match="QA_PIXEL holds bits"):
        found_by_itself.meaning("landsat-qa")


def product(folder: Path) -> Path:
    """A .SAFE as far as it matters here: bands of 10 m, and scene classes of 20 and 60 m."""
    granule = folder / "S2A_MSIL2A_20230601T101031_N0509_R022_T33UUP_X.SAFE/GRANULE/L2A_T33UUP/IMG_DATA"
    for band in ("B02", "B03", "B04"):
        path = granule / f"R10m/T33UUP_20230601T101031_{band}_10m.jp2"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_geotiff(path, noise(GRID, 3)[..., 0], GRID)
    for metres in (20, 60):
        path = granule / f"R{metres}m/T33UUP_20230601T101031_SCL_{metres}m.jp2"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_geotiff(path, np.full((12, 16), 4, np.uint8), utm_grid(12, 16, metres=100))
    return folder / "S2A_MSIL2A_20230601T101031_N0509_R022_T33UUP_X.SAFE"


def test_the_scene_classes_of_a_product(tmp_path: Path) -> None:
    safe = product(tmp_path)
    found = find_quality(find_date(safe), "auto", "--mask")
    assert found.kind == "scl" and found.date.text.endswith("R20m/T33UUP_20230601T101031_SCL_20m.jp2")
    with zipfile.ZipFile(tmp_path / "product.zip", "w") as archive:
        for path in safe.rglob("*.jp2"):
            archive.write(path, path.relative_to(tmp_path))
    inside = find_quality(find_date(tmp_path / "product.zip"), "scl", "--mask")
    assert raster_mask(inside.date, 1, MEANINGS[SCL], GRID, "--mask").grid.width == 16
    with pytest.raises(
        RasterError, match=r"A quality band \(QA_PIXEL\) beside .* name its file \(--mask landsat-qa:FILE"
    ):
        find_quality(find_date(safe), "landsat-qa", "--mask")


def test_the_quality_band_of_landsat_is_that_of_the_same_scene(tmp_path: Path) -> None:
    for scene in ("LC08_L2SP_192025_20230601_20230605_02_T1", "LC08_L2SP_192025_20190601_20190605_02_T1"):
        for band in ("SR_B2", "SR_B3", "SR_B4", "QA_PIXEL"):
            write_geotiff(tmp_path / f"{scene}_{band}.TIF", np.full((12, 16), 1, np.uint16), GRID.window(0, 0, 12, 16))
    date = find_date(str(tmp_path / "*2019060*_SR_B?.TIF"))
    found = find_quality(date, "auto", "--mask-before")
    assert found.kind == "landsat-qa" and found.date.text.endswith("20190605_02_T1_QA_PIXEL.TIF")


def test_a_band_of_the_image_and_an_asset_of_an_item(tmp_path: Path) -> None:
    import rasterio

    path = write_geotiff(tmp_path / "stack.tif", np.ones((12, 16, 5), np.uint8), GRID.window(0, 0, 12, 16))
    with rasterio.open(path, "r+") as dataset:
        dataset.descriptions = ("B4", "B3", "B2", "B8", "SCL")
    found = find_quality(find_date(path), "scl", "--mask")
    assert found.band == 5 and found.date.text == str(path)
    write_geotiff(tmp_path / "classes.tif", np.ones((12, 16), np.uint8), GRID.window(0, 0, 12, 16))
    write_geotiff(tmp_path / "visual.tif", np.ones((12, 16, 3), np.uint8), GRID.window(0, 0, 12, 16))
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": "x", "properties": {"datetime": "2023-06-01T00:00:00Z"},
        "assets": {
            "visual": {"href": "visual.tif", "type": "image/tiff", "roles": ["visual"]},
            "scl": {"href": "classes.tif", "type": "image/tiff", "roles": ["data"]},
        },
    }  # fmt: skip
    (tmp_path / "item.json").write_text(json.dumps(item))
    found = find_quality(find_date(tmp_path / "item.json"), "auto", "--mask")
    assert found.band == 1 and found.date.text.endswith("classes.tif")
