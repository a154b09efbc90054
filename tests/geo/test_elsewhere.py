"""Images that name others, on the network or beside an archive: only where somebody allows it."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from geo.conftest import WriteBand
from minenetcd.errors import RasterError
from minenetcd.geo.date_files.finding import find_date

AWAY = (
    '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
    '<SourceFilename relativeToVRT="1">{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>'
    "</VRTDataset>"
)


SERVICE = '<GDAL_WMS><Service name="TMS"><ServerUrl>https://example.org/${z}</ServerUrl></Service></GDAL_WMS>'


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
