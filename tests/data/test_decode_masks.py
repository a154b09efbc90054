"""Masks of every kind: their values, and what these mean."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from data.small_images import encoded, picture, tiff
from fixtures.hub_data import png
from minenetcd.data.reading.decode import Mask, decode_mask
from minenetcd.data.reading.headers import DecodeError
from minenetcd.data.reading.mask_values import MaskValues, values_of
from minenetcd.data.reading.read_options import ReadOptions


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
