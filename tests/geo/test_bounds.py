"""What reading an image may cost: no pipe is opened, and GDAL holds a bounded number of bytes."""

import os
from pathlib import Path

import pytest
from rasterio.env import get_gdal_config

from minenetcd.errors import RasterError
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import quiet_gdal


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    with pytest.raises(RasterError, match=r"pipe\.tif cannot be read \(it is a pipe, and a file is needed\)"):
        Raster.open(tmp_path / "pipe.tif")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev")
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/vsistdin/"])
def test_devices_and_the_input_stream_are_refused(name: str) -> None:
    with pytest.raises(RasterError, match="copy the image to a file"):
        Raster.open(name)


def test_a_name_of_any_length_is_one_line() -> None:
    with pytest.raises(RasterError, match="There is no file"):
        Raster.open("x" * 5000)


def test_what_gdal_holds_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GDAL_CACHEMAX", raising=False)
    with quiet_gdal():
        assert get_gdal_config("GDAL_CACHEMAX") == 256 * 2**20
