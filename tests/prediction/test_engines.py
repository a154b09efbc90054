"""A scene by another engine, or in a low precision: the same decisions, or how many are others; and it is recorded."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from numpy.typing import NDArray

import minenetcd
from detectors.small_detector import SMALL
from fixtures.scene_files import utm_grid
from minenetcd.classical.catalog import create_classical
from minenetcd.detectors.engines.computed_by import ComputedBy
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError
from minenetcd.prediction.demo import METRES_PER_PIXEL
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.rethreshold import rethreshold
from minenetcd.prediction.scene import predict_scene
from minenetcd.runtime.execution import Execution
from minenetcd.synthetic import make_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Blurred

OPTIONS = PredictOptions(float_probability=True, tile=64)
#: Exporting to ONNX takes seconds.
ENGINES = [
    pytest.param("openvino", marks=pytest.mark.needs("openvino")),
    pytest.param(
        "onnxruntime", marks=[pytest.mark.needs("onnxruntime"), pytest.mark.needs("onnxscript"), pytest.mark.slow]
    ),
]


@pytest.fixture
def detector() -> ChangeDetector:
    torch.manual_seed(0)
    return ChangeDetector.from_config({"model": SMALL}).eval()


@pytest.fixture
def images(write_scene: WriteScene, noisy) -> tuple[Path, Path]:
    first, second = noisy(110, 150)
    return write_scene("b.tif", first, utm_grid(110, 150)), write_scene("a.tif", second, utm_grid(110, 150))


def median(detector: ChangeDetector, images: tuple[Path, Path]) -> float:
    """A threshold that half of the scene reaches."""
    with predict_scene(detector, *images, options=OPTIONS) as found:
        return float(np.median(found.probability))


def tags(path: Path) -> dict[str, str]:
    with rasterio.open(path) as raster:
        return raster.tags()


@pytest.mark.parametrize("engine", ENGINES)
def test_no_pixel_of_a_scene_is_decided_otherwise(
    detector: ChangeDetector, images: tuple[Path, Path], tmp_path: Path, engine: str
) -> None:
    options = replace(OPTIONS, threshold=median(detector, images) + 1e-4)
    with predict_scene(detector, *images, options=options) as expected:
        probability, mask = expected.probability, expected.mask
    with predict_scene(detector, *images, tmp_path / "out", options=replace(options, engine=engine)) as found:
        np.testing.assert_allclose(found.probability, probability, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(found.mask, mask)
        assert 0.1 < found.changed_share < 0.9
        saved = found.saved
    assert saved is not None
    version = __import__(engine).__version__.partition("-")[0]
    for raster in (saved.raster, saved.probability):
        assert tags(raster)["ENGINE"] == f"{engine} {version}" and tags(raster)["PRECISION"] == "float32"
    assert read_details(saved.details).facts.computed_by.engine == engine
    assert f"{engine} {version} in float32" in saved.report.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_the_embedded_detector_decides_a_drawn_scene_as_by_torch(tmp_path: Path, engine: str) -> None:
    scene = make_scene(3_000_004, size=384)  # one tile
    paths = [tmp_path / "b.tif", tmp_path / "a.tif"]
    for path, pixels in zip(paths, (scene.before, scene.after), strict=True):
        write_colours(path, pixels)
    nano, options = minenetcd.from_pretrained("minenetcd-nano"), PredictOptions(float_probability=True)
    torch_alone, other = (nano.for_inference("cpu", execution=Execution(name)) for name in ("torch", engine))
    expected, found = (each.probability(scene.before, scene.after) for each in (torch_alone, other))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    with (
        predict_scene(nano, *paths, options=options) as by_torch,
        predict_scene(nano, *paths, options=replace(options, engine=engine)) as by_engine,
    ):
        differ = by_engine.mask != by_torch.mask
        at_the_threshold = np.abs(by_torch.probability - by_torch.threshold) < 1e-4
        assert np.count_nonzero(differ) <= 2 and at_the_threshold[differ].all()
        assert by_torch.changed_pixels


def write_colours(path: Path, pixels: NDArray[np.uint8]) -> None:
    height, width, _ = pixels.shape
    grid = utm_grid(height, width, metres=METRES_PER_PIXEL)
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=3, dtype="uint8", crs=grid.crs,
        transform=grid.transform,
    ) as raster:  # fmt: skip
        raster.write(np.moveaxis(pixels, -1, 0))


def test_what_a_low_precision_costs_is_told_before_and_kept(
    detector: ChangeDetector, images: tuple[Path, Path], tmp_path: Path
) -> None:
    options = replace(OPTIONS, threshold=median(detector, images))
    with predict_scene(detector, *images, options=options) as exact:
        mask = exact.mask
    told: list[str] = []
    low = replace(options, precision="bfloat16")

    def progress(done: int, of: int) -> None:
        assert told, "tiles came first"

    with predict_scene(detector, *images, tmp_path, options=low, progress=progress, note=told.append) as found:
        share = found.facts.computed_by.decided_otherwise
        assert share is not None and 0.005 < share < 0.2  # the network is random, and unsure
        assert abs(np.mean(found.mask != mask) - share) < 0.05
        assert len(told) == 1 and told[0].startswith(f"In bfloat16, minenetcd decides {100 * share:.2g}"[:40])
        assert any(told[0] in warning for warning in found.warnings)
        assert found.saved is not None and tags(found.saved.raster)["PRECISION"] == "bfloat16"
    assert read_details(tmp_path / "details.zip").facts.computed_by.decided_otherwise == share
    with rethreshold(tmp_path, threshold=0.9) as again:
        assert again.facts.computed_by == replace(found.facts.computed_by, decided_otherwise=None)


def test_float32_is_not_compared_with_itself(detector: ChangeDetector, images: tuple[Path, Path]) -> None:
    told: list[str] = []
    with predict_scene(detector, *images, options=OPTIONS, note=told.append) as found:
        assert found.facts.computed_by.decided_otherwise is None and not told


def test_to_compile_is_an_engine(detector: ChangeDetector) -> None:
    computed_by = ComputedBy.of(detector, Execution("inductor"))
    assert (computed_by.engine, computed_by.version) == ("inductor", torch.__version__.partition("-")[0])
    assert PredictOptions(compile=True, precision="bfloat16").execution == Execution("inductor", "bfloat16")
    with pytest.raises(OptionError, match="Only torch compiles"):
        PredictOptions(engine="openvino", compile=True)


def test_without_a_network_no_engine_is_taken(images: tuple[Path, Path]) -> None:
    with pytest.raises(OptionError, match=r"\(--engine, --precision\) are for networks, cva is none: leave them out"):
        predict_scene(create_classical("cva"), *images, options=replace(OPTIONS, precision="bfloat16"))
    with predict_scene(create_classical("cva"), *images, options=OPTIONS) as found:
        assert found.facts.computed_by.engine == "numpy"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"precision": "bfloat16"}, "another precision"),
        pytest.param({"engine": "openvino"}, "another engine or version of it", marks=pytest.mark.needs("openvino")),
    ],
)
def test_unfinished_work_goes_on_with_the_same_engine_and_precision(
    images: tuple[Path, Path], tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        predict_scene(Blurred(), *images, out, options=OPTIONS, resume=True, progress=stop)
    with pytest.raises(OptionError, match=f"was begun with {words}: go on with the same") as found:
        predict_scene(Blurred(), *images, out, options=replace(OPTIONS, **changed), resume=True)
    assert "\n" not in str(found.value)
    predict_scene(Blurred(), *images, out, options=OPTIONS, resume=True).close()
