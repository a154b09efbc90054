"""minenetcd adapt: the embedded detector, two pictures, a detector that the next command takes."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from minenetcd.cli.main import app
from minenetcd.cli.training_progress import AdaptProgress
from minenetcd.errors import MineNetCDError, RasterError
from minenetcd.training.adaptation.outcome import Adaptation
from minenetcd.training.records.reporting import Step
from training.small_adaptation import few_pairs, pictures

__all__ = ["few_pairs"]  # a fixture


def run(folder: Path, *options: str) -> Result:
    before, after = map(str, pictures(folder))
    arguments = ["adapt", before, after, "--out", str(folder / "out"), "--steps", "1", "--device", "cpu"]
    return CliRunner().invoke(app, [*arguments, *options], catch_exceptions=False)


@pytest.mark.slow  # a network is trained
@pytest.mark.usefixtures("few_pairs")
def test_it_prints_scores_and_the_next_command(tmp_path: Path) -> None:
    done = run(tmp_path, "--force", "--bands", "3,2,1", "--coregister", "off", "--remote", "--metres-per-pixel", "2.5")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert all(word in lines[0] for word in ("F1", "Average precision", "Unchanged called changed", "Threshold"))
    assert [line.split("  ")[0] for line in lines[1:4]] == ["Before", "Before, its threshold chosen here", "After"]
    assert lines[4].startswith("On change pasted into parts of the images that trained nothing, but chose when to stop")
    assert re.match(r"On a map of the first two images predict calls [\d.]+% changed, at a threshold that it", lines[5])
    assert f"minenetcd-nano-adapted is saved in {tmp_path / 'out'}" in lines
    before, after = pictures(tmp_path)
    options = "--bands 3,2,1 --metres-per-pixel 2.5 --remote --second-opinion on"
    assert lines[-1] == f"Next: minenetcd predict {before} {after} --model {tmp_path / 'out'} {options}"
    assert json.loads((tmp_path / "out/config.json").read_text())["preprocessing"]["metres_per_pixel"] == 2.5
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_the_bar_of_the_training_stands_once(capfd: pytest.CaptureFixture[str]) -> None:
    progress = AdaptProgress()
    with progress:
        progress.step(Step(1, 1, 0.5, 1e-3, 9.0, False), 1, None)
    with progress:
        progress.progress("judge", 1, 1)
    out, err = capfd.readouterr()
    assert (out + err).count("Training") == 1


def test_files_on_the_network_are_read_where_that_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port without a server tells that somebody asked there."""
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "0")
    asset = {"href": "http://127.0.0.1:9/image.tif", "type": "image/tiff"}
    item = {"type": "Feature", "stac_version": "1.0.0", "properties": {}, "assets": {"visual": asset}}
    (tmp_path / "item.json").write_text(json.dumps(item))
    asked = [str(pictures(tmp_path)[0]), str(tmp_path / "item.json"), "--out", str(tmp_path / "out")]
    for options, words in (([], r"allow that \(--remote\)"), (["--remote"], "cannot be opened as an image")):
        with pytest.raises(RasterError, match=words):
            CliRunner().invoke(app, ["adapt", *asked, *options], catch_exceptions=False)


@pytest.mark.slow
@pytest.mark.usefixtures("few_pairs")
def test_it_says_in_one_line_that_it_did_not_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adaptation, "helped", False)
    with pytest.raises(
        MineNetCDError, match=r"^Adapting did not help, and nothing is written: [^\n]*\(--force\)\.$"
    ) as caught:
        run(tmp_path)
    assert caught.value.exit_code == 1 and not (tmp_path / "out").exists()
