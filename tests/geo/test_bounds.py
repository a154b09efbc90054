"""What reading an image may cost: no pipe is opened, and GDAL holds a bounded number of bytes."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rasterio.env import get_gdal_config

from minenetcd.errors import RasterError
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import cache_of, quiet_gdal


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


def cached() -> int:
    """What GDAL may cache [MiB]."""
    with quiet_gdal():
        return get_gdal_config("GDAL_CACHEMAX") // 2**20


def test_what_gdal_caches_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GDAL_CACHEMAX", raising=False)
    sizes = []
    for size in (1, 100 * 2**20, 2**40):
        with cache_of(size), ThreadPoolExecutor(1) as elsewhere:
            sizes += [cached(), elsewhere.submit(cached).result()]
    assert sizes == [64, 64, 100, 100, 192, 192] and cached() == 64
    monkeypatch.setenv("GDAL_CACHEMAX", "7")
    with cache_of(100 * 2**20), quiet_gdal():
        assert get_gdal_config("GDAL_CACHEMAX") != 100 * 2**20
