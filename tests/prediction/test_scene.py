"""predict_scene: what is found does not depend on tiles, and lies on the before image's grid."""

import errno
import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.io import DatasetWriter
from rasterio.warp import calculate_default_transform, reproject

from fixtures.scene_files import utm_grid
from minenetcd.constants import Provenance
from minenetcd.detectors.by_name import open_detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.errors import MineNetCDError, OptionError, OutputError
from minenetcd.geo.grid import Grid
from minenetcd.models.catalog import create_model
from minenetcd.prediction import inference
from minenetcd.prediction.inference import SceneStrip
from minenetcd.prediction.kept.finished_strips import FinishedStrips, Record
from minenetcd.prediction.scene import PredictOptions, predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Blurred, Difference, Failing, NotANumber

ODD_SIZES = [(17, 23), (33, 47), (257, 511)]
Noise = Callable[..., tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def steps(before: NDArray, after: NDArray) -> NDArray[np.float32]:
    """The 8-bit difference as it is stored: to the nearest 254th on its side of a half."""
    exact = np.abs(before.astype(np.float32) / 255 - after.astype(np.float32) / 255)
    nearest = np.rint(exact * 254)
    return np.where(exact < 0.5, np.minimum(nearest, 126), np.maximum(nearest, 127)) / np.float32(254)


@pytest.mark.parametrize(("height", "width"), ODD_SIZES)
def test_tiles_say_what_the_whole_says(write_scene: WriteScene, noisy: Noise, height: int, width: int) -> None:
    first, second = noisy(height, width)
    grid = utm_grid(height, width)
    before, after = write_scene("before.tif", first, grid), write_scene("after.tif", second, grid)
    options = PredictOptions(float_probability=True)
    tiled = predict_scene(Difference(), before, after, options=options)
    whole = predict_scene(Difference(tile=512), before, after, options=options)
    direct = Difference().probabilities(
        first[None, ..., None], second[None, ..., None], np.ones((1, height, width), bool), limits=((0, 255),) * 2
    )
    assert np.array_equal(tiled.probability, direct[0])
    assert np.array_equal(whole.probability, direct[0])
    assert tiled.grid == grid and tiled.valid_pixels == height * width
    assert tiled.changed_pixels == np.count_nonzero(direct >= 0.5)
    assert tiled.changed_share == tiled.changed_pixels / (height * width)


def test_one_tile_is_what_a_real_detector_says_of_it(write_scene: WriteScene, noisy: Noise) -> None:
    detector = ChangeDetector(create_model("siamunet_diff"), preprocessing=Preprocessing(tile=64)).eval()
    first, second = noisy(64, 64)
    grid = utm_grid(64, 64, metres=1.2)
    before, after = write_scene("before.tif", first, grid), write_scene("after.tif", second, grid)
    found = predict_scene(detector, before, after, device="cpu", options=PredictOptions(float_probability=True))
    ready = detector.for_inference("cpu")
    direct = ready.probability(np.stack([first] * 3, axis=-1), np.stack([second] * 3, axis=-1))
    assert np.array_equal(found.probability, direct)
    untrained = "siamunet_diff names no data it was trained on: unless it was trained, its map means nothing"
    assert any(warning.startswith(untrained) for warning in found.warnings)


def test_a_scene_cut_by_half_a_tile_gives_the_same_inside(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(256, 256)
    probabilities = []
    for cut in (0, 32):
        grid = utm_grid(256 - cut, 256 - cut)
        before = write_scene(f"before{cut}.tif", first[cut:, cut:], grid)
        after = write_scene(f"after{cut}.tif", second[cut:, cut:], grid)
        options = PredictOptions(float_probability=True, overlap=0.5)
        probabilities.append(predict_scene(Blurred(), before, after, options=options).probability)
    np.testing.assert_allclose(probabilities[0][64:, 64:], probabilities[1][32:, 32:], atol=1e-6)


@pytest.mark.parametrize("model", ["cva", "irmad"])
def test_scenes_of_any_width_are_read_in_smaller_tiles_to_the_same_map(
    write_scene: WriteScene, noisy: Noise, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = noisy(90, 200)
    paths = write_scene("b.tif", before, utm_grid(90, 200)), write_scene("a.tif", after, utm_grid(90, 200))
    detector, found, tiles = open_detector(model), [], []
    for most in (inference.MOST_BLENDED, 40 * 200):
        monkeypatch.setattr(inference, "MOST_BLENDED", most)
        with predict_scene(detector, *paths, progress=lambda done, of: tiles.append(of)) as one:
            found.append(one.probability)
    assert np.array_equal(*found, equal_nan=True) and (tiles[0], tiles[-1]) == (1, 15)


def test_rims_of_tiles_hardly_count(write_scene: WriteScene) -> None:
    before = write_scene("before.tif", np.full((256, 256), 55, np.uint8), utm_grid(256, 256))
    after = write_scene("after.tif", np.full((256, 256), 157, np.uint8), utm_grid(256, 256))  # 0.4 everywhere
    options = PredictOptions(float_probability=True, overlap=0.5)
    blended = predict_scene(Blurred(), before, after, options=options).probability[32:-32, 32:-32]
    cut = predict_scene(Blurred(), before, after, options=replace(options, overlap=0.0)).probability[32:-32, 32:-32]
    assert cut.min() < 0.12  # the stand-in sees half a neighbourhood, or a quarter, at a rim
    assert blended.min() > 0.37


@pytest.mark.parametrize("nodata", [0, None])
def test_nodata_stays_nodata_and_empty_tiles_are_skipped(
    write_scene: WriteScene, noisy: Noise, nodata: int | None
) -> None:
    first, second = noisy(200, 330)
    first[20:40, 30:50] = 0
    second[:, 200:] = 0
    grid = utm_grid(200, 330)
    before = write_scene("before.tif", first, grid, nodata=nodata)
    after = write_scene("after.tif", second, grid, nodata=nodata)
    detector = Difference()
    found = predict_scene(detector, before, after)
    known = (first != 0) & (second != 0) if nodata == 0 else np.ones(grid.shape, bool)
    assert np.array_equal(np.isfinite(found.probability), known)
    assert np.array_equal(found.mask != 255, known)
    assert np.array_equal(found.probability[known], steps(first, second)[known])
    tiles = sum(shape[0] for shape in detector.asked)
    assert tiles == (4 * 4 if nodata == 0 else 4 * 6)


def test_only_what_both_images_share_is_analysed(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(120, 150)
    before = write_scene("before.tif", first, utm_grid(120, 150))
    after = write_scene("after.tif", second[:, :100], utm_grid(120, 100, left=400_700, top=5_599_800))
    found = predict_scene(Difference(), before, after)
    known = np.zeros((120, 150), dtype=bool)
    known[20:, 70:] = True
    assert found.grid == utm_grid(120, 150)
    assert np.array_equal(np.isfinite(found.probability), known)
    assert np.array_equal(found.probability[20:, 70:], steps(first[20:, 70:], second[:100, :80]))


def test_another_crs_is_brought_onto_the_before_grid(write_scene: WriteScene) -> None:
    grid = utm_grid(120, 120)
    image = np.full((120, 120), 60, np.uint8)
    image[40:80, 40:80] = 200
    transform, width, height = calculate_default_transform(grid.crs, "EPSG:4326", 120, 120, *grid.bounds)
    moved = np.zeros((height, width), np.uint8)
    reproject(
        image, moved, src_transform=grid.transform, src_crs=grid.crs, dst_transform=transform, dst_crs="EPSG:4326"
    )
    before = write_scene("before.tif", np.full((120, 120), 60, np.uint8), grid)
    after = write_scene("after.tif", moved, Grid(height, width, transform, CRS.from_epsg(4326)), nodata=0)
    found = predict_scene(Difference(), before, after)
    assert found.grid == grid
    mask = found.mask
    assert (mask[42:78, 42:78] == 1).all()
    outside = np.delete(np.delete(mask, np.s_[38:82], axis=0), np.s_[38:82], axis=1)
    assert not (outside == 1).any()


def test_eight_and_sixteen_bits_go_together_and_ranges_are_taken_once(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(150, 150)
    first[0, 0], first[0, 1] = 0, 255
    before = write_scene("before.tif", first.astype(np.uint16) * 100, utm_grid(150, 150))
    after = write_scene("after.tif", second, utm_grid(150, 150))
    detector = Difference()
    found = predict_scene(detector, before, after)
    assert detector.ranged == 1
    np.testing.assert_allclose(found.probability, steps(first, second), atol=1 / 250)


@pytest.mark.parametrize("gsd", [20, 25, 5])
def test_a_gsd_is_analysed_at_and_brought_back(write_scene: WriteScene, gsd: float) -> None:
    first, second = np.full((90, 131), 40, np.uint8), np.full((90, 131), 40, np.uint8)
    second[30:60, 40:90] = 250
    first[5, 7] = 0  # a hole smaller than a pixel of the analysis
    before = write_scene("before.tif", first, utm_grid(90, 131), nodata=0)
    after = write_scene("after.tif", second[:80], utm_grid(80, 131), nodata=0)
    options = PredictOptions(gsd=gsd, force_gsd=True, float_probability=True)
    found = predict_scene(Difference(metres_per_pixel=None), before, after, options=options)
    assert found.grid == utm_grid(90, 131)
    known = np.ones((90, 131), dtype=bool)
    known[80:] = False
    known[5, 7] = False
    assert np.array_equal(np.isfinite(found.probability), known)
    assert np.array_equal(found.mask != 255, known)
    np.testing.assert_allclose(found.probability[:25][known[:25]], 0, atol=1e-6)
    np.testing.assert_allclose(found.probability[34:56, 44:86], 210 / 255, atol=1e-6)
    assert found.hectares == pytest.approx(30 * 50 / 100, rel=0.08)
    assert any("finer pixels hold no more" in warning for warning in found.warnings) == (gsd < 10)


def test_a_foreign_pixel_size_is_warned_of(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(70, 70)
    before, after = (write_scene(f"{n}.tif", date, utm_grid(70, 70)) for n, date in enumerate((first, second)))

    def warnings(good_for: tuple[float, float] | None, gsd: float | None = None) -> list[str]:
        detector = Difference(metres_per_pixel=good_for)
        options = PredictOptions(gsd=gsd, force_gsd=gsd is not None)
        return predict_scene(detector, before, after, options=options).warnings

    assert warnings((0.6, 2.4)) == [
        "The pixels analysed are 10 m, difference is good for 0.6 to 2.4 m and may miss or invent change: use a "
        "detector trained near 10 m, or one without training (--model irmad)."
    ]
    assert len(warnings((15, 60))) == 1
    assert warnings((2.5, 10.5)) == warnings((9.5, 40)) == warnings(None) == warnings((30, 120), gsd=60) == []
    assert warnings((2.5, 10), gsd=5) == [
        "The pixels are 10 m, and were analysed at 5 m: finer pixels hold no more than the image does; leave --gsd out."
    ]


def test_an_untrained_detector_is_warned_of(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(40, 40)
    before, after = write_scene("before.png", first), write_scene("after.png", second)
    found = predict_scene(Difference(provenance=Provenance()), before, after)
    assert len(found.warnings) == 1 and "trained" in found.warnings[0]


def test_pictures_have_pixels_not_hectares(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(33, 47)
    before, after = write_scene("before.png", first), write_scene("after.png", second)
    found = predict_scene(Difference(), before, after)
    assert found.hectares is None and not found.grid.is_georeferenced
    assert found.polygons["area_px"].sum() == found.changed_pixels == np.count_nonzero(steps(first, second) >= 0.5)
    with pytest.raises(OptionError, match=r"hectares \(--min-area-ha\) needs a georeferenced image"):
        predict_scene(Difference(), before, after, options=PredictOptions(min_area_ha=1))
    with pytest.raises(OptionError, match="--gsd"):
        predict_scene(Difference(), before, after, options=PredictOptions(gsd=2))


def test_progress_counts_every_tile(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(200, 330)
    first[:, 150:] = 0
    before = write_scene("before.tif", first, utm_grid(200, 330), nodata=0)
    after = write_scene("after.tif", second, utm_grid(200, 330))
    seen: list[tuple[int, int]] = []
    predict_scene(Difference(), before, after, progress=lambda *counts: seen.append(counts))
    assert seen[-1] == (24, 24)
    assert seen == sorted(seen) and {total for _, total in seen} == {24} and len(seen) > 2


def test_a_failure_leaves_nothing(write_scene: WriteScene, noisy: Noise, tmp_path: Path, scratch: Path) -> None:
    first, second = noisy(300, 300)
    before, after = (write_scene(f"{n}.tif", date, utm_grid(300, 300)) for n, date in enumerate((first, second)))
    out = tmp_path / "deep" / "out"
    detector = Failing()
    with pytest.raises(RuntimeError, match="out of memory, say"):
        predict_scene(detector, before, after, out)
    assert len(detector.asked) == 1
    assert not out.parent.exists()
    assert list(scratch.iterdir()) == []


def test_tiles_are_looked_at_while_strips_are_written(
    write_scene: WriteScene, noisy: Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (write_scene(f"{n}.tif", date, utm_grid(300, 300)) for n, date in enumerate(noisy(300, 300)))
    detector, keep, went_on = Difference(), FinishedStrips.keep, threading.Event()

    def keep_late(self: FinishedStrips, strip: SceneStrip) -> Record:
        looked_at = len(detector.asked)
        until = time.monotonic() + 5
        while not went_on.is_set() and time.monotonic() < until:
            if len(detector.asked) > looked_at:
                went_on.set()
            time.sleep(0.001)
        return keep(self, strip)

    monkeypatch.setattr(FinishedStrips, "keep", keep_late)
    predict_scene(detector, before, after, options=PredictOptions(batch_size=1)).close()
    assert went_on.is_set()


def test_what_cannot_be_written_ends_the_work(
    write_scene: WriteScene, noisy: Noise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (write_scene(f"{n}.tif", date, utm_grid(600, 300)) for n, date in enumerate(noisy(600, 300)))

    def full(self: DatasetWriter, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(DatasetWriter, "write", full)
    detector = Difference()
    with pytest.raises(OutputError, match="No space left on device"):
        predict_scene(detector, before, after, tmp_path / "out", options=PredictOptions(batch_size=1))
    assert detector.asked and not (tmp_path / "out").exists()
    assert [thread.name for thread in threading.enumerate() if "write-behind" in thread.name] == []


def test_no_number_is_an_error_not_a_hole(write_scene: WriteScene, noisy: Noise, scratch: Path) -> None:
    first, second = noisy(40, 40)
    before, after = write_scene("before.png", first), write_scene("after.png", second)
    with pytest.raises(MineNetCDError, match="difference gave no number for some pixels"):
        predict_scene(NotANumber(), before, after)
    assert list(scratch.iterdir()) == []


def test_temporary_files_go_with_the_prediction(write_scene: WriteScene, noisy: Noise, scratch: Path) -> None:
    first, second = noisy(40, 40)
    before, after = write_scene("before.png", first), write_scene("after.png", second)
    with predict_scene(Difference(), before, after) as found:
        assert len(list(scratch.iterdir())) == 1
        assert found.saved is None and found.seconds > 0
    assert list(scratch.iterdir()) == []
    with pytest.raises(OutputError, match="this one is closed"):
        found.save(scratch / "late")
    lost = predict_scene(Difference(), before, after)
    del lost
    assert list(scratch.iterdir()) == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_scene(tmp_path: Path) -> None:
    def peak(height: int) -> int:
        paths = []
        for date in (0, 1):
            paths.append(tmp_path / f"{date}-{height}.tif")
            grid = utm_grid(height, 256)
            with rasterio.open(
                paths[-1], "w", driver="GTiff", height=height, width=256, count=3, dtype="uint8", tiled=True,
                crs=grid.crs, transform=grid.transform, compress="deflate",
            ) as dataset:  # fmt: skip
                dataset.write(np.full((3, height, 256), 10 + 20 * date, dtype=np.uint8))
        detector = Difference(tile=128)
        tracemalloc.start()
        predict_scene(detector, *paths, tmp_path / "out", options=PredictOptions(batch_size=2)).close()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(256)  # what is loaded once
    assert peak(3072) < 1.2 * peak(1024)


def test_the_grid_is_measured_in_metres() -> None:
    assert utm_grid(10, 10).mean_metres == pytest.approx(10, rel=1e-3)
