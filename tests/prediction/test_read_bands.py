"""Which bands a prediction reads as which colours, and what it says of it."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from typer.testing import CliRunner

from fixtures.scene_files import utm_grid
from minenetcd.cli.main import app
from minenetcd.errors import OptionError, OutputError
from minenetcd.prediction.scene import PredictOptions, predict_scene
from prediction.stand_in import Difference

RED, GREEN, BLUE, NONE = ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined
SIDE = 64


@pytest.fixture
def soil() -> NDArray[np.uint8]:
    """Red ground (H, W, 3) with some texture."""
    noise = np.random.default_rng(0).integers(0, 40, (SIDE, SIDE, 1))
    return (noise + np.array([180, 110, 60])).astype(np.uint8)


@pytest.fixture
def write_colours(tmp_path: Path):
    """write_colours(name, image (H, W, C), tags=(), names=(), dtype="uint8") -> path of a GeoTIFF at 1.2 m."""

    def write(
        name: str,
        image: NDArray,
        tags: Sequence[ColorInterp] = (),
        names: Sequence[str] = (),
        dtype: str = "uint8",
    ) -> Path:
        grid, path = utm_grid(SIDE, SIDE, metres=1.2), tmp_path / name
        with rasterio.open(
            path, "w", driver="GTiff", height=SIDE, width=SIDE, count=image.shape[-1], dtype=dtype, crs=grid.crs,
            transform=grid.transform,
        ) as dataset:  # fmt: skip
            dataset.write(np.moveaxis(image, -1, 0).astype(dtype))
            if tags:
                dataset.colorinterp = tags
            if names:
                dataset.descriptions = names
        return path

    return write


def after(soil: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same ground, a little noisy."""
    return (soil + np.random.default_rng(1).integers(0, 3, soil.shape)).astype(np.uint8)


class AllColours(Difference):
    """A change where the mean difference of the three colours is more than 0.15."""

    def probabilities(self, before: NDArray, after: NDArray, valid: NDArray, **_: object) -> NDArray[np.float32]:
        self.asked.append(valid.shape)
        differ = np.abs(before.astype(np.float32) - after.astype(np.float32)).mean(axis=-1) / before.max()
        return (differ > 0.15).astype(np.float32)


def infrared() -> NDArray[np.uint8]:
    return np.full((SIDE, SIDE, 1), 200, np.uint8)


@pytest.mark.parametrize("case", ["BGR", "BGR and infrared", "infrared first", "alpha among five", "names", "16 bits"])
def test_the_same_ground_in_another_order_of_bands_has_not_changed(write_colours, soil, case: str) -> None:
    image = after(soil)
    said = {
        "BGR": (image[..., ::-1], (BLUE, GREEN, RED)),
        "BGR and infrared": (np.dstack([image[..., ::-1], infrared()]), (BLUE, GREEN, RED, NONE)),
        "infrared first": (np.dstack([infrared(), image]), (NONE, RED, GREEN, BLUE)),
        "alpha among five": (
            np.dstack([image[..., :1], infrared(), image[..., 1:], infrared()]),
            (RED, ColorInterp.alpha, GREEN, BLUE, NONE),
        ),
        "names": (np.dstack([image[..., ::-1], infrared()]), (), ("B02", "B03", "B04", "B08")),
        "16 bits": (image[..., ::-1], (), ("blue", "green", "red"), "uint16"),
    }[case]
    found = predict_scene(AllColours(), write_colours("rgb.tif", soil), write_colours("after.tif", *said))
    assert found.changed_pixels == 0
    assert not any("band" in warning.lower() for warning in found.warnings)
    assert [found.facts.after.read.names, found.facts.before.read.names] == [("red", "green", "blue")] * 2


def test_a_guess_is_said(write_colours, soil) -> None:
    paths = [write_colours(f"{name}.tif", image, dtype="uint16") for name, image in (("a", soil), ("b", after(soil)))]
    found = predict_scene(AllColours(), *paths)
    assert found.warnings[0].startswith(
        "The images do not say which of their bands are red, green and blue: bands 1, 2,"
    )
    assert found.facts.before.read.in_words() == "1, 2, 3 as they stand (the file does not say which is which)"
    asked = predict_scene(AllColours(), *paths, options=PredictOptions(bands=(1, 2, 3)))
    assert not any("do not say" in warning for warning in asked.warnings)


def test_one_date_that_says_nothing_is_said(write_colours, soil) -> None:
    before = write_colours("a.tif", np.dstack([soil[..., ::-1], infrared()]), names=("blue", "green", "red", "nir"))
    silent = write_colours("b.tif", np.dstack([after(soil)[..., ::-1], infrared()]), dtype="uint16")
    found = predict_scene(AllColours(), before, silent)
    assert (found.changed_pixels, found.facts.after.bands) == (0, (3, 2, 1))
    assert (
        "after image does not say which of its bands is which: 3, 2, 1 were taken as red, green, blue"
        in (found.warnings[0])
    )


@pytest.mark.parametrize("names", [("B8", "B4", "B3"), ("nir", "red", "green")])
def test_infrared_is_never_read_as_red_in_silence(write_colours, soil, names) -> None:
    paths = [write_colours(f"{name}.tif", image, names=names) for name, image in (("a", soil), ("b", after(soil)))]
    warnings = predict_scene(AllColours(), *paths).warnings
    assert any(f"{names[0]}, red, green, and were read as red, green and blue" in warning for warning in warnings)


def test_numbers_that_mean_other_colours_in_the_other_date_are_said(write_colours, soil) -> None:
    before = write_colours("a.tif", soil)
    other = write_colours("b.tif", after(soil)[..., ::-1], (BLUE, GREEN, RED))
    found = predict_scene(AllColours(), before, other, options=PredictOptions(bands=(1, 2, 3)))
    assert "bands 1, 2, 3 of the after image are blue, green, red: they were asked for" in found.warnings[0]
    named = predict_scene(AllColours(), before, other, options=PredictOptions(bands=("red", "green", "blue")))
    assert named.changed_pixels == 0 and named.facts.after.bands == (3, 2, 1)


def test_names_that_mean_infrared_of_another_satellite_are_said(write_colours, soil) -> None:
    paths = [
        write_colours(f"{name}.tif", image, names=("B4", "B3", "B2"))
        for name, image in (("a", soil), ("b", after(soil)))
    ]
    assert "of Landsat 4 to 7, band 4 is infrared" in predict_scene(AllColours(), *paths).warnings[0]


def test_bands_that_are_not_there_are_listed_in_one_line(write_colours, soil) -> None:
    paths = [write_colours(f"{name}.tif", image) for name, image in (("a", soil), ("b", after(soil)))]
    with pytest.raises(
        OptionError, match=r"A band called nir is needed in .*a.tif, it has bands 1 \(red\), 2 \(green\)"
    ):
        predict_scene(AllColours(), *paths, options=PredictOptions(bands=("nir", "red", "green")))


def test_the_command_reads_names_and_files_of_one_band_each(write_colours, soil, tmp_path: Path) -> None:
    for name, image in (("2019", soil), ("2023", after(soil))):
        for place, colour in enumerate(("red", "green", "blue")):
            write_colours(f"{name}_{colour}.tif", image[..., place : place + 1])
    done = CliRunner().invoke(
        app,
        ["predict", f"{tmp_path}/2019_*.tif", f"{tmp_path}/2023_*.tif", "--model", "cva", "--bands", "red,green",
         "--out", str(tmp_path / "out"), "--json", "--quiet"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    bands = json.loads(done.stdout)["bands"]["before"]
    assert bands == {"numbers": [3, 2], "names": ["red", "green"], "known_by": "its name"}
    assert f"{tmp_path}/2019_*.tif" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_no_result_replaces_one_of_the_files_of_a_date(write_colours, soil, tmp_path: Path) -> None:
    for name in ("change", "green", "blue"):
        write_colours(f"{name}.tif", soil[..., :1])
    other = write_colours("other.tif", after(soil))
    names = [tmp_path / f"{name}.tif" for name in ("change", "green", "blue")]
    with pytest.raises(OutputError, match=r"change.tif is an input"):
        predict_scene(AllColours(), names, other, tmp_path)
