"""Clouds as a library finds them, through stand-ins with the interfaces of omnicloudmask 1.8 and s2cloudless 1.7."""

import sys
from collections import namedtuple
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.cli.results import print_forecast
from minenetcd.errors import MineNetCDError, OptionError, OutputError, RasterError
from minenetcd.prediction.automatic import Readers
from minenetcd.prediction.forecast import forecast
from minenetcd.prediction.opening import open_scene
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

GRID = utm_grid(90, 120)
S2_BANDS = ("B01", "B02", "B04", "B05", "B08", "B8A", "B09", "B10", "B11", "B12")


class Libraries:
    """What was asked of the stand-ins; `clouds` are pixels above 0.6 of full brightness in the last band asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], Any]] = []
        self.detectors: list[dict[str, Any]] = []

    def predict_from_array(
        self, input_array: NDArray, patch_size: int = 1000, inference_device: str | None = None, no_data_value: int = 0
    ) -> NDArray:
        assert input_array.dtype == np.float32 and len(input_array) == 3
        self.asked.append((input_array.shape, inference_device))
        near_infrared = input_array[2]
        classes = np.where(near_infrared > 200, 1, np.where(near_infrared > 180, 3, 0))
        return classes[np.newaxis].astype(np.uint8)


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> Libraries:
    made = Libraries()

    class S2PixelCloudDetector:
        def __init__(
            self, threshold: float = 0.4, all_bands: bool = False, average_over: int = 1, dilation_size: int = 1
        ):
            made.detectors.append({"average_over": average_over, "dilation_size": dilation_size})

        def get_cloud_masks(self, data: NDArray) -> NDArray:
            assert data.ndim == 4 and data.shape[-1] == len(S2_BANDS)
            made.asked.append((data.shape, float(data.max())))
            return (data[..., 0] > 0.5).astype(np.uint8)

    for name, what in (("omnicloudmask", made.predict_from_array), ("s2cloudless", S2PixelCloudDetector)):
        module = ModuleType(name)
        setattr(module, what.__name__, what)
        monkeypatch.setitem(sys.modules, name, module)
    return made


def image(path: Path, pixels: NDArray, names: tuple[str, ...], tags: dict[str, str] | None = None) -> Path:
    write_geotiff(path, pixels, GRID, tags=tags)
    with rasterio.open(path, "r+") as dataset:
        dataset.descriptions = names
    return path


def pair(folder: Path, names: tuple[str, ...] = ("red", "green", "blue", "nir", "extra")) -> tuple[Path, Path]:
    """Two dates with a cloud of infrared in the second, and its shadow."""
    before, after = np.random.default_rng(0).integers(20, 100, (2, *GRID.shape, 5), dtype=np.uint8)
    after[10:30, 20:50, 3], after[40:60, 20:50, 3] = 220, 190
    return image(folder / "b.tif", before, names), image(folder / "a.tif", after, names)


def predicted(images: tuple[Path, Path], library: str, out: Path | None = None, **more: Any) -> Any:
    options = PredictOptions(clouds=library, bands=(1, 2, 3), **more)
    return predict_scene(Difference(), *images, out, options=options, device="cpu")


def test_clouds_and_shadows_are_masked(libraries: Libraries, tmp_path: Path) -> None:
    with predicted(pair(tmp_path), "omnicloudmask") as found:
        hidden = np.zeros(GRID.shape, bool)
        hidden[10:30, 20:50] = hidden[40:60, 20:50] = True
        assert ((found.mask == 255) == hidden).all()
        assert ("clouds", "on both dates, as omnicloudmask finds them, masked") in found.facts.where
    assert libraries.asked == [((3, 90, 120), "cpu")] * 2


def test_they_are_found_tile_by_tile(libraries: Libraries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minenetcd.prediction.where.clouds.TILE", 64)
    monkeypatch.setattr("minenetcd.prediction.where.clouds.MARGIN", 16)
    with predicted(pair(tmp_path), "omnicloudmask") as found:
        assert (found.mask == 255).sum() == 1200
    assert {shape for shape, _ in libraries.asked} == {(3, 80, 80), (3, 80, 72), (3, 42, 80), (3, 42, 72)}


def test_sentinel2_is_told_as_reflectance(libraries: Libraries, tmp_path: Path) -> None:
    before, after = np.random.default_rng(0).integers(1100, 2000, (2, *GRID.shape, 10), dtype=np.uint16)
    after[10:30, 20:50, 0] = 8000
    tags = {"PROCESSING_BASELINE": "04.00", "PLATFORM": "Sentinel-2A"}
    images = image(tmp_path / "b.tif", before, S2_BANDS, tags), image(tmp_path / "a.tif", after, S2_BANDS, tags)
    with predicted(images, "s2cloudless") as found:
        assert (found.mask == 255).sum() == 600
    assert libraries.asked[1] == ((1, 90, 120, 10), pytest.approx(0.7))  # numbers are raised by 1000
    assert libraries.detectors[0] == {"average_over": 24, "dilation_size": 12}  # of 10 m


def test_bands_that_are_not_there_are_named(libraries: Libraries, tmp_path: Path) -> None:
    images = pair(tmp_path, ("red", "green", "blue", "one", "two"))
    with pytest.raises(OptionError, match=r"omnicloudmask needs bands called red, green, nir \(--clouds\), .* has"):
        predicted(images, "omnicloudmask", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_library_that_is_missing_or_fails_is_one_line(
    libraries: Libraries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = pair(tmp_path)

    def broken(input_array: NDArray, **options: Any) -> NDArray:
        raise ConnectionError("no\nweights")

    monkeypatch.setattr(sys.modules["omnicloudmask"], "predict_from_array", broken)
    with pytest.raises(MineNetCDError, match=r"omnicloudmask failed \(ConnectionError: no weights\): leave --clouds"):
        predicted(images, "omnicloudmask")
    monkeypatch.setitem(sys.modules, "omnicloudmask", None)
    with pytest.raises(
        OptionError, match=r"omnicloudmask is not installed \(--clouds\): pip install 'minenetcd\[clouds"
    ):
        predicted(images, "omnicloudmask")


@pytest.mark.parametrize("by", ["threshold", "room"])
def test_what_is_cheaply_refused_is_refused_before_clouds_are_looked_for(
    libraries: Libraries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    images, out = pair(tmp_path), tmp_path / "out"
    if by == "threshold":
        with pytest.raises(OptionError, match=r"of the usual 0\.5 or more \(--seed-threshold\), got 0\.4"):
            predicted(images, "omnicloudmask", out, seed_threshold=0.4)
    else:
        full = namedtuple("usage", "free")(1000)
        monkeypatch.setattr("minenetcd.prediction.costs.shutil.disk_usage", lambda _: full)
        with pytest.raises(OutputError, match="are needed in"):
            predicted(images, "omnicloudmask", out)
    assert libraries.asked == [] and not out.exists()


def test_a_dry_run_says_that_clouds_are_not_counted(
    libraries: Libraries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images, readers = pair(tmp_path), partial(Readers, Difference(), None)
    options = PredictOptions(clouds="omnicloudmask", bands=(1, 2, 3))
    with open_scene(*images, options) as scene:
        told = forecast(readers(options), scene, tmp_path / "out")
        plain = forecast(readers(replace(options, clouds=None)), scene, tmp_path / "out")
        print_forecast(told)
        assert "Not counted  clouds are found by omnicloudmask first" in capsys.readouterr().out
        assert plain.not_counted is None and sum(plain.disk.values()) < sum(told.disk.values())
        with pytest.raises(OptionError, match=r"\(--seed-threshold\), got 0\.4"):
            forecast(readers(replace(options, seed_threshold=0.4)), scene, tmp_path / "out")
        monkeypatch.setitem(sys.modules, "omnicloudmask", None)
        with pytest.raises(OptionError, match=r"omnicloudmask is not installed \(--clouds\)"):
            forecast(readers(options), scene, tmp_path / "out")
    assert libraries.asked == []


def test_clouds_everywhere_leave_nothing(libraries: Libraries, tmp_path: Path) -> None:
    images = pair(tmp_path)
    with rasterio.open(images[0], "r+") as dataset:
        dataset.write(np.full(GRID.shape, 230, np.uint8), 4)
    with pytest.raises(RasterError, match="the area of interest and the masks leave none"):
        predicted(images, "omnicloudmask")
