"""Images and masks of every kind, held against Pillow and rasterio; damaged ones are refused, never half read."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from fixtures.hub_data import png
from minenetcd.data.reading.decode import Mask, decode_date, decode_mask
from minenetcd.data.reading.headers import DecodeError
from minenetcd.data.reading.mask_values import MaskValues, values_of
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.errors import OptionError

AS_IT_IS = ReadOptions()


def picture(height: int = 21, width: int = 34, bands: int = 3, seed: int = 0, kind: str = "uint8") -> NDArray:
    top = 256 if kind == "uint8" else 5000
    return np.random.default_rng(seed).integers(0, top, (height, width, bands)).astype(kind)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(path: Path, bands: NDArray, **options: object) -> str:
    """Bands (C, H, W) as GeoTIFF."""
    count, height, width = bands.shape
    profile = {"crs": "EPSG:32735", "transform": from_origin(500_000, 7_000_000, 1.2, 1.2)} | options
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width, dtype=bands.dtype, **profile
    ) as file:
        file.write(bands)
    return str(path)


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


def test_masks_keep_their_values_whatever_holds_them(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2, (20, 30)).astype(np.uint8)
    palette = Image.fromarray(values)
    palette.putpalette([0, 0, 0, 200, 30, 30])
    three = np.repeat(values[..., None] * 255, 3, axis=2)
    for content, factor in (
        (png(values), 1),
        (png(values * 255), 255),
        (png(three), 255),
        (encoded(Image.fromarray(three).convert("RGBA")), 255),
        (encoded(palette), 1),
        (encoded(Image.fromarray(values > 0)), 1),
        (encoded(Image.fromarray(values.astype(np.uint16) * 300)), 300),
        (tiff(tmp_path / "u8.tif", values[None] * 7), 7),
        (tiff(tmp_path / "f.tif", values[None].astype(np.float32)), 1),
        (tiff(tmp_path / "n0.tif", values[None], nodata=0), 1),
    ):
        mask = decode_mask(content)
        assert mask.valid is None
        np.testing.assert_array_equal(mask.values, values.astype(int) * factor)


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
    date = decode_date(path, AS_IT_IS)
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
    np.testing.assert_array_equal(decode_date(path, AS_IT_IS).pixels.numpy(), bands)


def turned(path: str, orientation: int) -> None:
    """Let a TIFF say so: its directory is written again behind it, with the tag."""
    content = bytearray(Path(path).read_bytes())
    if len(content) % 2:
        content.append(0)
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    entries = [bytes(content[start + 2 + 12 * each : start + 14 + 12 * each]) for each in range(count)]
    entries.append(struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack("<H", entry[:2]))
    struct.pack_into("<I", content, 4, len(content))
    Path(path).write_bytes(content + struct.pack("<H", count + 1) + b"".join(entries) + bytes(4))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_a_mask_turns_with_its_picture(kind: str) -> None:
    values = np.zeros((8, 16), np.uint8)
    values[:, :8] = 255
    image = Image.fromarray(values)
    exif = image.getexif()
    exif[0x0112] = 6
    mask = decode_mask(encoded(image, kind, exif=exif))
    np.testing.assert_array_equal(mask.values > 0, np.rot90(values > 0, -1))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("quality", [60, 75, 95])
def test_a_black_and_white_jpeg_is_a_mask_from_128_on(mode: str, quality: int) -> None:
    values = np.zeros((64, 64), np.uint8)
    values[10:30, 20:50] = 255
    mask = decode_mask(encoded(Image.fromarray(values).convert(mode), "JPEG", quality=quality))
    assert values_of(mask) == {0, 1}
    np.testing.assert_array_equal(mask.values, values > 0)
    assert values_of(decode_mask(encoded(Image.fromarray(values * 0), "JPEG"))) == {0}


def test_a_jpeg_of_classes_is_refused_unless_its_threshold_is_stated() -> None:
    values = np.zeros((64, 64), np.uint8)
    values[10:30, 20:50] = 60
    content = encoded(Image.fromarray(values), "JPEG", quality=95)
    with pytest.raises(DecodeError, match="not black and white") as told:
        decode_mask(content)
    assert "?changed_from=" in told.value.advice
    np.testing.assert_array_equal(decode_mask(content, ReadOptions(changed_from=30)).values, values > 0)


def test_a_threshold_may_be_stated_of_any_mask(tmp_path: Path) -> None:
    values = np.array([[0, 1, 2, 3, 4, 9]], np.uint8)
    for content in (png(values), tiff(tmp_path / "x.tif", values[None])):
        options = ReadOptions(changed_from=2, not_labelled=9)
        mask = MaskValues.of({0, 1, 9}, not_labelled=9).translate(decode_mask(content, options))
        np.testing.assert_array_equal(mask, [[0, 0, 1, 1, 1, 255]])


def test_nodata_of_a_mask_is_not_labelled_unless_it_is_0(tmp_path: Path) -> None:
    values = np.array([[0, 1, 9, 1]], np.uint8)
    mask = decode_mask(tiff(tmp_path / "x.tif", values[None], nodata=9))
    assert values_of(mask) == {0, 1}
    np.testing.assert_array_equal(MaskValues(1).translate(mask), [[0, 1, 255, 1]])
    fractions = np.array([[0, 1, np.nan]], np.float32)
    mask = decode_mask(tiff(tmp_path / "nan.tif", fractions[None], nodata=np.nan))
    np.testing.assert_array_equal(MaskValues(1).translate(mask), [[0, 1, 255]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png(picture()), "a mask needs one band of values, it holds colours"),
        (png(np.zeros((4, 4), np.uint8))[:30], "truncated|early|damaged|no image|broken"),
    ],
)
def test_what_is_no_mask_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode_mask(content)


def test_a_mask_of_fractions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="whole numbers"):
        decode_mask(tiff(tmp_path / "x.tif", np.array([[[0, 0.5]]], np.float32)))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({0, 1}, MaskValues(1)),
        ({0, 255}, MaskValues(255)),
        ({7}, MaskValues(7)),
        ({0}, MaskValues()),
        ({0, 1, 255}, MaskValues(1, 255)),
        ({1, 255}, MaskValues(1, 255)),
    ],
)
def test_what_values_mean(found: set[int], expected: MaskValues) -> None:
    assert MaskValues.of(found) == expected


@pytest.mark.parametrize("found", [{0, 1, 2}, {0, 128, 255}, {0, 2, 255}, {-1, 0, 1}, {-1, 0}, set(range(256))])
def test_several_values_are_refused_and_listed(found: set[int]) -> None:
    with pytest.raises(DecodeError, match="a mask needs 0 and one value for change") as caught:
        MaskValues.of(found)
    listed = str(caught.value).split("found ")[1]
    assert listed.startswith(", ".join(map(str, sorted(found)[:3])) if len(found) > 2 else "-1, 0")
    assert ("(256 values)" in listed) == (len(found) == 256)


def test_a_value_can_be_left_out() -> None:
    known = MaskValues.of({0, 128, 255}, not_labelled=128)
    translated = known.translate(Mask(np.array([[0, 128, 255]], np.uint8)))
    np.testing.assert_array_equal(translated, [[0, 255, 1]])
    assert MaskValues.of({0, 255}, not_labelled=255) == MaskValues(None, 255)


def test_a_mask_unlike_the_others_is_refused_with_its_values() -> None:
    with pytest.raises(DecodeError, match="hold 0, 255, this one holds 0, 1, 3"):
        MaskValues(255).translate(Mask(np.array([[0, 1, 3]], np.uint8)))
    with pytest.raises(DecodeError, match="hold 0, 1, 255, this one holds 0, 70000"):
        MaskValues(1, 255).translate(Mask(np.array([[0, 70_000]])))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 255), st.sampled_from(["uint8", "uint16", "int64"]), st.integers(0, 2**32))
def test_any_one_positive_value_is_change(value: int, kind: str, seed: int) -> None:
    changed = np.random.default_rng(seed).random((9, 11)) < 0.4
    mask = Mask((changed * value).astype(kind))
    for known in (MaskValues.of(values_of(mask)), MaskValues()):
        np.testing.assert_array_equal(known.translate(mask), changed)


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
