"""What an analysis would take is told from a few of its tiles, and nothing is written."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from fixtures.scene_files import utm_grid
from minenetcd.cli.main import app
from minenetcd.prediction.automatic import Readers
from minenetcd.prediction.forecast import MOST_TRIED, forecast
from minenetcd.prediction.opening import open_scene
from minenetcd.prediction.options import PredictOptions
from prediction.conftest import WriteScene
from prediction.stand_in import Difference


def test_as_many_tiles_are_told_as_predict_reads_and_few_are_tried(
    tmp_path: Path, write_scene: WriteScene, noisy: Callable
) -> None:
    images = [
        write_scene(f"{name}.tif", pixels, utm_grid(300, 400))
        for name, pixels in zip("ab", noisy(300, 400), strict=True)
    ]
    options, detector = PredictOptions(batch_size=2), Difference()
    out = tmp_path / "out"
    with open_scene(*images, options) as scene:
        told = forecast(Readers(detector, None, options), scene, out)
    tried = sum(shape[0] for shape in detector.asked)
    assert 2 <= tried <= 2 * MOST_TRIED < told.tiles  # of 64 x 64 pixels
    assert told.pixels == (300, 400) and told.detectors == ("difference",)
    assert 0 < told.seconds < 60 and told.memory > 2**20
    assert list(told.disk) == [out] and told.disk[out] >= 300 * 400
    assert not out.exists() and sorted(tmp_path.iterdir()) == images


def test_a_dry_run_says_it_on_the_command_line(tmp_path: Path, write_scene: WriteScene, noisy: Callable) -> None:
    images = [
        str(write_scene(f"{name}.tif", pixels, utm_grid(70, 90)))
        for name, pixels in zip("ab", noisy(70, 90), strict=True)
    ]
    asked = ["predict", *images, "--model", "cva", "--out", str(tmp_path / "out"), "--dry-run"]
    said = CliRunner().invoke(app, asked, catch_exceptions=False).stdout
    assert said.startswith("Nothing was written: this would take about ") and "70 x 90" in said
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"], catch_exceptions=False).stdout)
    assert told["detectors"] == ["cva"] and told["tiles"] == 1 and not (tmp_path / "out").exists()
