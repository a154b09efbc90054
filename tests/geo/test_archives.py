"""One date in a zip or tar."""

import gzip
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from geo.conftest import WriteBand, values
from minenetcd.errors import RasterError
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.raster import Raster


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
