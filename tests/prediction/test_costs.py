"""What costs more than anybody is likely to mean is refused in one line, or done where somebody says so."""

import itertools
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import typer
from rasterio.windows import Window

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.cli.checks import unless_refused
from minenetcd.errors import CostError, OptionError, OutputError, RasterError
from minenetcd.geo.align import open_pair
from minenetcd.prediction import costs
from minenetcd.prediction.opening import open_scene
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

SIDE = 20_000
YES = PredictOptions(yes=True)
BAND = '<VRTRasterBand dataType="Byte" band="{}">{}</VRTRasterBand>'
SOURCE = "<SimpleSource><SourceFilename>{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"


def vrt(path: Path, side: int, source: str = "") -> Path:
    """Three bands of a square, with pixels of one source, or of none."""
    bands = "".join(BAND.format(band, SOURCE.format(source) if source else "") for band in (1, 2, 3))
    path.write_text(f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}">{bands}</VRTDataset>\n')
    return path


def sparse(path: Path, side: int, value: int) -> Path:
    """A GeoTIFF of a square, of which one block is written."""
    with rasterio.open(
        path, "w", driver="GTiff", height=side, width=side, count=3, dtype="uint8", nodata=0, tiled=True,
        blockxsize=512, blockysize=512, compress="deflate", sparse_ok=True, crs="EPSG:32633",
        transform=utm_grid(side, side).transform,
    ) as dataset:  # fmt: skip
        middle = Window(side // 1024 * 512, side // 1024 * 512, 512, 512)
        dataset.write(np.full((3, 512, 512), value, np.uint8), window=middle)
    return path


@pytest.mark.parametrize("source", ["", "nowhere.tif", "small.tif", "inner.vrt"])
def test_a_size_that_no_bytes_stand_behind_is_refused(tmp_path: Path, source: str) -> None:
    with rasterio.open(tmp_path / "small.tif", "w", driver="GTiff", height=64, width=64, count=1, dtype="uint8") as one:
        one.write(np.ones((1, 64, 64), np.uint8))
    vrt(tmp_path / "inner.vrt", 64, str(tmp_path / "small.tif"))
    text = str(tmp_path / source) if source else ""
    images = vrt(tmp_path / "b.vrt", SIDE, text), vrt(tmp_path / "a.vrt", SIDE, text)
    with pytest.raises(CostError, match=r"b\.vrt claims 1\.2 GB of them in files of .* \(--yes\)\.$"):
        predict_scene(Difference(), *images, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_whoever_says_so_has_it_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "LARGEST_UNASKED", 100)
    monkeypatch.setattr(costs, "MOST_TIMES", 0.1)
    images = vrt(tmp_path / "b.vrt", 64), vrt(tmp_path / "a.vrt", 64)
    with pytest.raises(CostError, match="claims"):
        predict_scene(Difference(), *images)
    with pytest.raises(RasterError, match=r"the same image|the same pixels"):
        predict_scene(Difference(), *images, options=YES)


def test_a_sparse_geotiff_is_believed_and_so_is_a_vrt_of_it(tmp_path: Path) -> None:
    images = sparse(tmp_path / "b.tif", SIDE, 50), sparse(tmp_path / "a.tif", SIDE, 90)
    assert sum(path.stat().st_size for path in images) * 1000 < SIDE * SIDE * 3
    for before, after in (images, [vrt(path.with_suffix(".vrt"), SIDE, str(path)) for path in images]):
        with open_scene(before, after, PredictOptions()) as scene:
            assert scene.native.overlap.width == SIDE


def test_a_geotiff_whose_blocks_are_cut_off_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "MOST_TIMES", 10)
    path = tmp_path / "b.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=12_000, width=12_000, count=3, dtype="uint8", tiled=True
    ) as it:
        it.write(np.ones((3, 12_000, 256), np.uint8), window=Window(0, 0, 256, 12_000))
    with path.open("r+b") as file:
        file.truncate(1_000_000)
    with pytest.raises(CostError, match=r"claims 432\.0 MB of them in files of 1\.0 MB"):
        predict_scene(Difference(), path, sparse(tmp_path / "a.tif", 512, 50))


def test_more_pixels_than_anybody_reads_within_hours_are_refused_unread(tmp_path: Path) -> None:
    images = sparse(tmp_path / "b.tif", 4096, 50), sparse(tmp_path / "a.tif", 4096, 90)
    with pytest.raises(CostError, match=r"819,200 x 819,200 pixels takes more than 9 hours: .*\(--yes\)\.$"):
        predict_scene(Difference(), *images, options=PredictOptions(gsd=0.05, force_gsd=True))


@pytest.fixture
def pair(write_scene: WriteScene, noisy: Callable) -> list[Path]:
    """256 x 256 pixels: 25 tiles."""
    return [
        write_scene(name, pixels, utm_grid(256, 256))
        for name, pixels in zip(("b.tif", "a.tif"), noisy(256, 256), strict=True)
    ]


def test_first_tiles_that_foretell_hours_end_it(
    pair: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "perf_counter", itertools.count(step=5_000).__next__)  # for 8 tiles
    with pytest.raises(CostError, match=r"the first of 25 tiles foretell about 3 hours: .*\(--yes\)\.$"):
        predict_scene(Difference(), *pair, tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))


def test_what_was_kept_goes_on_with_yes(pair: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as slow, pytest.raises(CostError):
        slow.setattr(costs, "perf_counter", itertools.count(step=5_000).__next__)
        predict_scene(Difference(), *pair, tmp_path / "out", resume=True)
    predict_scene(Difference(), *pair, tmp_path / "out", options=YES, resume=True).close()


def test_tiles_that_are_late_are_not_the_first(pair: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0, 61, *range(10_000, 10**9, 10_000)])
    monkeypatch.setattr(costs, "perf_counter", times.__next__)
    predict_scene(Difference(), *pair).close()


@pytest.mark.parametrize("options", [PredictOptions(), YES, PredictOptions(float_probability=True)])
def test_a_disk_without_room_is_refused_before_anything_is_read(
    pair: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: PredictOptions
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=60_000))
    detector = Difference()
    with pytest.raises(OutputError, match=r"^About .* are needed in .*, 60,000 bytes are free: make room, or name"):
        predict_scene(detector, *pair, tmp_path / "out", options=options)
    assert not detector.ranged
    assert not list(tmp_path.glob("out/*"))


def test_blocks_under_a_row_of_tiles_are_cached(tmp_path: Path) -> None:
    grid = utm_grid(40, 300)
    dates = [
        write_geotiff(tmp_path / f"{value}.tif", np.full((40, 300, 3), value, np.uint16), grid) for value in (1, 2)
    ]
    least = 2 * 300 * 64 * 3 * 2  # both dates, of so many rows [bytes]
    with open_pair(*dates) as pair:
        assert least < costs.bytes_of_tiles(pair, 64) < least + 2 * 300 * 512 * 3 * 2 + 300 * 64 * 8
    with open_pair(*dates, gsd=20 * grid.metres_per_pixel[0]) as coarse:
        assert costs.bytes_of_tiles(coarse, 64) > 10 * least


@pytest.mark.parametrize(("answer", "made"), [(True, "made"), (False, None)])
def test_whoever_sits_at_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch, answer: bool, made: str | None) -> None:
    def run(options: PredictOptions) -> str:
        if not options.yes:
            raise CostError("It takes long: go on (--yes).")
        return "made"

    asked: list[str] = []
    monkeypatch.setattr(typer, "confirm", lambda text, **_: asked.append(text) or answer)
    with pytest.raises(OptionError):
        unless_refused(run, PredictOptions())  # no terminal
    assert not asked
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    if made is None:
        with pytest.raises(CostError):
            unless_refused(run, PredictOptions())
    else:
        assert unless_refused(run, PredictOptions()) == made
    assert asked == ["It takes long: go on (--yes). Go on?"]
