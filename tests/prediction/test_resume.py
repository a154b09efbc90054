"""A run that was killed goes on from its finished strips, to the same files."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from numpy.typing import NDArray

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.errors import OptionError, OutputError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Blurred

OPTIONS = PredictOptions(batch_size=3)

#: Sends this process a signal once so many tiles are done.
RUN = """
import os, sys
from pathlib import Path
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from minenetcd.runtime.interruption import EndingBySignals
from prediction.stand_in import Blurred
before, after, out, number, tiles, resume = sys.argv[1:]
def progress(done, of):
    if done >= int(tiles):
        os.kill(os.getpid(), int(number))
with EndingBySignals():
    predict_scene(Blurred(), before, after, out, options=PredictOptions(batch_size=3), progress=progress,
        resume=resume == "resume")
"""


@pytest.fixture
def images(write_scene: WriteScene) -> tuple[Path, Path]:
    first, second = np.random.default_rng(3).integers(1, 256, (2, 300, 200), dtype=np.uint8)
    first[90:160, :] = 0  # rows of tiles without data
    grid = utm_grid(300, 200)
    return write_scene("b.tif", first, grid, nodata=0), write_scene("a.tif", second, grid)


def interrupted(images: tuple[Path, Path], out: Path, number: int, tiles: int = 20, *, resume: bool = False) -> None:
    arguments = [*images, out, int(number), tiles, "resume" if resume else "once"]
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}  # that of the tests, too
    command = [sys.executable, "-c", RUN, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **paths})
    assert done.returncode == -number or done.stderr.rstrip().endswith("Terminated"), done.stderr


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".tif"}


@pytest.mark.slow  # two processes
def test_a_killed_run_goes_on_to_the_same_rasters(images: tuple[Path, Path], tmp_path: Path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    interrupted(images, out, signal.SIGKILL)
    assert [path.name[:11] for path in out.iterdir() if path.is_dir()] == [".minenetcd-"]
    detector, all_of_it = Blurred(), Blurred()
    predict_scene(detector, *images, out, options=OPTIONS, resume=True).close()
    predict_scene(all_of_it, *images, whole, options=OPTIONS).close()
    assert 0 < len(detector.asked) < len(all_of_it.asked)
    assert content(out) == content(whole)
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}


@pytest.mark.slow  # a process
@pytest.mark.parametrize("resume", [False, True])
def test_what_is_interrupted_stays_only_where_it_is_to_go_on(
    images: tuple[Path, Path], tmp_path: Path, resume: bool
) -> None:
    interrupted(images, tmp_path / "out", signal.SIGTERM, resume=resume)
    assert (tmp_path / "out").exists() == resume


@pytest.mark.slow  # a process
def test_other_work_is_refused_and_without_resume_begun_anew(images: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(images, out, signal.SIGKILL)
    os.utime(images[1], (1, 1))
    options = replace(OPTIONS, threshold=0.7)
    with pytest.raises(OptionError, match="another after image and another set of options: go on with the same, or"):
        predict_scene(Blurred(), *images, out, options=options, resume=True)
    predict_scene(Blurred(), *images, out, options=options).close()
    assert {path.name for path in out.iterdir()} >= content(out).keys() and not list(out.glob(".minenetcd*"))


def write_bands(folder: Path, date: str, seed: int) -> list[Path]:
    """A file for each of three bands."""
    paths = [folder / f"{date}_{colour}.tif" for colour in ("blue", "green", "red")]
    for path, pixels in zip(paths, np.random.default_rng(seed).integers(1, 256, (3, 90, 60), np.uint8), strict=True):
        write_geotiff(path, pixels, None)
    return paths


def test_files_of_one_band_each_are_one_date_that_must_be_the_same(tmp_path: Path) -> None:
    before, after = write_bands(tmp_path, "2019-06-01", 1), write_bands(tmp_path, "2023-06-01", 2)
    pattern, out = str(tmp_path / "2023-06-01_*.tif"), tmp_path / "out"

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_scene(Blurred(), before, pattern, out, options=OPTIONS, resume=True, progress=stop)
    os.utime(after[1], (1, 1))
    with pytest.raises(OptionError, match="begun with another after image: go on with the same"):
        predict_scene(Blurred(), before, pattern, out, options=OPTIONS, resume=True)
    with pytest.raises(OptionError, match="begun with another after image and another set of options"):
        stated = replace(OPTIONS, nodata=7, date_before="2019-06-02")
        predict_scene(Blurred(), before, pattern, out, options=stated, resume=True)
    with predict_scene(Blurred(), before, pattern, out, options=OPTIONS) as found:
        assert found.facts.before.read.colours == ("red", "green", "blue")
        assert [found.facts.before.acquired.in_words, found.facts.after.acquired.in_words] == [
            "2019-06-01 (by its name)", "2023-06-01 (by its name)",
        ]  # fmt: skip


def test_a_mask_or_a_source_that_changes_makes_another_image(images: tuple[Path, Path], tmp_path: Path) -> None:
    described = tmp_path / "a.vrt"
    rasterio.shutil.copy(images[1], tmp_path / "inner.vrt", driver="VRT")
    rasterio.shutil.copy(tmp_path / "inner.vrt", described, driver="VRT")
    pair, out = (images[0], described), tmp_path / "out"

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    def go_on() -> None:
        predict_scene(Blurred(), *pair, out, options=OPTIONS, progress=stop, resume=True)

    with pytest.raises(KeyboardInterrupt):
        go_on()
    with pytest.raises(KeyboardInterrupt):  # nothing changed
        go_on()
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(images[0], "r+") as dataset:
        dataset.write_mask(np.full(dataset.shape, 255, np.uint8))
    with pytest.raises(OptionError, match="begun with another before image: go on"):
        go_on()
    os.utime(images[1], (0, 0))
    with pytest.raises(OptionError, match="begun with another before image and another after image: go on"):
        go_on()


def test_one_run_at_a_time(images: tuple[Path, Path], tmp_path: Path) -> None:
    def second(done: int, of: int) -> None:
        code = "import sys; from minenetcd.files import one_run_in\nwith one_run_in(sys.argv[1]): pass"
        other = subprocess.run([sys.executable, "-c", code, tmp_path / "out"], capture_output=True, text=True)
        raise OutputError(other.stderr.splitlines()[-1])

    with pytest.raises(OutputError, match=rf"Another run is at work in .*out \(process {os.getpid()} on this machine"):
        predict_scene(Blurred(), *images, tmp_path / "out", progress=second)
    assert not (tmp_path / "out").exists()


def test_work_lies_where_tmp_says(images: tuple[Path, Path], tmp_path: Path) -> None:
    seen: list[NDArray] = []

    def look(done: int, of: int) -> None:
        seen.append([path.name[:11] for path in (tmp_path / "work").iterdir()])

    with predict_scene(Blurred(), *images, tmp_path / "out", tmp=tmp_path / "work", progress=look) as found:
        assert found.saved is not None
    assert seen[0] == [".minenetcd-"] and list((tmp_path / "work").iterdir()) == []
