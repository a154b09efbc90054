"""Pictures that say which side is up are decoded so."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from data.small_images import encoded, picture, tiff, turned
from minenetcd.data.reading.decode import decode_date, decode_mask
from minenetcd.data.reading.read_options import ReadOptions


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("bands", [None, (1, 2, 3)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_picture_is_read_upright(orientation: int, bands: tuple[int, ...] | None, kind: str) -> None:
    """As viewers show it, whichever decoder reads it."""
    image = Image.fromarray(picture(40, 64))
    exif = image.getexif()
    exif[0x0112] = orientation
    content = encoded(image, kind, exif=exif, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {}))
    seen = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))
    read = decode_date(content, ReadOptions(bands=bands)).pixels.permute(1, 2, 0).numpy()
    assert read.shape == seen.shape
    assert np.abs(read.astype(int) - seen).max() <= (2 if kind == "JPEG" and bands else 0)  # two JPEG decoders


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA", "1", "I;16"])
@pytest.mark.parametrize("bands", [None, (1,)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_pictures_of_every_kind_are_read_upright(
    mode: str, bands: tuple[int, ...] | None, kind: str, tmp_path: Path
) -> None:
    """With palette, transparency and 16 bits, from bytes and from a file."""
    grey = picture(20, 32, kind="uint16" if mode == "I;16" else "uint8")
    image = Image.fromarray(grey[..., 0]) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(np.triu(np.full((20, 32), 255, np.uint8))))
    exif = Image.Exif()
    as_it_lies = decode_date(encoded(image, kind), ReadOptions(bands=bands))
    exif[0x0112] = 6
    content = encoded(image, kind, exif=exif)
    (tmp_path / "x").write_bytes(content)
    for source in (content, str(tmp_path / "x")):
        date = decode_date(source, ReadOptions(bands=bands))
        np.testing.assert_array_equal(date.pixels.numpy(), np.rot90(as_it_lies.pixels.numpy(), -1, axes=(1, 2)))
        assert (date.valid is None) == (as_it_lies.valid is None)
        if date.valid is not None:
            np.testing.assert_array_equal(date.valid.numpy(), np.rot90(as_it_lies.valid.numpy(), -1))


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint32", "float32", "float64"])
def test_a_tiff_without_place_is_read_upright_with_its_numbers_and_nodata(kind: str, tmp_path: Path) -> None:
    bands = np.moveaxis(picture(20, 32, 5, kind="float32"), -1, 0).astype(kind)
    bands[:, :4] = 7
    path = tiff(tmp_path / "x.tif", bands, nodata=7, crs=None, transform=None)
    turned(path, 6)
    date = decode_date(path, ReadOptions())
    expected = np.rot90(np.where((bands == 7).any(axis=0), 0, bands), -1, axes=(1, 2))
    np.testing.assert_array_equal(date.pixels.numpy(), expected)
    assert date.valid is not None and not date.valid[:, -4:].any()
    mask = tiff(tmp_path / "m.tif", (bands[:1] > 100).astype(np.uint8), crs=None, transform=None)
    turned(mask, 6)
    np.testing.assert_array_equal(decode_mask(mask).values, np.rot90(bands[0] > 100, -1))


def test_a_tiff_with_coordinates_lies_as_they_say(tmp_path: Path) -> None:
    bands = np.moveaxis(picture(), -1, 0)
    path = tiff(tmp_path / "x.tif", bands)
    turned(path, 6)
    np.testing.assert_array_equal(decode_date(path, ReadOptions()).pixels.numpy(), bands)
