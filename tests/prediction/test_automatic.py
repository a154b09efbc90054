"""Without a detector named, the one that fits the images reads them; another opinion may stand beside it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.enums
from numpy.typing import NDArray

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.detectors.by_name import DetectorOptions, open_detector
from minenetcd.detectors.choice import CLASSICAL, NETWORK, NETWORK_METRES, choose, other_kind
from minenetcd.detectors.measured import AUTOMATIC, measured_in_words, read_measured
from minenetcd.errors import FlatBandError, OptionError, UnknownNameError
from minenetcd.prediction.automatic import choose_readers, given_readers
from minenetcd.prediction.opening import open_scene
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_opened, predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference


def two_dates(bands: int, dtype: str = "uint8", side: int = 96) -> tuple[NDArray, NDArray]:
    """Textured ground (bands, H, W), and the same a little noisier with one square of other ground."""
    rng = np.random.default_rng(5)
    ground = rng.normal(90, 14, (bands, side, side))
    after = ground + rng.normal(0, 2, ground.shape)
    after[:, 30:60, 20:50] = rng.normal(200, 14, (bands, 30, 30))
    return ground.clip(0, 255).astype(dtype), after.clip(0, 255).astype(dtype)


def write(folder: Path, bands: int, dtype: str = "uint8", *, metres: float = 10) -> tuple[Path, Path]:
    paths = folder / "before.tif", folder / "after.tif"
    for path, pixels in zip(paths, two_dates(bands, dtype), strict=True):
        write_geotiff(path, np.moveaxis(pixels, 0, -1), utm_grid(*pixels.shape[1:], metres=metres))
    return paths


@pytest.mark.parametrize("bands", [1, 2, 4, 6])
def test_a_detector_without_training_reads_every_band_there_is(tmp_path: Path, bands: int) -> None:
    before, after = write(tmp_path, bands, "uint16")
    found = predict_scene(open_detector("cva"), before, after, tmp_path / "out")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert ("before.tif, bands 1, 2, 3 as red, green, blue" in page) == (bands >= 3)
    assert found.facts.before.bands == tuple(range(1, bands + 1))
    square = np.zeros((96, 96), bool)
    square[30:60, 20:50] = True
    assert (found.mask == 1)[square].mean() > 0.7 and (found.mask == 1)[~square].mean() < 0.1
    assert not found.warnings


def test_tiles_change_nothing(tmp_path: Path) -> None:
    paths = write(tmp_path, 3)
    for name, smooth in (("irmad", 0), ("cva", 3), ("pca-kmeans", 0)):
        detector = open_detector(name, DetectorOptions(smooth=smooth))
        whole, tiled = (
            predict_scene(detector, *paths, options=PredictOptions(tile=tile, float_probability=True)).probability
            for tile in (256, 40)
        )
        np.testing.assert_allclose(tiled, whole, rtol=1e-6)


@pytest.mark.parametrize(("bands", "dtype", "metres"), [(1, "uint8", 1.2), (4, "uint16", 1.2), (3, "uint8", 30)])
def test_what_the_network_was_not_validated_on_is_read_without_it(
    tmp_path: Path, bands: int, dtype: str, metres: float
) -> None:
    before, after = write(tmp_path, bands, dtype, metres=metres)
    found = minenetcd.predict("auto", before, after)
    assert found.facts.model == CLASSICAL and NETWORK in (found.facts.reason or "")
    assert found.facts.second is None and found.agreement is None
    assert found.changed_pixels > 500


def test_the_network_reads_what_it_was_validated_on_and_the_other_kind_beside_it(tmp_path: Path) -> None:
    before, after = write(tmp_path, 3, metres=1.2)
    found = minenetcd.predict("auto", before, after, tmp_path / "out")
    assert (found.facts.model, found.facts.second) == (NETWORK, CLASSICAL)
    assert set(found.polygons.columns) >= {"agreement", "area_ha"}
    assert found.saved is not None
    page = found.saved.report.read_text(encoding="utf-8")
    assert "Two opinions" in page and f"{CLASSICAL} alone" in page
    assert "Score of change" in page and "whole pixels whose score reaches" in page, "moved, they are no probabilities"
    assert "moved so that the threshold found in this scene, 0.05 to 0.3 by them" in page


def test_another_opinion_that_is_given_stands_in_place_of_the_chosen_one(tmp_path: Path) -> None:
    before, after = write(tmp_path, 3, metres=1.2)
    found = predict_scene("auto", before, after, second=Difference(threshold=0.7, name="strict"))
    assert (found.facts.model, found.facts.second) == (NETWORK, "strict")


def test_what_is_asked_for_holds_for_a_second_opinion_too() -> None:
    network, classical = open_detector(NETWORK), open_detector("cva")
    wanted = DetectorOptions(threshold_rule="k-means", smooth=2, value_range=(0, 4000))
    assert other_kind(network, wanted) == (CLASSICAL, DetectorOptions(threshold_rule="k-means", smooth=2))
    assert other_kind(classical, wanted) == (NETWORK, DetectorOptions(value_range=(0, 4000)))
    readers = given_readers(classical, PredictOptions(), wanted=wanted, second_opinion=True)
    assert readers.second is not None
    assert readers.second.describe()["preprocessing"]["value_range"] == (0, 4000)
    assert given_readers(classical, PredictOptions(), wanted=wanted).second is None


def test_the_choice_says_why() -> None:
    low, high = NETWORK_METRES
    assert choose(metres=None, bands=3, is_eight_bit=True).name == NETWORK
    assert choose(metres=low, bands=4, is_eight_bit=True).name == NETWORK
    far = choose(metres=high * 1.01, bands=3, is_eight_bit=True)
    assert far.name == CLASSICAL and f"validated at {low:g} to {high:g} m per pixel" in far.reason
    asked = choose(metres=low, bands=3, is_eight_bit=True, wanted=DetectorOptions(threshold_rule="k-means"))
    assert (asked.name, asked.options.threshold_rule) == (CLASSICAL, "k-means")


def test_agreement_is_the_share_that_changed_in_the_second_map(write_scene: WriteScene) -> None:
    first = np.full((64, 64), 40, np.uint8)
    second = first.copy()
    second[8:24, 8:24], second[8:16, 8:24] = 190, 250  # 0.59 and 0.82 of the range
    second[40:44, 40:44] = 250
    paths = write_scene("before.tif", first, utm_grid(64, 64)), write_scene("after.tif", second, utm_grid(64, 64))
    found = predict_scene(Difference(), *paths, second=Difference(threshold=0.7, name="strict"))
    assert found.polygons["agreement"].round(3).tolist() == [0.5, 1.0]
    assert found.facts.second == "strict" and found.agreement == pytest.approx((128 + 16) / (256 + 16))
    assert found.second_share == pytest.approx((128 + 16) / 64**2)
    assert found.second_in_words == "strict calls 3.5 % of the scene changed, and 53 % of what difference calls changed"
    assert not any("second opinion" in warning for warning in found.warnings)


def test_opinions_that_contradict_each_other_are_said(write_scene: WriteScene) -> None:
    first = np.full((64, 64), 40, np.uint8)
    second = first.copy()
    second[8:24, 8:24] = 190
    paths = write_scene("before.tif", first, utm_grid(64, 64)), write_scene("after.tif", second, utm_grid(64, 64))
    blind = Difference(threshold=0.9, name="blind")
    found = predict_scene(Difference(), *paths, second=blind)
    assert any("second opinion (blind) sees change in 0 % of what difference calls" in told for told in found.warnings)
    nothing = predict_scene(blind, *paths, second=Difference())
    assert nothing.second_in_words == "difference calls 6.2 % of the scene changed"
    unfit = predict_scene(Difference(), *paths, second=Difference(0.9, "unfit", metres_per_pixel=(0.5, 1)))
    assert "not made for such images" in (unfit.second_in_words or "")
    assert not any("second opinion" in warning for warning in unfit.warnings)


def test_nothing_found_by_who_is_not_made_for_such_images_is_no_number(tmp_path: Path) -> None:
    before, after = write(tmp_path, 3)
    blind = Difference(threshold=0.95, metres_per_pixel=(0.5, 1))
    predict_scene(blind, before, after, tmp_path / "out")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "Probability of change" in page and "moved so that" not in page
    assert "<dt>Changed</dt><dd>\N{EN DASH}" in page and "does not say that nothing changed" in page


def test_the_page_and_the_map_tell_the_options_and_what_nothing_means(tmp_path: Path) -> None:
    before, after = write(tmp_path, 3)
    options = DetectorOptions(threshold_rule="otsu-guarded", smooth=2)
    with predict_scene(open_detector("cva", options), before, after, tmp_path / "out") as found:
        assert found.facts.detector_options == {"threshold_rule": "otsu-guarded", "smooth": 2}
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "threshold rule otsu-guarded, smooth 2" in page
    assert "whole pixels whose score reaches" in page and "Learns each scene" not in page
    assert "1 separate change." in page
    with rasterio.open(before) as first, rasterio.open(after, "r+") as second:
        pixels = first.read()
        second.write(pixels + np.random.default_rng(1).integers(0, 3, pixels.shape, dtype=np.uint8))
    with predict_scene(open_detector("cva", options), before, after, tmp_path / "out") as found:
        assert found.changed_pixels == 0 and "--threshold-rule otsu" in found.facts.about_nothing
    assert found.facts.about_nothing in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_who_was_chosen_by_pixel_size_is_not_warned_of_it(tmp_path: Path) -> None:
    paths = write(tmp_path, 3, metres=NETWORK_METRES[0])
    assert predict_scene("auto", *paths).facts.model == NETWORK
    assert not any("is good for" in warning for warning in predict_scene("auto", *paths).warnings)


def test_where_the_other_kind_cannot_read_a_pair_the_map_stands_and_says_so(tmp_path: Path) -> None:
    paths = write(tmp_path, 4, metres=1.2)
    for path in paths:
        with rasterio.open(path, "r+") as dataset:  # opacity that the file does not call so
            dataset.write(np.full(dataset.shape, 255, np.uint8), 4)
            dataset.colorinterp = [*dataset.colorinterp[:3], rasterio.enums.ColorInterp.undefined]
    with minenetcd.predict("auto", *paths) as found:
        assert (found.facts.model, found.facts.second, found.agreement) == (NETWORK, None, None)
        assert any("no second opinion, by irmad: Bands whose pixels differ" in warning for warning in found.warnings)
    with open_scene(*paths, PredictOptions(), every_band=True) as scene:
        readers = choose_readers(scene, PredictOptions(), second_opinion=True)
        with pytest.raises(FlatBandError, match=r"band 4 of the before image is 255 .* \(--bands 1,2,3\)"):
            predict_opened(readers, scene)


def with_dead_band(folder: Path, dtype: str, *, metres: float, nodata: float | None = None) -> tuple[Path, Path]:
    """Two dates of three bands and a fourth that is 7 everywhere."""
    folder.mkdir()
    paths = folder / "before.tif", folder / "after.tif"
    grid = utm_grid(96, 96, metres=metres)
    for path, pixels in zip(paths, two_dates(3, dtype), strict=True):
        bands = np.concatenate([pixels, np.full((1, 96, 96), 7, dtype)])
        with rasterio.open(
            path, "w", driver="GTiff", count=4, height=96, width=96, dtype=dtype, crs=grid.crs, nodata=nodata,
            transform=grid.transform, photometric="minisblack", alpha="no",
        ) as dataset:  # fmt: skip
            dataset.write(bands)
    return paths


@pytest.mark.parametrize(("dtype", "metres"), [("uint16", 10), ("uint8", 10), ("uint8", 0.1), ("uint8", 30)])
@pytest.mark.parametrize("nodata", [None, 7])
def test_where_bands_are_named_a_band_that_shows_nothing_does_not_matter(
    tmp_path: Path, dtype: str, metres: float, nodata: float | None
) -> None:
    options = PredictOptions(bands=(1, 2, 3))
    dead = predict_scene(
        "auto", *with_dead_band(tmp_path / "dead", dtype, metres=metres, nodata=nodata), options=options
    )
    alive = predict_scene("auto", *write(tmp_path, 3, dtype, metres=metres), options=options)
    assert (dead.facts.model, dead.facts.second) == (alive.facts.model, alive.facts.second)
    assert np.array_equal(dead.mask, alive.mask) and dead.agreement == alive.agreement
    assert dead.facts.model == NETWORK or dead.changed_pixels > 500
    assert dead.warnings == alive.warnings


def test_where_none_are_named_a_band_that_shows_nothing_is(tmp_path: Path) -> None:
    paths = with_dead_band(tmp_path / "dead", "uint16", metres=10)
    message = r"band 4 of the before image is 7 everywhere: read the others \(--bands 1,2,3\), or give another image\.$"
    with pytest.raises(FlatBandError, match=message):
        predict_scene("auto", *paths, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(FlatBandError, match=r"band 4 of the before image .* \(--bands 1,3\)"):
        predict_scene(open_detector("irmad"), *paths, options=PredictOptions(bands=(1, 4, 3)))
    after = PredictOptions(bands=(2, 1), bands_after=(4, 3))
    with pytest.raises(FlatBandError, match=r"band 4 of the after image .* \(--bands 1 --bands-after 3\)"):
        predict_scene(open_detector("irmad"), *paths, options=after)


def test_all_other_bands_are_read_whichever_are_named(tmp_path: Path) -> None:
    paths = write(tmp_path, 4, "uint16")
    every = predict_scene("auto", *paths)
    named = predict_scene("auto", *paths, options=PredictOptions(bands=(3, 2, 1)))
    assert every.facts.before.bands == named.facts.before.bands == (1, 2, 3, 4)
    assert np.array_equal(every.mask, named.mask)
    said = "reads all that both dates share: --model irmad reads those named alone."
    assert any(text.endswith(said) for text in named.warnings) and not any(said in text for text in every.warnings)


def test_options_that_do_not_fit_a_detector_are_one_line() -> None:
    with pytest.raises(OptionError, match=r"threshold_rule belongs to detectors without training .* give a threshold"):
        open_detector(NETWORK, DetectorOptions(threshold_rule="otsu"))
    with pytest.raises(OptionError, match=r"a low and a higher value, both finite, got 10 to 0"):
        DetectorOptions(value_range=(10, 0))  # for whatever detector, even one that reads a file's own numbers
    with pytest.raises(UnknownNameError, match=r"irmat.*irmad"):
        open_detector("irmat")


def test_metres_are_stated_for_pictures_alone(tmp_path: Path, write_scene: WriteScene) -> None:
    georeferenced = write(tmp_path, 3)
    with pytest.raises(OptionError, match=r"these images say theirs \(10 m\): leave --metres-per-pixel out"):
        predict_scene("auto", *georeferenced, options=PredictOptions(metres_per_pixel=1))
    before, after = (date[0] for date in two_dates(1))
    pictures = write_scene("before.png", before), write_scene("after.png", after)
    for metres, model in ((None, NETWORK), (30, CLASSICAL), (1.2, NETWORK)):
        with predict_scene("auto", *pictures, options=PredictOptions(metres_per_pixel=metres)) as found:
            assert found.facts.model == model


def test_metres_are_written_out_however_many_there_are() -> None:
    assert "these are 1,200 m" in choose(metres=1200.4, bands=3, is_eight_bit=True).reason


def test_what_may_be_expected_is_said_for_pixels_of_that_size() -> None:
    rows = [row for row in read_measured() if row.detector == AUTOMATIC and row.metres_per_pixel == 10]
    assert rows, "benchmarks/real_pairs.py writes them"
    words = measured_in_words(AUTOMATIC, 9.99)
    assert f"{min(row.f1 for row in rows):.2f} to {max(row.f1 for row in rows):.2f}" in words
    assert "the F1 of the detectors chosen for them was" in words
    assert "its F1 was" in measured_in_words("irmad", 9.99)
    assert "no real pairs with pixels of about 300 m" in measured_in_words(AUTOMATIC, 300)
    assert measured_in_words("someone/else", 10) == "It was not measured on real pairs."


def test_without_training_torch_is_not_loaded(tmp_path: Path) -> None:
    before, after = write(tmp_path, 4, "uint16")
    program = (
        "import sys; from minenetcd.cli.main import run\n"
        f"sys.argv = ['minenetcd', 'predict', {str(before)!r}, {str(after)!r}, '--out', {str(tmp_path / 'out')!r}]\n"
        "try:\n    run()\nfinally:\n    print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False" and "ha changed in 1 place" in done.stdout
