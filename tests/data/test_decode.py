"""Images of every kind, held against Pillow and rasterio; damaged ones are refused, never half read."""

import io
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rasterio.enums import ColorInterp

from data.small_images import encoded, picture, tiff
from fixtures.hub_data import png
from minenetcd.data.reading.decode import decode_date, decode_mask
from minenetcd.data.reading.headers import DecodeError
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.errors import OptionError

AS_IT_IS = ReadOptions()


def test_a_png_is_its_pixels_in_bands_from_bytes_or_a_path(tmp_path: Path) -> None:
    pixels = picture()
    (tmp_path / "x.png").write_bytes(png(pixels))
    for source in (png(pixels), str(tmp_path / "x.png")):
        date = decode_date(source, AS_IT_IS)
        assert date.valid is None and date.pixels.is_contiguous()
        np.testing.assert_array_equal(date.pixels.numpy(), np.moveaxis(pixels, -1, 0))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 9), st.booleans(), st.integers(0, 2**32))
def test_any_png_is_what_pillow_reads(height: int, width: int, level: int, smooth: bool, seed: int) -> None:
    pixels = picture(height, width, seed=seed)
    pixels = np.sort(pixels, axis=0) if smooth else pixels  # rows alike: other PNG filters
    content = encoded(Image.fromarray(pixels), compress_level=level)
    np.testing.assert_array_equal(decode_date(content, AS_IT_IS).pixels.permute(1, 2, 0).numpy(), pixels)


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("P", "PNG"), ("1", "PNG"), ("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG")]
)
def test_other_pictures_become_three_bands(mode: str, kind: str) -> None:
    content = encoded(Image.fromarray(picture()).convert(mode), kind)
    expected = np.array(Image.open(io.BytesIO(content)).convert("RGB"))
    np.testing.assert_array_equal(decode_date(content, AS_IT_IS).pixels.permute(1, 2, 0).numpy(), expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_hold_no_data(mode: str) -> None:
    image = Image.fromarray(picture()).convert(mode)
    alpha = np.full((21, 34), 255, np.uint8)
    alpha[3:7, 5:9] = 0
    image.putalpha(Image.fromarray(alpha))
    date = decode_date(encoded(image), AS_IT_IS)
    assert date.pixels.shape == (3, 21, 34) and date.valid is not None
    np.testing.assert_array_equal(date.valid.numpy(), alpha > 0)
    image.putalpha(255)
    assert decode_date(encoded(image), AS_IT_IS).valid is None


def test_a_tiff_of_8_bits_is_read_as_it_is_and_its_nodata_is_not_valid(tmp_path: Path) -> None:
    bands = np.moveaxis(picture(), -1, 0).clip(1)
    np.testing.assert_array_equal(decode_date(tiff(tmp_path / "a.tif", bands), AS_IT_IS).pixels.numpy(), bands)
    bands[:, :4] = 0
    date = decode_date(tiff(tmp_path / "b.tif", bands, nodata=0), AS_IT_IS)
    assert date.valid is not None
    np.testing.assert_array_equal(date.valid.numpy(), (bands > 0).all(axis=0))
    from_bytes = decode_date((tmp_path / "b.tif").read_bytes(), AS_IT_IS)
    np.testing.assert_array_equal(from_bytes.pixels.numpy(), date.pixels.numpy())
    assert decode_date(tiff(tmp_path / "c.tif", bands[:1]), AS_IT_IS).pixels.shape == (3, 21, 34)  # one band, repeated


@pytest.mark.parametrize("kind", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
@pytest.mark.parametrize("value_range", [None, (0, 4000)])
def test_numbers_stay_what_they_are_in_every_band(
    kind: str, value_range: tuple[float, float] | None, tmp_path: Path
) -> None:
    bands = np.moveaxis(picture(60, 50, 5), -1, 0).astype(kind)
    path = tiff(tmp_path / "x.tif", bands)
    date = decode_date(path, ReadOptions(value_range=value_range))
    assert date.valid is None and date.pixels.numpy().dtype == kind
    np.testing.assert_array_equal(date.pixels.numpy(), bands)
    chosen = decode_date(path, ReadOptions(bands=(4, 2), value_range=value_range))
    np.testing.assert_array_equal(chosen.pixels.numpy(), bands[[3, 1]])


def test_where_numbers_of_any_kind_hold_no_data_they_are_0(tmp_path: Path) -> None:
    bands = np.moveaxis(picture(60, 50, 13, kind="float32"), -1, 0) + 1
    bands[3, :9], bands[:, -5:] = np.nan, -9999
    date = decode_date(tiff(tmp_path / "x.tif", bands, nodata=-9999), AS_IT_IS)
    known = np.ones((60, 50), bool)
    known[:9], known[-5:] = False, False
    assert date.valid is not None and date.pixels.shape == (13, 60, 50)
    np.testing.assert_array_equal(date.valid.numpy(), known)
    np.testing.assert_array_equal(date.pixels.numpy(), np.where(known, bands, 0))


def test_a_frame_that_is_no_measurement_holds_no_data(tmp_path: Path) -> None:
    bands = np.moveaxis(picture(kind="int16"), -1, 0)
    bands[:, :, 30:] = -9999
    date = decode_date(tiff(tmp_path / "x.tif", bands), AS_IT_IS)
    assert date.valid is not None
    np.testing.assert_array_equal(date.valid.numpy(), np.broadcast_to(np.arange(34) < 30, (21, 34)))


def test_a_png_of_16_bits_and_one_of_chosen_bands(tmp_path: Path) -> None:
    grey = picture(30, 30, kind="uint16")[..., 0]
    date = decode_date(encoded(Image.fromarray(grey)), AS_IT_IS)
    assert date.pixels.shape[0] == 3 and (date.pixels.numpy() == grey).all()
    pixels = picture()
    turned = decode_date(png(pixels), ReadOptions(bands=(3, 2, 1))).pixels.permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(turned, pixels[..., ::-1])


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["PNG", "JPEG", "TIFF"]))
def test_a_truncated_image_is_refused_wherever_it_ends(data: st.DataObject, kind: str) -> None:
    content = encoded(Image.fromarray(picture(40, 40)), kind)
    with pytest.raises(DecodeError):
        decode_date(content[: data.draw(st.integers(0, len(content) - 2))], AS_IT_IS)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_png_with_a_changed_pixel_byte_is_refused(data: st.DataObject) -> None:
    content = bytearray(png(picture(40, 40)))
    start = content.index(b"IDAT") + 4 + 3  # of the three bytes before the pixels, five bits mean nothing
    content[data.draw(st.integers(start, len(content) - 17))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DecodeError):
        decode_date(bytes(content), AS_IT_IS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no image that can be read"),
        (b"<html>", "no image that can be read"),
        (png(picture())[:-3], "the PNG ends too early"),
        ("/nowhere/x.png", "it is not there"),
    ],
)
def test_the_reason_is_in_words(content: bytes | str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode_date(content, AS_IT_IS)


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(OptionError, match="start at 1"):
        ReadOptions(bands=(0, 1))
    with pytest.raises(OptionError, match="a low and a higher value"):
        ReadOptions(value_range=(5, 5))


def test_real_tiles_are_what_pillow_reads(real_images: Path) -> None:
    for path in sorted((real_images / "levir_256").rglob("*.png")):
        expected = np.array(Image.open(path))
        if path.parent.name == "label":
            np.testing.assert_array_equal(decode_mask(str(path)).values, expected)
        else:
            np.testing.assert_array_equal(decode_date(str(path), AS_IT_IS).pixels.permute(1, 2, 0).numpy(), expected)


def test_three_bands_come_as_red_green_and_blue_where_the_file_names_them(tmp_path: Path) -> None:
    pixels = np.stack([np.full((8, 8), value, np.uint8) for value in (10, 20, 30)])
    for names, colours, expected in (
        (("blue", "green", "red"), None, [30, 20, 10]),
        (None, (ColorInterp.blue, ColorInterp.green, ColorInterp.red), [30, 20, 10]),
        (None, None, [10, 20, 30]),
    ):
        path = tmp_path / "date.tif"
        with rasterio.open(path, "w", driver="GTiff", height=8, width=8, count=3, dtype="uint8") as dataset:
            dataset.write(pixels)
            if names:
                dataset.descriptions = names
            if colours:
                dataset.colorinterp = colours
        assert decode_date(str(path), ReadOptions()).pixels[:, 0, 0].tolist() == expected


def test_bands_of_a_data_set_go_by_name(tmp_path: Path) -> None:
    with rasterio.open(tmp_path / "date.tif", "w", driver="GTiff", height=8, width=8, count=4, dtype="uint16") as file:
        file.write(np.stack([np.full((8, 8), value, np.uint16) for value in (2, 3, 4, 8)]))
        file.descriptions = ("B02", "B03", "B04", "B08")
    wanted = ReadOptions(bands=("nir", "red", 1))
    assert decode_date(str(tmp_path / "date.tif"), wanted).pixels[:, 0, 0].tolist() == [8, 4, 2]
    with pytest.raises(DecodeError, match="A band called swir16 is needed in this image, it has bands 1"):
        decode_date(str(tmp_path / "date.tif"), ReadOptions(bands=("swir16",)))
