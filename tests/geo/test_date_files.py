"""One date as several files, a folder, variables of a netCDF, or a name with a scheme."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from geo.conftest import WriteBand, raised, values
from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.align import open_pair, shared_bands
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.raster import Raster


def test_files_of_one_band_each_are_one_date(write_band: WriteBand, tmp_path: Path) -> None:
    for band, value in (("B02", 2), ("B03", 3), ("B04", 4)):
        write_band(f"2020/T33_{band}.tif", value)
    names = [tmp_path / "2020" / f"T33_{band}.tif" for band in ("B03", "B04", "B02")]
    assert values(names) == values(", ".join(map(str, names))) == values(f"{tmp_path}/2020/*_B0[234].tif") == [4, 3, 2]
    assert values(tmp_path / "2020") == [4, 3, 2]
    assert values(names, bands=(1, 2, 3)) == [3, 4, 2]
    assert str(find_date(names)) == ", ".join(map(str, names))
    assert find_date(names).local == tuple(names)


def test_files_without_a_name_of_a_band_come_in_their_order(write_band: WriteBand) -> None:
    names = [write_band(f"{name}.tif", value) for name, value in (("x", 7), ("y", 8), ("w", 9))]
    assert values(names) == [7, 8, 9]
    with Raster.open(names) as raster:
        assert all(band.colour is None for band in raster.said.bands)


def test_a_pattern_that_fits_one_file_is_that_file_and_one_that_fits_none_is_told(
    write_band: WriteBand, tmp_path: Path
) -> None:
    path = write_band("only.tif", 7)
    assert find_date(f"{tmp_path}/on*.tif").name == str(path.resolve())
    with pytest.raises(RasterError, match=r"No file fits the pattern .*absent"):
        find_date(f"{tmp_path}/absent*.tif")


def test_nodata_and_the_tags_of_files_are_kept(write_band: WriteBand) -> None:
    names = [write_band(f"{name}.tif", value, nodata=4) for name, value in (("red", 4), ("green", 5), ("blue", 6))]
    with rasterio.open(names[0], "r+") as dataset:
        dataset.update_tags(ACQUISITION_DATE="2020-04-28")
    with Raster.open(names) as raster:
        assert not raster.read(Window(0, 0, 48, 48))[1].any()
        assert raster.date == "2020-04-28"


def test_masks_of_files_are_kept(write_band: WriteBand) -> None:
    names = [write_band(f"{name}.tif", 5) for name in ("red", "green", "blue")]
    mask = np.full((48, 48), 255, "uint8")
    for row, name in enumerate(names[:2]):
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(name, "r+") as dataset:
            dataset.write_mask(np.where(np.arange(48)[:, None] == row, 0, mask).astype("uint8"))
    with Raster.open(names) as raster:
        valid = raster.read(Window(0, 0, 48, 48))[1]
    assert not valid[:2].any() and valid[2:].all()


def test_files_of_one_date_show_one_ground(write_band: WriteBand) -> None:
    names = [write_band("red.tif", 1), write_band("green.tif", 2), write_band("blue.tif", 3, left=500_480)]
    with pytest.raises(GridError, match=r"must show the same ground, .*blue.tif lies elsewhere than .*red.tif"):
        find_date(names)


def test_a_sentinel_2_folder_is_read_at_its_finest_pixels(safe: Path) -> None:
    assert values(safe) == [4, 3, 2]
    assert values(safe / "MTD_MSIL2A.xml") == [4, 3, 2]
    assert values(safe, bands=("nir", "B11", "coastal")) == [8, 11, 1]
    with Raster.open(safe) as raster:
        assert raster.grid.shape == (48, 48)
    with pytest.raises(OptionError, match="it has bands 1 "):
        Raster.open(safe, bands=("B10",))


def test_a_landsat_folder_is_read_without_thermal_and_quality_bands(landsat: Path, safe: Path) -> None:
    assert values(landsat) == values(landsat / f"{landsat.name}_MTL.txt") == [4, 3, 2]
    with Raster.open(landsat) as raster:
        assert [band.colour for band in raster.said.bands][:7] == [
            "coastal", "blue", "green", "red", "nir", "swir16", "swir22",
        ]  # fmt: skip
    pairs = shared_bands(safe, landsat)
    assert len(pairs.before) == 4  # red, green, blue, infrared
    with open_pair(safe, landsat, bands=("red", "nir")) as pair:
        before, after = (date[0] for date in pair.read_dates(Window(8, 8, 1, 1)))
    assert before[0, 0].tolist() == [4, 8] and after[0, 0].tolist() == [4, 5]


def test_old_landsat_has_red_in_its_third_band(write_band: WriteBand, tmp_path: Path) -> None:
    scene = "LT05_L1TP_193026_20050708_20200912_02_T1"
    for band in range(1, 8):
        write_band(f"{scene}/{scene}_B{band}.TIF", band, 30)
    assert values(tmp_path / scene) == [3, 2, 1]
    with Raster.open(tmp_path / scene, bands=("swir16", "nir", "red")) as raster:
        assert [raster.said.band(number).name for number in raster.bands] == ["B5", "B4", "B3"]


def test_a_sentinel_2_product_says_whether_its_numbers_are_raised(safe: Path, tmp_path: Path) -> None:
    """By its metadata, else by its name, as a folder, as some of its files and in an archive."""
    assert raised(safe) == raised(f"{safe}/**/R10m/*_B0[234]_10m.jp2") == ("05.09", -1000)
    assert raised(shutil.make_archive(str(tmp_path / "product"), "zip", tmp_path)) == ("05.09", -1000)
    renamed = safe.rename(tmp_path / "mine.SAFE")
    assert raised(renamed) is None
    for baseline, offset in (("04.00", -1000), ("03.01", 0)):
        text = f"<a><PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE></a>"
        (renamed / "MTD_MSIL2A.xml").write_text(text)
        assert raised(renamed) == raised(renamed / "MTD_MSIL2A.xml") == (baseline, offset)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"PROCESSING_BASELINE": "02.12", "DATATAKE_1_SPACECRAFT_NAME": "Sentinel-2B"}, ("02.12", 0)),
        ({"PRODUCT_URI": "S2B_MSIL1C_20220201T075109_N0400_R135_T36JTT_20220201T093044.SAFE"}, ("04.00", -1000)),
        ({"PROCESSING_BASELINE": "05.10", "PLATFORM": "Sentinel-3A"}, None),
        ({"PROCESSING_BASELINE": "new", "PLATFORM": "Sentinel-2A"}, None),
        ({}, None),
    ],
)
def test_a_files_tags_say_whether_its_numbers_are_raised(
    tags: dict[str, str], expected: tuple[str, int] | None, write_band: WriteBand
) -> None:
    paths = [write_band(f"{color}.tif", 7) for color in ("red", "green", "blue")]
    with rasterio.open(paths[0], "r+") as file:
        file.update_tags(**tags)
    assert raised(paths) == expected


def test_two_scenes_in_a_folder_are_told(landsat: Path) -> None:
    other = landsat.name.replace("20200708", "20210708")
    shutil.copy(landsat / f"{landsat.name}_SR_B4.TIF", landsat / f"{other}_SR_B4.TIF")
    with pytest.raises(RasterError, match=r"One scene is needed, .* holds 2 \(LC08_.*, LC08_"):
        find_date(landsat)


def test_folders_of_images_that_are_no_bands_are_told(write_band: WriteBand, tmp_path: Path) -> None:
    write_band("a/2020.tif", 1)
    assert find_date(tmp_path / "a").name.endswith("2020.tif")
    write_band("a/2021.tif", 1)
    with pytest.raises(RasterError, match=r"holds 2 images \(2020.tif, 2021.tif\): name one"):
        find_date(tmp_path / "a")


def test_files_by_url(write_band: WriteBand, tmp_path: Path) -> None:
    path = write_band("a folder/plain file.tif", 7)
    assert values(f"file://{path}", bands=(1,)) == values(path.as_uri(), bands=(1,)) == [7]
    assert values(f"file://localhost{path}", bands=(1,)) == [7]
    with pytest.raises(RasterError, match="names the machine elsewhere"):
        find_date("file://elsewhere/image.tif")
    with pytest.raises(RasterError, match="begin with gopher:// cannot be opened"):
        find_date("gopher://host/image.tif")
    with pytest.raises(RasterError, match="There is no file"):
        Raster.open(f"file://{tmp_path}/absent.tif")


def test_variables_of_a_netcdf_are_bands(tmp_path: Path) -> None:
    path = tmp_path / "image.nc"
    source = [f'NETCDF:"{path}":{name}' for name in ("blue", "green", "red")]
    _write_netcdf(path)
    assert values(path) == [3, 2, 1]
    assert values(path, bands=("green", "red")) == [2, 3]
    assert values(source[0], bands=(1,)) == [1]


def _write_netcdf(path: Path) -> None:
    """blue, green and red hold 1, 2, 3, as netCDF 3, written by scipy."""
    from scipy.io import netcdf_file  # only here: few tests need it

    with netcdf_file(path, "w") as file:
        for name, values_along in (("y", np.arange(48)[::-1] * 10.0), ("x", np.arange(48) * 10.0)):
            file.createDimension(name, 48)
            file.createVariable(name, "d", (name,))[:] = values_along
        for value, name in enumerate(("blue", "green", "red"), start=1):
            file.createVariable(name, "h", ("y", "x"))[:] = np.full((48, 48), value)


def test_formats_that_gdal_lacks_here_are_named(tmp_path: Path) -> None:
    path = tmp_path / "MOD09.hdf"
    path.write_bytes(b"\x0e\x03\x13\x01" + bytes(64))
    with pytest.raises(RasterError, match="is HDF4, which rasterio's GDAL does not read: convert it first"):
        find_date(path)


def test_one_date_given_twice_is_told(landsat: Path, write_band: WriteBand) -> None:
    with pytest.raises(RasterError, match="are the same image"):
        open_pair(landsat, f"{landsat}/*_SR_B[1-7].TIF")
