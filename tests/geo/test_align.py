import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.align import AlignedPair, Pair, open_pair
from minenetcd.geo.grid import Grid, apply

WriteImage = Callable[..., Path]
MakeGrid = Callable[..., Grid]


def noise(height: int, width: int, seed: int = 0, dtype: str = "uint8") -> NDArray:
    return np.random.default_rng(seed).integers(1, 200, (height, width, 3)).astype(dtype)


def landscape(grid: Grid, wavelength: float = 0.004) -> NDArray[np.float32]:
    """Smooth hills (H, W, 3), a function of longitude and latitude alone, with valleys `wavelength` degrees apart."""
    rows, columns = np.mgrid[: grid.height, : grid.width] + 0.5
    longitude, latitude = grid.to_degrees(*apply(grid.transform, columns, rows))
    hills = [np.sin(longitude * k) * np.cos(latitude * k) for k in 2 * np.pi / wavelength * np.array([1, 0.7, 0.5])]
    return (100 + 50 * np.stack(hills, axis=-1)).astype(np.float32)


def around(grid: Grid, epsg: int, *, pixel: float, margin: float = 0.0) -> Grid:
    """A grid in another CRS over the same ground, wider by `margin` of its size on each side."""
    left, bottom, right, top = transform_bounds(grid.crs, CRS.from_epsg(epsg), *grid.bounds)
    extra = max(right - left, top - bottom) * margin
    height, width = (int((high - low + 2 * extra) / pixel) for low, high in ((bottom, top), (left, right)))
    return Grid(height, width, Affine(pixel, 0, left - extra, 0, -pixel, top + extra), CRS.from_epsg(epsg))


def whole(pair: AlignedPair) -> Pair:
    return pair.read(Window(0, 0, pair.grid.width, pair.grid.height))


def test_equal_grids_are_read_bit_for_bit(write_image: WriteImage, utm: MakeGrid) -> None:
    first, second = noise(61, 47), noise(61, 47, 1, "uint16")
    before, after = write_image("a.tif", first, utm(61, 47)), write_image("b.tif", second, utm(61, 47))
    with open_pair(before, after) as pair:
        assert pair.overlap == Window(0, 0, 47, 61)
        read = whole(pair)
        part = pair.read(Window(5, 7, 11, 13))
    assert (read.before.dtype, read.after.dtype) == (np.uint8, np.uint16)
    assert np.array_equal(read.before, first)
    assert np.array_equal(read.after, second)
    assert read.valid.all()
    assert np.array_equal(part.after, second[7:20, 5:16])
    assert part.grid == pair.grid.window(7, 5, 13, 11)


def test_a_shift_by_whole_pixels_is_exact(write_image: WriteImage, utm: MakeGrid) -> None:
    """Partial overlap, same resolution: the after image is 20 columns east and 12 rows south of the before image."""
    first, second = noise(60, 80), noise(60, 80, 1)
    before = write_image("a.tif", first, utm(60, 80))
    after = write_image("b.tif", second, utm(60, 80, left=400_200, top=5_599_880))
    with open_pair(before, after) as pair:
        assert pair.overlap == Window(20, 12, 60, 48)
        read = whole(pair)
    inside = np.zeros((60, 80), dtype=bool)
    inside[12:, 20:] = True
    assert np.array_equal(read.valid, inside)
    assert np.array_equal(read.after[12:, 20:], second[:48, :60])


@pytest.mark.parametrize(
    ("epsg", "pixel"), [(32634, 10), (32633, 7), (4326, 1e-4), (3857, 14), (32633, 25), (2180, 12)]
)
def test_other_crs_and_resolutions_land_on_the_same_ground(
    write_image: WriteImage, utm: MakeGrid, epsg: int, pixel: float
) -> None:
    grid = utm(120, 150)
    other = around(grid, epsg, pixel=pixel, margin=0.1)
    before, after = write_image("a.tif", landscape(grid), grid), write_image("b.tif", landscape(other), other)
    with open_pair(before, after) as pair:
        assert pair.overlap == Window(0, 0, 150, 120)
        read = whole(pair)
    assert read.valid.all()
    assert np.abs(read.after - read.before).max() < 3  # of 100: a quarter pixel off would give 9
    assert np.abs(read.after - read.before).mean() < 0.6


def test_rotated_images_align_either_way(write_image: WriteImage, utm: MakeGrid) -> None:
    grid = utm(100, 100)
    turned = Grid(100, 100, grid.transform @ Affine.rotation(30, pivot=(50, 50)), grid.crs)
    upright_path, turned_path = (
        write_image(name, landscape(g), g) for name, g in (("upright.tif", grid), ("turned.tif", turned))
    )
    for before, after in ((upright_path, turned_path), (turned_path, upright_path)):
        with open_pair(before, after) as pair:
            read = whole(pair)
        assert 0.8 < read.valid.mean() < 0.95  # the corners of one lie outside the other
        assert read.valid[20:80, 20:80].all()
        assert not read.valid[0, 0]
        error = np.abs(read.after - read.before)
        assert error[20:80, 20:80].max() < 3
        assert error[read.valid].max() < 6  # half a pixel, where one image ends


@pytest.mark.parametrize("kind", ["nodata", "alpha", "mask", "nan"])
@pytest.mark.parametrize("metres", [10, 7, 33])
def test_invalid_pixels_never_bleed_into_valid_ones(
    write_image: WriteImage, utm: MakeGrid, kind: str, metres: float
) -> None:
    """Constant ground of 100 with holes of extreme values: after any warp a valid pixel still reads 100."""
    hole = np.zeros((90, 90), dtype=bool)
    hole[20:30, 30:50] = hole[60, ::2] = hole[:, 0] = True
    pixels = np.full((90, 90, 3), 100, dtype=np.float32)
    pixels[hole] = {"nodata": -9999, "nan": np.nan}.get(kind, 30_000)
    options = {}
    if kind == "alpha":
        pixels = np.dstack([pixels, np.where(hole, 0, 255)]).astype(np.uint16)
        options = {"photometric": "RGB", "alpha": "YES"}
    elif kind == "mask":
        options = {"mask": ~hole}
    elif kind == "nodata":
        options = {"nodata": -9999}
    after = write_image("b.tif", pixels, utm(90, 90, left=400_003, top=5_599_996), **options)
    with open_pair(write_image("a.tif", noise(90, 90), utm(90, 90)), after, gsd=metres) as pair:
        read = whole(pair)
        small = pair.read_small(20)
    for part in (read, small):
        assert 0.3 < part.valid.mean() < 1
        assert np.allclose(part.after[part.valid], 100)
    row, column = (round((pixel + 0.5) * 10 / metres - 0.5) for pixel in (25, 40))
    assert not read.valid[row, column]


def test_one_band_without_data_masks_every_band(write_image: WriteImage, utm: MakeGrid) -> None:
    pixels = np.full((40, 40, 3), 100, dtype=np.int16)
    pixels[10:20, 10:20, 1] = -1
    before = write_image("a.tif", noise(40, 40), utm(40, 40))
    with open_pair(before, write_image("b.tif", pixels, utm(40, 40, left=400_005), nodata=-1)) as pair:
        read = whole(pair)
    assert not read.valid[11:19, 11:19].any()
    assert (read.after[read.valid] == 100).all()


def test_masks_of_both_dates_are_joined(write_image: WriteImage, utm: MakeGrid) -> None:
    first, second = noise(40, 40), noise(40, 40, 1)
    first[3, 4], second[7, 8] = 0, 255
    before = write_image("a.tif", first, utm(40, 40), nodata=0)
    with open_pair(before, write_image("b.tif", second, utm(40, 40), nodata=255)) as pair:
        assert np.argwhere(~whole(pair).valid).tolist() == [[3, 4], [7, 8]]


def test_a_palette_is_warped_as_colours(write_image: WriteImage, utm: MakeGrid) -> None:
    classes = np.full((40, 40, 1), 7, dtype=np.uint8)
    classes[:, 20:] = 200
    colours = {7: (10, 20, 30, 255), 200: (110, 120, 130, 255)}
    after = write_image("b.tif", classes, utm(40, 40, left=400_005), colours=colours)
    with open_pair(write_image("a.tif", noise(40, 40), utm(40, 40)), after) as pair:
        read = whole(pair)
    assert (read.after[5, 5], read.after[5, 35]) == (pytest.approx((10, 20, 30)), pytest.approx((110, 120, 130)))
    assert set(map(tuple, read.after[read.valid].tolist())) <= {(v, v + 10, v + 20) for v in range(10, 111)}


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_windows_tile_to_the_whole_after_a_warp(write_image: WriteImage, utm: MakeGrid, data: st.DataObject) -> None:
    grid = utm(70, 90)
    other = around(grid, 4326, pixel=1.3e-4)
    before, after = (
        write_image("a.tif", landscape(grid), grid),
        write_image("b.tif", landscape(other), other, nodata=99),
    )
    rows = sorted({0, 70, *data.draw(st.lists(st.integers(1, 69), max_size=3))})
    cols = sorted({0, 90, *data.draw(st.lists(st.integers(1, 89), max_size=3))})
    with open_pair(before, after) as pair:
        read = whole(pair)
        for top, bottom in pairwise(rows):
            for left, right in pairwise(cols):
                part = pair.read(Window(left, top, right - left, bottom - top))
                assert np.array_equal(part.after, read.after[top:bottom, left:right])
                assert np.array_equal(part.valid, read.valid[top:bottom, left:right])


def test_gsd_resamples_both_dates(write_image: WriteImage, utm: MakeGrid) -> None:
    grid, finer = utm(120, 150), utm(400, 500, metres=3)
    before, after = write_image("a.tif", landscape(grid), grid), write_image("b.tif", landscape(finer), finer)
    with open_pair(before, after, gsd=20) as pair:
        assert pair.grid.shape == (60, 75)
        read = whole(pair)
        expected = landscape(pair.grid)
    assert read.valid.all()
    assert np.abs(read.before - expected)[2:-2, 2:-2].max() < 6
    assert np.abs(read.after - expected)[2:-2, 2:-2].max() < 6
    with open_pair(before, write_image("c.tif", noise(120, 150), grid), gsd=10) as pair:
        assert pair.both_as_stored


def test_read_small_shows_the_overlap_of_both_dates(write_image: WriteImage, utm: MakeGrid) -> None:
    grid = utm(300, 500)
    other = around(grid.window(100, 200, 200, 300), 3857, pixel=9)
    before, after = (write_image(n, landscape(g, 0.02), g) for n, g in (("a.tif", grid), ("b.tif", other)))
    with open_pair(before, after) as pair:
        small = pair.read_small(50)
    expected = landscape(small.grid, 0.02)
    assert max(small.grid.shape) == 50
    assert small.before.shape == small.after.shape == (*small.grid.shape, 3)
    assert small.valid.mean() > 0.9
    for date in (small.before, small.after):  # a small pixel off would give 13
        assert np.abs(date - expected)[small.valid].max() < 6
        assert np.abs(date - expected)[small.valid].mean() < 0.7


def test_a_small_image_is_found_in_a_large_one(write_image: WriteImage, utm: MakeGrid) -> None:
    """Either may be the larger; the larger may span more than the other's CRS can hold."""
    grid = utm(40, 50, left=300_000, metres=8_000)
    world = Grid(180, 360, Affine(1, 0, -180, 0, -1, 90), CRS.from_epsg(4326))
    site, globe = write_image("site.tif", noise(40, 50), grid), write_image("globe.tif", noise(180, 360, 1), world)
    with open_pair(site, globe) as pair:
        assert pair.overlap == Window(0, 0, 50, 40)
        assert whole(pair).valid.all()
    with open_pair(globe, site) as pair:
        assert (pair.overlap.row_off, pair.overlap.col_off) == (39, 192)  # 50.5 north, 12.2 east
        assert 0.5 < pair.read(pair.overlap).valid.mean() < 1


def test_images_meet_across_the_date_line(write_image: WriteImage) -> None:
    degrees = Grid(50, 100, Affine(0.001, 0, 179.92, 0, -0.001, -16.8), CRS.from_epsg(4326))
    metres = around(Grid(50, 60, Affine(0.001, 0, 179.95, 0, -0.001, -16.8), degrees.crs), 32760, pixel=100)
    assert metres.bounds_degrees.left < -179.9  # part of it lies beyond 180 degrees
    before, after = (
        write_image("a.tif", landscape(degrees, 0.05), degrees),
        write_image("b.tif", landscape(metres, 0.05), metres),
    )
    with open_pair(before, after) as pair:
        read = whole(pair)
    assert read.valid[10:40, 35:85].all()
    assert np.abs(read.after - read.before)[read.valid].max() < 3


def test_pictures_are_compared_pixel_by_pixel(write_image: WriteImage) -> None:
    first, second = noise(17, 23), noise(17, 23, 1)
    with open_pair(write_image("a.png", first), write_image("b.png", second)) as pair:
        read = whole(pair)
        small = pair.read_small(10)
        assert not pair.grid.is_georeferenced
    assert np.array_equal(read.after, second)
    assert small.before.shape == (7, 10, 3)


def test_each_date_may_have_its_own_bands(write_image: WriteImage, utm: MakeGrid) -> None:
    first, second = np.dstack([noise(20, 20), noise(20, 20, 1)]), noise(20, 20, 2)
    before, after = write_image("a.tif", first, utm(20, 20)), write_image("b.tif", second, utm(20, 20))
    with open_pair(before, after, bands=(6, 5, 4), bands_after=(3, 2, 1)) as pair:
        read = whole(pair)
    assert np.array_equal(read.before, first[..., [5, 4, 3]])
    assert np.array_equal(read.after, second[..., ::-1])
    with pytest.raises(OptionError, match="as many bands, got 3 before and 2 after"):
        open_pair(before, after, bands=(1, 2, 3), bands_after=(1, 2))


def test_what_cannot_be_compared_says_why(write_image: WriteImage, utm: MakeGrid) -> None:
    georeferenced = write_image("a.tif", noise(20, 20), utm(20, 20))
    far = write_image("far.tif", noise(20, 20, 1), utm(20, 20, left=500_000))
    picture, large = write_image("a.png", noise(20, 20, 2)), write_image("large.png", noise(30, 40, 3))
    with pytest.raises(GridError, match=r"a\.png has none: georeference it"):
        open_pair(georeferenced, picture)
    with pytest.raises(GridError, match=r"a\.png has none: georeference it"):
        open_pair(picture, georeferenced)
    with pytest.raises(GridError, match="equal size, got 20 x 20 and 40 x 30 pixels: crop or scale"):
        open_pair(picture, large)
    with pytest.raises(GridError, match=r"before covers 13\.\d+ to 13\.\d+ degrees east, .* after 15\.0000 to") as told:
        open_pair(georeferenced, far)
    assert "\n" not in str(told.value)
    with pytest.raises(OptionError, match="leave --gsd out"):
        open_pair(picture, write_image("b.png", noise(20, 20)), gsd=10)


def test_touching_images_do_not_overlap(write_image: WriteImage, utm: MakeGrid) -> None:
    before = write_image("a.tif", noise(20, 20), utm(20, 20))
    with pytest.raises(GridError, match="do not overlap"):
        open_pair(before, write_image("b.tif", noise(20, 20, 1), utm(20, 20, left=400_200)))
    with open_pair(before, write_image("c.tif", noise(20, 20, 2), utm(20, 20, left=400_190))) as pair:
        assert pair.overlap == Window(19, 0, 1, 20)


def test_one_image_given_twice_is_noticed(write_image: WriteImage, utm: MakeGrid, tmp_path: Path) -> None:
    pixels = noise(700, 600)
    path = write_image("a.tif", pixels, utm(700, 600))
    copy = tmp_path / "copy.tif"
    shutil.copy(path, copy)
    link = tmp_path / "link.tif"
    link.symlink_to(path)
    for same in (path, copy, link, tmp_path / "." / "a.tif"):
        with pytest.raises(RasterError, match="are the same image: name another"):
            open_pair(path, same)
    recompressed = write_image("c.tif", pixels, utm(700, 600), compress="deflate")
    with pytest.raises(RasterError, match="hold the same pixels: name another image"):
        open_pair(path, recompressed)
    pixels[0, 0, 0] += 1
    with open_pair(path, write_image("d.tif", pixels, utm(700, 600), compress="deflate")) as pair:
        assert pair.both_as_stored


def test_nothing_valid_in_the_overlap_names_the_image(write_image: WriteImage, utm: MakeGrid) -> None:
    grid = utm(30, 30)
    full, empty = (
        write_image("full.tif", noise(30, 30), grid),
        write_image("empty.tif", noise(30, 30) * 0, grid, nodata=0),
    )
    with pytest.raises(RasterError, match=r"empty\.tif holds only nodata there"):
        open_pair(full, empty)
    with pytest.raises(RasterError, match=r"empty\.tif holds only nodata there"):
        open_pair(empty, full)
    left, right = noise(30, 30), noise(30, 30, 1)
    left[:, 15:], right[:, :15] = 0, 0
    halves = (write_image(name, pixels, grid, nodata=0) for name, pixels in (("l.tif", left), ("r.tif", right)))
    with pytest.raises(RasterError, match="have none in common"):
        open_pair(*halves)


@pytest.mark.parametrize("name", ["a.tif", "b.tif"])
def test_a_truncated_date_fails_loudly_through_the_warp(write_image: WriteImage, utm: MakeGrid, name: str) -> None:
    before = write_image("a.tif", noise(200, 200), utm(200, 200))
    after = write_image("b.tif", noise(200, 200, 1), utm(200, 200, left=400_004))
    content = (before.parent / name).read_bytes()
    (before.parent / name).write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(RasterError, match=rf"{name} cannot be read to the end"), open_pair(before, after) as pair:
        whole(pair)


def test_reference_pairs(real_images: Path) -> None:
    with open_pair(*(real_images / "oscd_geotiff" / date / "bercy.tif" for date in "AB")) as pair:
        assert (pair.both_as_stored, pair.grid.shape) == (True, (395, 360))
    with open_pair(*(real_images / "landsat_taizhou" / date / "taizhou.tif" for date in "AB"), gsd=30) as pair:
        assert pair.both_as_stored
    mine = real_images / "mines_s2_timeseries" / "mine_0"
    with open_pair(mine / "2019-02-13.tif", mine / "2023-11-29.tif", bands=(3, 2, 1), gsd=10) as pair:
        assert whole(pair).valid.mean() > 0.95
    apart = real_images / "single_geotiff" / "paddlers_ssmt"
    with pytest.raises(GridError, match=r"before covers 120\.49.* after 7\.76"):
        open_pair(apart / "multispectral_t1.tif", apart / "multispectral_t2.tif")
