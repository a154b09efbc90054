"""The command line as a user meets it: real processes, real files."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fixtures.wide_pairs import write_tiff
from minenetcd.cli.main import app
from minenetcd.detectors.learned import ChangeDetector

COMMANDS = sorted(command.callback.__name__ for command in app.registered_commands)


def minenetcd(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "from minenetcd.cli.main import run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=300
    )


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    before = rng.integers(60, 120, (61, 47, 3), dtype=np.uint8)
    after = before.copy()
    after[20:40, 10:30] = (230, 220, 200)
    paths = tmp_path / "before.png", tmp_path / "after.png"
    for path, image in zip(paths, (before, after), strict=True):
        Image.fromarray(image).save(path)
    return paths


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_in_its_help(command: str) -> None:
    done = minenetcd(command, "--help")
    assert done.returncode == 0 and f"Example: minenetcd {command}" in " ".join(done.stdout.split())


def test_help_loads_nothing_heavy() -> None:
    heavy = "('torch', 'rasterio', 'numpy')"
    code = f"import sys; from minenetcd.cli.main import app; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_two_pictures_become_a_map_in_pixels(pictures: tuple[Path, Path], tmp_path: Path) -> None:
    done = minenetcd("predict", *pictures, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("change.png", "probability.png", "change.geojson", "report.html", "details.zip", "summary.json"),
        *("change.qml", "probability.qml"),
    }
    assert Image.open(tmp_path / "out" / "change.png").size == (47, 61)
    assert "pixels changed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "missing.tif", "{after}"], "There is no file missing.tif"),
        (["predict", "{before}", "{before}"], "are the same image"),
        (["predict", "{before}", "{after}", "--model", "minenetcd-nanno"], "did you mean 'minenetcd-nano'"),
        (["predict", "{before}", "{after}", "--bands", "4,,2"], "--bands needs band numbers or names"),
        (["predict", "{before}", "{after}", "--bands", "infrared"], "A band called infrared is needed in"),
        (["predict", "{before}", "{after}", "--bands", "4,3,2"], "band"),
        (["predict", "{before}", "{after}", "--threshold", "1.5"], "Threshold must lie between 0 and 1"),
        (["predict", "{before}", "{after}", "--gsd", "fine"], "--gsd needs metres per pixel or 'model'"),
        (["predict", "{before}", "{after}", "--gsd", "1.2"], "georeference"),
        (
            ["predict", "{before}", "{after}", "--force-gsd"],
            "got none: give them (--gsd 1.2), or leave",
        ),
        (["predict", "{before}", "{after}", "--device", "tpu"], "There is no device 'tpu': choose auto"),
        (["train", "minenetcd-nan"], "did you mean 'minenetcd-nano'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    pictures: tuple[Path, Path], tmp_path: Path, arguments: list[str], message: str
) -> None:
    before, after = pictures
    filled = [argument.format(before=before, after=after) for argument in arguments]
    done = minenetcd(*filled, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow  # two processes with torch
def test_the_pixels_of_a_model_are_no_finer_than_the_images_unless_forced(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    dates = [rng.integers(60, 120, (3, 40, 40)).astype(np.uint8) for _ in range(2)]
    images = [write_tiff(tmp_path / f"{n}.tif", date) for n, date in enumerate(dates)]  # of 10 m
    ChangeDetector.from_config("minenetcd-compact").save_pretrained(tmp_path / "compact")  # made for 1.2 m
    command = ("predict", *images, "--model", tmp_path / "compact", "--gsd", "model", "--out", tmp_path / "out")
    refused = minenetcd(*command)
    assert refused.returncode == 2 and not (tmp_path / "out").exists()
    assert "no finer than the image's 10 m, got --gsd 1.2" in refused.stderr and "(--force-gsd)" in refused.stderr
    forced = minenetcd(*command, "--force-gsd")
    assert forced.returncode == 0 and "were analysed at 1.2 m" in forced.stderr
    of_no_size = minenetcd("predict", *images, "--model", "minenetcd-nano", "--gsd", "model", "--out", tmp_path / "no")
    assert of_no_size.returncode == 2 and "minenetcd-nano is made for no pixel size of its own" in of_no_size.stderr


def test_an_output_path_that_cannot_be_written_is_bad_input(pictures: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = minenetcd("predict", *pictures, "--out", tmp_path / "file")
    assert (done.returncode, done.stderr) == (
        2,
        f"Error: {tmp_path / 'file'} cannot be written: it is a file, and a folder is needed; name another.\n",
    )


@pytest.mark.slow  # a process each
@pytest.mark.parametrize("command", ["predict A B --resume --tmp", "predict A B --out", "adapt A B --out", "runs"])
@pytest.mark.parametrize(
    ("name", "message"), [("x" * 300, " too long"), (b"bad\xff", "Names in UTF-8 are needed, got")]
)
def test_a_name_that_no_file_can_have_is_bad_input(
    pictures: tuple[Path, Path], tmp_path: Path, command: str, name: str | bytes, message: str
) -> None:
    words = [{"A": str(pictures[0]), "B": str(pictures[1])}.get(word, word) for word in command.split()]
    done = minenetcd(*words, os.fsdecode(name), cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in pictures}


def test_debug_shows_the_traceback(pictures: tuple[Path, Path]) -> None:
    done = minenetcd("predict", pictures[0], pictures[0], "--debug")
    assert done.returncode == 2 and "Traceback" in done.stderr


def test_version() -> None:
    assert minenetcd("--version").stdout.startswith("minenetcd 0.")


@pytest.mark.slow
def test_the_demo_writes_everything_it_promises(tmp_path: Path) -> None:
    done = minenetcd("demo", "--out", tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    names = {"before.tif", "after.tif", "truth.tif", "change.tif", "probability.tif", "change.gpkg", "report.html"} | {
        *("details.zip", "summary.json", "change.qml", "probability.qml")
    }
    assert {path.name for path in (tmp_path / "demo").iterdir()} == names
    for word in ("F1", "cIoU", "ha changed", "report.html"):
        assert word in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "options"),
    [
        ("oscd_geotiff/A/bercy.tif", "oscd_geotiff/B/bercy.tif", []),
        ("landsat_taizhou/A/taizhou.tif", "landsat_taizhou/B/taizhou.tif", ["--bands", "3,2,1"]),
        (
            "mines_s2_timeseries/mine_1/2019-04-04.tif",
            "mines_s2_timeseries/mine_1/2024-04-27.tif",
            ["--bands", "3,2,1"],
        ),
        ("sztaki_airchange/A/szada_2.png", "sztaki_airchange/B/szada_2.png", []),
    ],
)
def test_real_pairs_of_every_kind(
    before: str, after: str, options: list[str], tmp_path: Path, real_images: Path
) -> None:
    done = minenetcd("predict", real_images / before, real_images / after, "--out", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 8
