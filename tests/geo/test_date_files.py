"""One date as several files, a folder, an archive, a STAC item, variables of a netCDF, or a name with a scheme."""

import gzip
import json
import shutil
import tarfile
import zipfile
from base64 import b64encode
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from rasterio.windows import Window

from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.align import open_pair, shared_bands
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.date_files.stac import read_item
from minenetcd.geo.raster import Raster

WriteBand = Callable[..., Path]


@pytest.fixture
def write_band(tmp_path: Path) -> WriteBand:
    """write_band(name, value, metres=10, driver="GTiff", left=500_000, **options) -> path of 480 m in uint16."""

    def write(name: str, value: int, metres: float = 10, left: float = 500_000, **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        side = int(480 / metres)
        driver = {".jp2": "JP2OpenJPEG", ".tif": "GTiff", ".TIF": "GTiff"}[path.suffix]
        if driver == "JP2OpenJPEG":
            options |= {"QUALITY": "100", "REVERSIBLE": "YES"}
        with rasterio.open(
            path, "w", driver=driver, height=side, width=side, count=1, dtype="uint16", crs="EPSG:32633",
            transform=Affine(metres, 0, left, 0, -metres, 5_600_000), **options,
        ) as dataset:  # fmt: skip
            dataset.write(np.full((1, side, side), value, "uint16"))
        return path

    return write


def values(image: object, **options: object) -> list[int]:
    """What the bands that are read hold in the middle."""
    with Raster.open(image, **options) as raster:
        pixels, valid = raster.read(Window(12, 12, 1, 1))
        assert valid.all()
        return [int(value) for value in pixels[0, 0]]


@pytest.fixture
def landsat(write_band: WriteBand) -> Path:
    """A folder of Landsat 8, Collection 2 level 2: B1 to B7 hold 1 to 7, with thermal and quality bands."""
    scene = "LC08_L2SP_193026_20200708_20200912_02_T1"
    for band in range(1, 8):
        path = write_band(f"{scene}/{scene}_SR_B{band}.TIF", band, 30, nodata=0)
    write_band(f"{scene}/{scene}_ST_B10.TIF", 10, 30)
    write_band(f"{scene}/{scene}_QA_PIXEL.TIF", 99, 30)
    (path.parent / f"{scene}_MTL.txt").write_text("GROUP = LANDSAT_METADATA_FILE")
    return path.parent


@pytest.fixture
def safe(write_band: WriteBand) -> Path:
    """A Sentinel-2 L2A product: B02, B03, B04, B08 hold 2, 3, 4, 8 at 10 m, B11 11 at 20 m, B01 1 at 60 m."""
    name = "S2A_MSIL2A_20230601T100601_N0509_R022_T33UUP_20230601T160000.SAFE"
    images = f"{name}/GRANULE/L2A_T33UUP_A041474_20230601T101000/IMG_DATA"
    tile = "T33UUP_20230601T100601"
    for metres, bands in ((10, ("02", "03", "04", "08")), (20, ("02", "04", "11")), (60, ("01", "04"))):
        for band in bands:
            path = write_band(f"{images}/R{metres}m/{tile}_B{band}_{metres}m.jp2", int(band), metres)
    write_band(f"{images}/R20m/{tile}_SCL_20m.jp2", 5, 20)
    write_band(f"{name}/GRANULE/L2A_T33UUP_A041474_20230601T101000/QI_DATA/MSK_DETFOO_B02.jp2", 1)
    folder = path.parents[4]
    (folder / "MTD_MSIL2A.xml").write_text("<n1:Level-2A_User_Product/>")
    return folder


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


def raised(image: object) -> tuple[str, int] | None:
    with Raster.open(image) as raster:
        return raster.processing and (raster.processing.baseline, raster.processing.offset)


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


def test_a_stac_item_says_whether_its_numbers_are_raised(item: Path) -> None:
    told = json.loads(item.read_text())
    for properties, expected in (
        ({}, None),
        ({"s2:processing_baseline": "05.09"}, ("05.09", -1000)),
        ({"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": True}, None),
    ):
        item.write_text(json.dumps({**told, "properties": {**told["properties"], **properties}}))
        assert raised(item) == expected


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


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_archives_are_read_as_folders_are(landsat: Path, tmp_path: Path, kind: str) -> None:
    archive = tmp_path / f"scene.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            for path in sorted(landsat.iterdir()):
                file.write(path, f"scene/{path.name}")
    else:
        with tarfile.open(archive, "w:gz" if kind == "tar.gz" else "w") as tar:
            tar.add(landsat, "scene")
    assert values(archive) == [4, 3, 2]
    assert find_date(archive).local == (archive,)
    inside = f"scene/{landsat.name}_SR_B5.TIF"
    scheme = "zip" if kind == "zip" else "tar"
    assert values(f"{scheme}://{archive}!/{inside}", bands=(1,)) == [5]
    assert values(f"/vsi{scheme}/{archive}/{inside}", bands=(1,)) == [5]


def test_a_zip_of_a_safe_folder_is_read(safe: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "product"), "zip", tmp_path, safe.name)
    assert values(archive) == values(f"zip://{archive}") == [4, 3, 2]


def test_damaged_archives_and_wrong_names_are_one_line(tmp_path: Path, write_band: WriteBand) -> None:
    (tmp_path / "torn.zip").write_bytes(b"PK\x03\x04 torn")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("readme.txt", "nothing")
    for name, message in {
        "torn.zip": "cannot be opened as an archive",
        "empty.zip": "which holds none: name a file",
    }.items():
        with pytest.raises(RasterError, match=message):
            find_date(tmp_path / name)
    with pytest.raises(RasterError, match=r"absent.tif cannot be opened as an image \(.*\)"):
        Raster.open(f"/vsizip/{tmp_path}/empty.zip/absent.tif")


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


@pytest.fixture
def item(write_band: WriteBand, tmp_path: Path) -> Path:
    """A STAC item that names red, green, blue and infrared, of which only names in eo:bands tell which is which."""
    assets = {}
    for key, value in (("blue", 2), ("green", 3), ("red", 4), ("nir", 8)):
        write_band(f"assets/{value}.tif", value)
        assets[f"asset-{value}"] = {
            "href": f"./assets/{value}.tif",
            "type": "image/tiff; application=geotiff",
            "roles": ["data"],
            "eo:bands": [{"name": f"B0{value}", "common_name": key}],
        }
    assets["thumbnail"] = {"href": "https://example.org/small.png", "type": "image/png", "roles": ["thumbnail"]}
    path = tmp_path / "item.json"
    properties = {"datetime": "2023-06-01T10:06:01Z", "platform": "sentinel-2a"}
    path.write_text(
        json.dumps({"type": "Feature", "stac_version": "1.0.0", "properties": properties, "assets": assets})
    )
    return path


def test_a_stac_item_names_its_bands_and_its_date(item: Path) -> None:
    assert values(item) == [4, 3, 2]
    assert values(item, bands=("nir", "B04")) == [8, 4]
    with Raster.open(item) as raster:
        assert raster.date is not None and raster.date.startswith("2023-06-01T10:06:01")


def test_files_that_a_stac_item_names_on_the_network_are_read_only_when_asked_for(item: Path) -> None:
    text = item.read_text().replace("./assets/4.tif", "https://example.org/4.tif")
    item.write_text(text)
    with pytest.raises(RasterError, match=r"names files there \(example.org\): allow that \(--remote\)"):
        find_date(item)
    with pytest.raises(RasterError, match=r"allow that \(--remote\)"):
        find_date("https://example.org/item.json")


@pytest.mark.parametrize("url", ["https://me:hidden@example.org/4.tif?sig=hidden", "s3://me:hidden@example.org/4.tif"])
def test_who_opens_files_on_the_network_is_not_told(item: Path, url: str) -> None:
    item.write_text(item.read_text().replace("./assets/4.tif", url))
    with pytest.raises(RasterError) as caught:
        find_date(item)
    assert "(example.org)" in str(caught.value) and "hidden" not in str(caught.value)


def test_an_item_is_fetched_with_the_password_of_its_url(item: Path) -> None:
    asked = []

    class Guarded(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(item.read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        Thread(target=server.serve_forever).start()
        found = read_item(f"http://me:h%20n@127.0.0.1:{server.server_port}/item.json", remote=True)
        server.shutdown()
    assert asked == ["Basic " + b64encode(b"me:h n").decode()] and len(found.parts) > 2
    with pytest.raises(RasterError, match="cannot be read as one") as caught:
        read_item("http://me:hidden@127.0.0.1:1/item.json", remote=True)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("source", ["/vsicurl/https://me:hidden@example.org/4.tif", "https://example.org/a?x=hidden"])
def test_a_vrt_leads_to_the_network_only_when_asked_for(tmp_path: Path, source: str) -> None:
    path = tmp_path / "one.vrt"
    path.write_text(
        '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(RasterError, match=r"names files on the network \(example.org\): allow that") as caught:
        find_date(path)
    assert "hidden" not in str(caught.value)
    assert find_date(path, remote=True).local == (path,)


AWAY = (
    '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
    '<SourceFilename relativeToVRT="1">{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>'
    "</VRTDataset>"
)
SERVICE = '<GDAL_WMS><Service name="TMS"><ServerUrl>https://example.org/${z}</ServerUrl></Service></GDAL_WMS>'


@pytest.mark.parametrize("kind", ["service", "blank first", "comment first", "nested", "beside", "folder", "netCDF"])
def test_no_image_leads_to_the_network_by_itself_whatever_it_is_called(
    write_band: WriteBand, tmp_path: Path, kind: str
) -> None:
    away = AWAY.format("/vsicurl/https://example.org/a.tif")
    image, folder = tmp_path / "x.tif", tmp_path / "folder"
    folder.mkdir()
    if kind == "beside":
        image = write_band("x.tif", 1)
    texts = {
        "service": {image: SERVICE}, "blank first": {image: " " + away}, "comment first": {image: "# one" + away},
        "nested": {image: AWAY.format("y.tif"), tmp_path / "y.tif": away}, "beside": {tmp_path / "x.tif.ovr": away},
        "folder": {folder / "x.tif": away}, "netCDF": {tmp_path / "x.nc": away},
    }[kind]  # fmt: skip
    for path, text in texts.items():
        path.write_text(text)
    given = {"folder": folder, "netCDF": tmp_path / "x.nc"}.get(kind, image)
    with pytest.raises(RasterError, match=r"names files on the network \(example.org\): allow that"):
        find_date(given)


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tgz"])
@pytest.mark.parametrize("text", [SERVICE, AWAY.format("/etc/passwd")])
def test_an_image_in_an_archive_holds_its_pixels_itself(tmp_path: Path, ending: str, text: str) -> None:
    (tmp_path / "x.tif").write_text(text)
    archive = tmp_path / f"one{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(archive, "w") as file:
            file.write(tmp_path / "x.tif", "x.tif")
    else:
        with tarfile.open(archive, "w:gz" if ending == ".tgz" else "w") as tar:
            tar.add(tmp_path / "x.tif", "x.tif")
    with pytest.raises(RasterError, match=r"x.tif in .* describes files that lie elsewhere"):
        find_date(archive)


def test_names_that_no_disk_takes_and_tars_that_claim_too_much_are_one_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "long.zip", "w") as file:
        file.writestr("x" * 60_000 + ".tif", b"")
    with pytest.raises(RasterError, match="a file whose name has 60,004 letters, at most 1,024 are read"):
        find_date(tmp_path / "long.zip")
    claim = tarfile.TarInfo("zeros.bin")
    claim.size = 60 * 2**30
    (tmp_path / "bomb.tgz").write_bytes(gzip.compress(claim.tobuf(tarfile.GNU_FORMAT)))
    with pytest.raises(RasterError, match=r"claims to hold 64,424,509,440 bytes or more in 1 files, at most"):
        find_date(tmp_path / "bomb.tgz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"stac_version": "1.0.0"', "cannot be read as one"),
        ('{"stac_version": "1.0.0", "assets": {}}', "with assets is needed"),
        ('{"stac_version": "1.0.0", "assets": {"a": {"href": "notes.txt"}}}', "names none"),
        ('{"stac_version": "1.0.0", "assets": {"a": {"href": "absent.tif"}}}', r"There is no file .*absent.tif"),
        ('{"stac_version": "1.0.0", "assets": {"a": {"href": "/vsicurl/http://x/a.tif"}}}', "--remote"),
    ],
)
def test_stac_items_that_name_no_image_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "item.json"
    path.write_text(text)
    with pytest.raises(RasterError, match=message):
        find_date(path)


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


def turned_picture(path: Path, pixels: np.ndarray, **options: object) -> Path:
    """Stored as its sensor lies, a quarter turned, with the EXIF that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(pixels))).save(path, exif=exif, **options)
    return path


@pytest.mark.parametrize("ending", [".png", ".tif", ".webp", ".jpg"])
def test_pictures_are_read_upright_from_files_and_archives(tmp_path: Path, ending: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    options = {".webp": {"lossless": True}, ".jpg": {"quality": 100, "subsampling": 0}}.get(ending, {})
    path = turned_picture(tmp_path / f"x{ending}", pixels, **options)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path, path.name)
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        tar.add(path, f"in/{path.name}")
    for given in (path, tmp_path / "x.zip", tmp_path / "x.tgz"):
        with Raster.open(given) as raster:
            read, _ = raster.read(Window(0, 0, raster.grid.width, raster.grid.height))
        assert read.shape == pixels.shape
        assert np.abs(read.astype(int) - pixels).max() <= (8 if ending == ".jpg" else 0)


@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg"])
def test_files_of_one_band_each_are_read_upright(tmp_path: Path, ending: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    options = {"quality": 100} if ending == ".jpg" else {}
    for place, colour in enumerate(("red", "green", "blue")):
        turned_picture(tmp_path / f"x_{colour}{ending}", pixels[..., place], **options)
    with Raster.open(str(tmp_path / "x_*")) as raster:
        read, _ = raster.read(Window(0, 0, raster.grid.width, raster.grid.height))
    assert read.shape == pixels.shape
    assert np.abs(read.astype(int) - pixels).max() <= (3 if ending == ".jpg" else 0)


def test_one_transparent_colour_of_a_turned_picture_takes_all_its_bands(tmp_path: Path) -> None:
    pixels = np.full((8, 12, 3), 90, np.uint8)
    pixels[:, 6:, 0] = 0  # without red, as water is
    pixels[:2, :2] = 0
    path = turned_picture(tmp_path / "x.png", pixels, transparency=(0, 0, 0))
    for given in (path, [path]):
        with Raster.open(given) as raster:
            read, valid = raster.read(Window(0, 0, 12, 8))
        assert np.array_equal(read, pixels)
        assert np.array_equal(valid, pixels.any(axis=-1))


@pytest.mark.parametrize("when", ["2020-01-01T00:00:00Z", None])
def test_an_item_of_one_image_names_its_bands_whatever_else_it_says(tmp_path: Path, when: str | None) -> None:
    three_bands(tmp_path / "x.tif")
    asset = {"href": "x.tif", "bands": [{"name": name} for name in ("blue", "green", "red")]}
    item = {"stac_version": "1.1.0", "properties": {"datetime": when}, "assets": {"image": asset}}
    (tmp_path / "x.json").write_text(json.dumps(item))
    assert values(tmp_path / "x.json") == [3, 2, 1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"roles": 5}, None), ({"roles": [None]}, None), ({"bands": 5}, None), ({"eo:bands": {"name": 1}}, None),
        ({"href": "http://[/x.tif"}, "--remote"), ({"href": "x" * 5000 + ".tif"}, "There is no file .*xxx"),
        ({"bands": [{"name": "\ud800"}] * 3}, "cannot be read as one"),
    ],
)  # fmt: skip
def test_an_item_whose_words_are_no_stac_is_read_without_them_or_refused(
    tmp_path: Path, wrong: dict[str, object], message: str | None
) -> None:
    three_bands(tmp_path / "x.tif")
    assets = {"image": {"href": "x.tif", "type": "image/tiff", **wrong}}
    (tmp_path / "x.json").write_text(json.dumps({"stac_version": "1.1.0", "properties": {}, "assets": assets}))
    if message is None:
        assert values(tmp_path / "x.json") == [1, 2, 3]
    else:
        with pytest.raises(RasterError, match=message):
            find_date(tmp_path / "x.json")


def three_bands(path: Path) -> None:
    """Of 1, 2 and 3."""
    with rasterio.open(
        path, "w", driver="GTiff", height=48, width=48, count=3, dtype="uint8", photometric="MINISBLACK"
    ) as file:
        file.write(np.stack([np.full((48, 48), value, np.uint8) for value in (1, 2, 3)]))
