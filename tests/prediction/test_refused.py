"""Images, options and folders that a prediction refuses, in one line, before it computes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.scene_files import utm_grid
from minenetcd.errors import GridError, OptionError, OutputError, RasterError
from minenetcd.prediction.scene import PredictOptions, predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

ODD_SIZES = [(17, 23), (33, 47), (257, 511)]
Noise = Callable[..., tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def test_finer_pixels_than_the_image_has_are_refused(write_scene: WriteScene, noisy: Noise) -> None:
    first, second = noisy(40, 40)
    before, after = (write_scene(f"{n}.tif", date, utm_grid(40, 40)) for n, date in enumerate((first, second)))
    with pytest.raises(OptionError, match=r"no finer than the image's 10 m, got --gsd 1.2: .* \(--force-gsd\)"):
        predict_scene(Difference(), before, after, options=PredictOptions(gsd=1.2))


@pytest.mark.parametrize(("gsd", "size"), [(5000, "1 x 1"), (200, "7 x 5")])
def test_a_gsd_that_leaves_next_to_no_pixels_is_told(
    write_scene: WriteScene, noisy: Noise, gsd: int, size: str
) -> None:
    images = [write_scene(name, date, utm_grid(90, 131)) for name, date in zip("ab", noisy(90, 131), strict=True)]
    told = f"--gsd {gsd} is too coarse for this image: it has 131 x 90 pixels of 10 m, and would have {size};"
    with pytest.raises(OptionError, match=told):
        predict_scene(Difference(), *images, options=PredictOptions(gsd=gsd))


@pytest.mark.parametrize("place", ["file", "file/below", "taken"])
def test_a_bad_output_folder_is_refused_before_computing(
    write_scene: WriteScene, noisy: Noise, tmp_path: Path, place: str
) -> None:
    first, second = noisy(40, 40)
    before, after = write_scene("before.png", first), write_scene("after.png", second)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "taken" / "report.html").mkdir(parents=True)
    detector = Difference()
    with pytest.raises(OutputError) as caught:
        predict_scene(detector, before, after, tmp_path / place)
    assert "\n" not in str(caught.value) and str(tmp_path / place) in str(caught.value)
    assert detector.asked == []
    assert (tmp_path / "file").read_text() == "mine"
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["report.html"]


def test_inputs_that_cannot_be_compared_are_refused(write_scene: WriteScene, noisy: Noise, tmp_path: Path) -> None:
    first, second = noisy(40, 40)
    before = write_scene("before.tif", first, utm_grid(40, 40))
    with pytest.raises(GridError, match="do not overlap"):
        predict_scene(Difference(), before, write_scene("far.tif", second, utm_grid(40, 40, left=500_000)))
    with pytest.raises(RasterError, match="There is no file"):
        predict_scene(Difference(), before, tmp_path / "none.tif")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threshold": 1.0}, "Threshold must lie between 0 and 1, got 1.0: try 0.5."),
        ({"overlap": 1.0}, "A prediction needs an overlap of 0 to 0.9, got 1.0: try 0.15."),
        ({"tile": 16}, "A prediction needs tiles of at least 32 pixels a side, got 16: try 256."),
        ({"batch_size": 0}, "A prediction needs a batch size of at least 1, got 0: try 8."),
        ({"gsd": 0}, "A prediction needs 0.01 to 10000 metres per pixel (gsd), got 0: try 1.2."),
        ({"gsd": float("nan")}, "A prediction needs 0.01 to 10000 metres per pixel (gsd), got nan: try 1.2."),
        (
            {"min_area_ha": -1},
            "A prediction needs a smallest area (min_area_ha) of zero or more hectares, got -1: try 0.1.",
        ),
    ],
)
def test_options_out_of_range_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        PredictOptions(**wrong)
    assert str(caught.value) == message
