"""Which bands of a file are red, green and blue, by what it says; and bands by name."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from geo.conftest import MakeGrid, WriteImage, read_all
from minenetcd.errors import OptionError
from minenetcd.geo.align import colour_bands, shared_bands
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import bands_said

RED, GREEN, BLUE, NONE = ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined


def describe(
    path: Path,
    *,
    names: Sequence[str | None] = (),
    tags: Sequence[ColorInterp] = (),
    band_tags: Sequence[dict[str, str]] = (),
) -> Path:
    """`path`, which says that of its bands."""
    with rasterio.open(path, "r+") as dataset:
        if tags:
            dataset.colorinterp = tags
        if names:
            dataset.descriptions = names
        for number, each in enumerate(band_tags, start=1):
            dataset.update_tags(number, **each)
    return path


@pytest.fixture
def write_bands(write_image: WriteImage, utm: MakeGrid):
    """write_bands(name, count, dtype="uint8", **what it says) -> path; band n holds 10 n."""

    def write(name: str, count: int, dtype: str = "uint8", **said: Sequence) -> Path:
        pixels = np.empty((20, 20, count), dtype)
        pixels[:] = 10 * np.arange(1, count + 1)
        return describe(write_image(name, pixels, utm(20, 20)), **said)

    return write


@pytest.mark.parametrize(
    ("tags", "bands"),
    [
        ((RED, GREEN, BLUE), (1, 2, 3)),
        ((BLUE, GREEN, RED), (3, 2, 1)),
        ((BLUE, GREEN, RED, NONE), (3, 2, 1)),
        ((NONE, RED, GREEN, BLUE), (2, 3, 4)),
        ((RED, ColorInterp.alpha, GREEN, BLUE, NONE), (1, 3, 4)),
        ((NONE, BLUE, ColorInterp.alpha, GREEN, RED), (5, 4, 2)),
    ],
)
def test_colour_tags_say_which_bands_are_colours(write_bands, tags, bands) -> None:
    with Raster.open(write_bands("image.tif", len(tags), tags=tags)) as raster:
        assert raster.bands == bands


@pytest.mark.parametrize(
    ("names", "bands"),
    [
        (("B02", "B03", "B04", "B08"), (3, 2, 1)),
        (("B4", "B3", "B2"), (1, 2, 3)),
        (("B2", "B3", "B4", "B8", "B8A"), (3, 2, 1)),
        (("blue", "Green", "RED", "NIR"), (3, 2, 1)),
        (("near infrared", "red", "green", "blue"), (2, 3, 4)),
        (("infra-red", "Red (b3)", "Green (b2)", "Blue (b1)"), (2, 3, 4)),
        (("TM1", "TM2", "TM3", "TM4"), (3, 2, 1)),
        (("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B7"), (3, 2, 1)),  # Landsat 4 to 7
        (("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7"), (4, 3, 2)),  # Landsat 8 and 9
        (("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"), (6, 4, 2)),  # SuperDove
        (
            ("B4, central wavelength 665 nm", "B3, central wavelength 560 nm", "B2, central wavelength 490 nm"),
            (1, 2, 3),
        ),
        (("490 nm", "560 nm", "665 nm", "842 nm"), (3, 2, 1)),
        (("sur_refl_b01", "sur_refl_b04", "sur_refl_b03"), (1, 2, 3)),
        (("red edge", "blue", "green", "red"), (4, 3, 2)),
        (("Band 1", "Band 2", "Band 3", "Band 4"), (1, 2, 3)),  # only count
    ],
)
def test_names_say_which_bands_are_colours(write_bands, names, bands) -> None:
    with Raster.open(write_bands("image.tif", len(names), names=names)) as raster:
        assert raster.bands == bands


@pytest.mark.parametrize(
    ("name", "bands"),
    [
        ("LT05_L1TP_193026_20050708_stack.tif", (3, 2, 1)),
        ("LC08_L1TP_193026_20200708_stack.tif", (4, 3, 2)),
    ],
)
def test_the_sensor_in_a_files_name_says_what_b4_is(write_bands, name, bands) -> None:
    with Raster.open(write_bands(name, 5, "uint16", names=("B1", "B2", "B3", "B4", "B5"))) as raster:
        assert raster.bands == bands


def test_the_sensor_in_tags_says_what_b4_is(write_bands) -> None:
    path = write_bands("image.tif", 4, names=("B4", "B3", "B2", "B1"))
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(SPACECRAFT_ID="LANDSAT_5")
    with Raster.open(path) as raster:
        assert raster.bands == (2, 3, 4)
        assert raster.said.band(1).colour == "nir"


def test_planets_order_goes_by_the_name_of_its_files(write_bands) -> None:
    for name, bands in (("20230101_090000_1054_3B_AnalyticMS_SR.tif", (3, 2, 1)), ("ortho.tif", (1, 2, 3))):
        with Raster.open(write_bands(name, 4, "uint16")) as raster:
            assert raster.bands == bands


@pytest.mark.parametrize(
    "wavelengths",
    [
        [{"wavelength": "490", "wavelength_units": "Nanometers"}, {"wavelength": "560"}, {"wavelength": "665"}],
        [{"WAVELENGTH": "0.49", "WAVELENGTH_UNITS": "Micrometers"}, {"WAVELENGTH": "0.56"}, {"WAVELENGTH": "0.665"}],
    ],
)
def test_wavelengths_say_which_bands_are_colours(write_bands, wavelengths) -> None:
    with Raster.open(write_bands("image.tif", 3, band_tags=wavelengths)) as raster:
        assert raster.bands == (3, 2, 1)


def test_of_many_wavelengths_the_nearest_are_read(write_bands) -> None:
    lengths = [450 + 10 * step for step in range(40)]
    path = write_bands("image.tif", 40, "uint16", band_tags=[{"wavelength": str(length)} for length in lengths])
    with Raster.open(path) as raster:
        assert [lengths[band - 1] for band in raster.bands] == [660, 560, 490]


def test_names_stand_before_the_tags_that_programs_set_by_themselves(write_bands) -> None:
    path = write_bands("image.tif", 4, names=("B08", "B04", "B03", "B02"), tags=(RED, GREEN, BLUE, ColorInterp.alpha))
    with Raster.open(path) as raster:
        assert raster.bands == (2, 3, 4)
    assert read_all(path)[1].all()  # band 4 is blue light, and no mask
    with Raster.open(write_bands("false.tif", 3, names=("B8", "B4", "B3"))) as raster:
        assert [raster.said.band(band).colour for band in raster.bands] == [None, "red", "green"]


@given(order=st.permutations(["blue", "green", "red", "nir", "swir16"]))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_dates_whose_bands_differ_in_order_are_put_in_order(write_bands, order: list[str]) -> None:
    before = write_bands("before.tif", 5, names=("red", "green", "blue", "nir", "swir16"))
    after = write_bands("after.tif", 5, "uint16", names=order)
    pairs = shared_bands(before, after)
    assert pairs.before == (1, 2, 3, 4, 5)
    assert [order[band - 1] for band in pairs.after] == ["red", "green", "blue", "nir", "swir16"]
    _, colours = colour_bands(before, after)
    assert [order[band - 1] for band in colours or ()] == ["red", "green", "blue"]


def test_bands_that_one_date_lacks_and_masks_are_left_out(write_bands) -> None:
    before = write_bands("before.tif", 5, names=("B02", "B03", "B04", "B08", "SCL"))
    after = write_bands("after.tif", 4, tags=(BLUE, GREEN, RED, ColorInterp.nir))
    assert shared_bands(before, after) == ((3, 2, 1, 4), (3, 2, 1, 4))
    planes = write_bands("three.tif", 3)
    assert shared_bands(before, planes) == ((3, 2, 1), (1, 2, 3))


def test_a_date_that_says_nothing_is_taken_in_the_order_of_the_other(write_bands) -> None:
    said = write_bands("said.tif", 4, tags=(BLUE, GREEN, RED, NONE))
    silent = write_bands("silent.tif", 4, "uint16")
    assert shared_bands(said, silent) == ((3, 2, 1, 4), (3, 2, 1, 4))
    assert shared_bands(silent, said) == ((3, 2, 1, 4), (3, 2, 1, 4))


@pytest.mark.parametrize("wanted", [("red", "green", "blue"), ("B4", "B3", "B2"), ("B04", "b03", 1), (3, 2, 1)])
def test_bands_go_by_name_or_number(write_bands, wanted) -> None:
    path = write_bands("image.tif", 4, names=("B02", "B03", "B04", "B08"))
    assert (read_all(path, bands=wanted)[0] == (30, 20, 10)).all()


def test_a_band_that_is_not_there_lists_those_that_are(write_bands) -> None:
    path = write_bands("image.tif", 4, names=("B02", "B03", "B04", "B08"))
    listed = r"A band called swir16 is needed in .*image.tif, it has bands 1 \(B02, blue\), .*4 \(B08, nir\): choose"
    with pytest.raises(OptionError, match=listed):
        Raster.open(path, bands=("swir16",))
    with pytest.raises(OptionError, match="it has bands 1, 2, 3, 4 without names: choose"):
        Raster.open(write_bands("silent.tif", 4, "uint16"), bands=("red",))


@pytest.mark.parametrize("word", ["1", "near ", "B", "b 1", "red_", "landsat"])
def test_names_and_wavelengths_of_any_length_are_looked_at_at_once(tmp_path: Path, word: str) -> None:
    path, text = tmp_path / "x.tif", word * 100_000
    with rasterio.open(path, "w", driver="GTiff", height=4, width=4, count=1, dtype="uint8") as file:
        file.descriptions = (text,)
        file.update_tags(1, WAVELENGTH=text)
        file.update_tags(PLATFORM=text)
    start = monotonic()
    bands_said(path)
    assert monotonic() - start < 5


def test_what_thousands_of_bands_say_is_read_at_once(tmp_path: Path) -> None:
    """GDAL tells of all bands whenever it is asked for one: 2,000 took over a minute."""
    path = tmp_path / "x.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=4, width=4, count=2000, dtype="uint8", interleave="band"
    ) as file:
        file.write(np.ones((2000, 4, 4), np.uint8))
    start = monotonic()
    with Raster.open(path, bands=tuple(range(1, 2001))) as raster:
        assert len(raster.said.bands) == 2000
    assert monotonic() - start < 10
