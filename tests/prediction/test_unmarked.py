"""Frames that no file calls no data, and dates: what is found, said, and stated."""

from collections.abc import Callable

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from fixtures.scene_files import utm_grid
from minenetcd.errors import OptionError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.result import ScenePrediction
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

SIDE, FRAME = 64, 16
Noisy = Callable[..., tuple[NDArray[np.uint8], NDArray[np.uint8]]]
LEAST = float(np.finfo(np.float32).min)


def run(write_scene: WriteScene, noisy: Noisy, dtype: str, fill: float, **options: float) -> ScenePrediction:
    first, second = (date.astype(dtype) for date in noisy(SIDE, SIDE))
    second[:, SIDE - FRAME :] = np.array(fill, dtype)
    paths = (write_scene(name, date, utm_grid(SIDE, SIDE)) for name, date in (("b.tif", first), ("a.tif", second)))
    return predict_scene(Difference(), *paths, options=PredictOptions(**options))


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("int16", -9999), ("int16", -32768), ("int32", -9999), ("int32", -(2**31)), ("int64", -9999),
        ("int64", -(2**63)), ("float32", -9999), ("float32", LEAST), ("float64", -9999), ("float64", LEAST),
        ("float64", -np.finfo(np.float64).max), ("float32", 9.969209968386869e36),
    ],
)  # fmt: skip
def test_what_is_no_measurement_is_no_data_and_said(
    write_scene: WriteScene, noisy: Noisy, dtype: str, fill: float
) -> None:
    found = run(write_scene, noisy, dtype, fill)
    assert found.valid_pixels == SIDE * (SIDE - FRAME)
    assert (found.mask[:, SIDE - FRAME :] == 255).all()
    (said,) = (text for text in found.warnings if "names no nodata value" in text)
    assert said.startswith("The after image holds ") and "\n" not in said


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("uint8", 0), ("uint8", 255), ("uint16", 0), ("uint16", 65535), ("uint32", 2**32 - 1), ("uint64", 2**64 - 1),
        ("int16", 0), ("float32", 0), ("float64", 255),
    ],
)  # fmt: skip
def test_black_and_white_frames_are_said_and_can_be_stated(
    write_scene: WriteScene, noisy: Noisy, dtype: str, fill: int
) -> None:
    found = run(write_scene, noisy, dtype, fill)
    assert found.valid_pixels == SIDE**2
    (said,) = (text for text in found.warnings if "a frame that its file does not call no data" in text)
    assert f"--nodata none,{fill})" in said and "25 %" in said
    stated = run(write_scene, noisy, dtype, fill, nodata_after=fill)
    assert stated.valid_pixels == SIDE * (SIDE - FRAME)
    assert not any("frame" in text for text in stated.warnings)


@pytest.mark.parametrize(("dtype", "fill"), [("int16", -9999), ("float32", LEAST), ("int32", -(2**31))])
def test_what_is_no_measurement_is_said_wherever_it_lies(
    write_scene: WriteScene, noisy: Noisy, dtype: str, fill: float
) -> None:
    first, second = (date.astype(dtype) for date in noisy(SIDE, SIDE))
    second[20:24, 30:33] = np.array(fill, dtype)
    paths = [write_scene(name, date, utm_grid(SIDE, SIDE)) for name, date in (("b.tif", first), ("a.tif", second))]
    found = predict_scene(Difference(), *paths)
    (said,) = (text for text in found.warnings if "no measurement" in text)
    assert said.startswith("The after image is -") and "--nodata none,-" in said
    assert not any(
        "no measurement" in text
        for text in predict_scene(Difference(), *paths, options=PredictOptions(nodata_after=fill)).warnings
    )


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_a_stated_number_that_has_neighbours_as_floats_is_refused(
    write_scene: WriteScene, noisy: Noisy, dtype: str
) -> None:
    with pytest.raises(OptionError, match="tells from its neighbours is needed"):
        run(write_scene, noisy, dtype, 5, nodata_after=2**53 + 1)


def test_a_number_that_one_band_holds_is_ground(write_scene: WriteScene, noisy: Noisy) -> None:
    """Stated 0: only pixels that are 0 in every band are left out; below 0, one band is enough."""
    first, second = noisy(SIDE, SIDE)
    before, after = (
        write_scene(name, date, utm_grid(SIDE, SIDE)) for name, date in (("b.tif", first), ("a.tif", second))
    )
    with rasterio.open(after, "r+") as dataset:
        dataset.write(np.where(np.arange(SIDE) < 8, 0, second), 2)
    found = predict_scene(Difference(), before, after, options=PredictOptions(nodata_after=0))
    assert found.valid_pixels == SIDE**2
    options = PredictOptions(nodata=int(first[0, 0]))
    assert predict_scene(Difference(), before, after, options=options).valid_pixels < SIDE**2


@pytest.mark.parametrize("number", [70_000, 256, -1, 0.5, float("nan")])
def test_a_number_that_no_pixel_can_hold_is_refused_as_no_data(
    write_scene: WriteScene, noisy: Noisy, number: float
) -> None:
    first, second = noisy(SIDE, SIDE)
    before, after = write_scene("b.tif", first), write_scene("a.tif", second.astype(np.float32))
    with pytest.raises(OptionError, match=rf"\(--nodata\), .*b.tif holds uint8 \(0 to 255\), got {number}: leave"):
        predict_scene(Difference(), before, after, options=PredictOptions(nodata=number))
    predict_scene(Difference(), before, after, options=PredictOptions(nodata_after=number)).close()


def test_dates_that_run_backwards_are_one_or_lie_ahead_are_said(write_scene: WriteScene, noisy: Noisy) -> None:
    first, second = noisy(SIDE, SIDE)
    before = write_scene("b.tif", first, tags={"ACQUISITION_DATE": "2024-05-01"})
    tags = {"ACQUISITION_DATE": "2024-04-30", "TIFFTAG_DATETIME": "2025:01:01 00:00:00"}
    after = write_scene("a.tif", second, tags=tags)

    def said(**options: str) -> str:
        return " ".join(predict_scene(Difference(), before, after, options=PredictOptions(**options)).warnings)

    assert "after image is older than the before image (2024-04-30; 2024-05-01)" in said()
    assert "older" not in said(date_after="2024-06-01")
    assert "Both images are of one day (2024-05-01; 2024-05-01 (as stated))" in said(date_after="2024-05-01")
    times = {"date_before": "2024-05-01T08:00", "date_after": "2024-05-01T16:00"}
    assert "of one day" not in said(**times) and "of one day" in said(**times | {"date_after": "2024-05-01T08:00"})
    assert "The after image was taken in the future (2999-01-01 (as stated))" in said(date_after="2999-01-01")
    assert "older than the before image (2024-04-30; 2024-05-02 (as stated))" in said(date_before="20240502")
    assert "older than the before image (2024-04-30; 2024-05-02 (as stated))" in said(date_before="2024-05-02T10:20")


@pytest.mark.parametrize(
    ("text", "advice"),
    [("2019", "e.g. 2019-06-01."), ("2019-02-30", "there is no such day."), ("2019-6-1", "write 2019-06-01."),
     ("2019/06/01", "write 2019-06-01."), ("2019-06-01 noon", "e.g. 2019-06-01."), ("", "e.g. 2019-06-01.")],
)  # fmt: skip
def test_what_is_no_date_is_told_with_its_option(text: str, advice: str) -> None:
    for which in ("before", "after"):
        with pytest.raises(OptionError) as told:
            PredictOptions(**{f"date_{which}": text})
        assert str(told.value) == f"Year, month and day are needed (--date-{which}), got {text!r}: {advice}"
