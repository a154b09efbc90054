"""A pixel is valid that no kind of mask leaves out."""

import numpy as np
import pytest

from geo.conftest import WriteImage, read_all, whole
from minenetcd.geo.raster import Raster


def test_nodata_of_any_band_masks_the_pixel(write_image: WriteImage) -> None:
    pixels = np.full((16, 17, 3), 7, dtype=np.int16)
    pixels[2, 3, 1] = pixels[5, 5, :] = -99
    _, valid = read_all(write_image("image.tif", pixels, nodata=-99))
    assert np.argwhere(~valid).tolist() == [[2, 3], [5, 5]]


def test_nan_and_infinity_are_invalid_with_any_nodata(write_image: WriteImage) -> None:
    pixels = np.ones((16, 17, 3), dtype=np.float32)
    pixels[1, 1, 0], pixels[2, 2, 1], pixels[3, 3, 2], pixels[4, 4, 0] = np.nan, np.inf, -np.inf, -9999
    for nodata, expected in ((-9999, [1, 2, 3, 4]), (np.nan, [1, 2, 3]), (None, [1, 2, 3])):
        _, valid = read_all(write_image("image.tif", pixels, nodata=nodata))
        assert np.argwhere(~valid).tolist() == [[i, i] for i in expected]


def test_a_mask_and_nodata_both_count(write_image: WriteImage) -> None:
    pixels = np.full((16, 17, 3), 9, dtype=np.uint8)
    pixels[0, 0] = 1
    mask = np.ones((16, 17), dtype=bool)
    mask[8:] = False
    _, valid = read_all(write_image("image.tif", pixels, mask=mask, nodata=1))
    expected = mask.copy()
    expected[0, 0] = False
    assert np.array_equal(valid, expected)


@pytest.mark.parametrize(("name", "dtype"), [("image.png", "uint8"), ("image.png", "uint16"), ("image.tif", "uint16")])
def test_alpha_masks_and_is_no_colour(write_image: WriteImage, name: str, dtype: str) -> None:
    pixels = np.full((20, 21, 4), np.iinfo(dtype).max, dtype=dtype)
    pixels[:5, :, 3] = 0
    pixels[6, 6, 3] = 1
    options = {"photometric": "RGB", "alpha": "YES"} if name.endswith("tif") else {}
    with Raster.open(write_image(name, pixels, **options)) as raster:
        assert raster.bands == (1, 2, 3)
        _, valid = raster.read(whole(raster.grid))
    assert not valid[:5].any()
    assert valid[5:].all()


def test_alpha_counts_beside_nodata(write_image: WriteImage) -> None:
    pixels = np.full((16, 16, 4), 255, dtype=np.uint8)
    pixels[0, 0, :3], pixels[1, 1, 3] = 0, 0
    _, valid = read_all(write_image("image.tif", pixels, photometric="RGB", alpha="YES", nodata=0))
    assert np.argwhere(~valid).tolist() == [[0, 0], [1, 1]]


def test_a_palette_may_be_transparent(write_image: WriteImage) -> None:
    classes = np.arange(16 * 16, dtype=np.uint8).reshape(16, 16, 1) % 4
    colours = {0: (10, 20, 30, 255), 1: (255, 0, 127, 0), 2: (1, 2, 3, 255), 3: (7, 7, 7, 255)}
    _, valid = read_all(write_image("image.png", classes, colours=colours))
    assert np.array_equal(valid, classes[..., 0] != 1)
    _, valid = read_all(write_image("image.tif", classes, colours=colours, nodata=2))
    assert np.array_equal(valid, classes[..., 0] != 2)
