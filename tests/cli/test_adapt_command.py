"""minenetcd adapt: the embedded detector, two pictures, a detector that the next command takes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from minenetcd.cli.main import app
from minenetcd.errors import MineNetCDError
from minenetcd.training.adaptation.outcome import Adaptation
from training.small_adaptation import few_pairs, pictures

__all__ = ["few_pairs"]  # a fixture


def run(folder: Path, *options: str) -> Result:
    before, after = map(str, pictures(folder))
    arguments = ["adapt", before, after, "--out", str(folder / "out"), "--steps", "1", "--device", "cpu"]
    return CliRunner().invoke(app, [*arguments, *options], catch_exceptions=False)


@pytest.mark.slow  # a network is trained
@pytest.mark.usefixtures("few_pairs")
def test_it_prints_scores_and_the_next_command(tmp_path: Path) -> None:
    done = run(tmp_path, "--force", "--bands", "3,2,1", "--coregister", "off")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert all(word in lines[0] for word in ("F1", "Average precision", "Unchanged called changed", "Threshold"))
    assert [line.split("  ")[0] for line in lines[1:4]] == ["Before", "Before, its threshold chosen here", "After"]
    assert f"minenetcd-nano-adapted is saved in {tmp_path / 'out'}" in lines
    before, after = pictures(tmp_path)
    assert lines[-1] == f"Next: minenetcd predict {before} {after} --model {tmp_path / 'out'} --bands 3,2,1"
    assert (tmp_path / "out" / "model.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("few_pairs")
def test_it_says_in_one_line_that_it_did_not_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adaptation, "helped", False)
    with pytest.raises(
        MineNetCDError, match=r"^Adapting did not help, and nothing is written: [^\n]*\(--force\)\.$"
    ) as caught:
        run(tmp_path)
    assert caught.value.exit_code == 1 and not (tmp_path / "out").exists()
