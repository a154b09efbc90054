"""Two runs into one folder: one works, the other is refused or finds it done, and the result is that of one run."""

import sys
from pathlib import Path

import pytest

from robustness.killed import Running
from robustness.works import WORKS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")]


@pytest.mark.parametrize("command", ["predict", "data build", "train"])
def test_two_at_once(command: str, tmp_path: Path) -> None:
    for name in ("both", "one"):
        (tmp_path / name / "site").mkdir(parents=True)
    work, both = WORKS[command](tmp_path / "both/site"), tmp_path / "both/site"
    runs = [Running(work.words, both) for _ in range(2)]
    assert all(run.wait() for run in runs)
    codes = sorted(run.code or 0 for run in runs)
    assert codes[0] == 0 and codes[1] in (0, 1, 2), [run.log for run in runs]
    for run in runs:
        assert "Traceback" not in run.log and "Error: unexpected" not in run.log, run.log
    alone = WORKS[command](tmp_path / "one/site")
    once = Running(alone.words, tmp_path / "one/site")
    assert once.wait() and once.code == 0, once.log
    work.shown(both / "out")
    assert work.result(both / "out") == alone.result(tmp_path / "one/site/out")
    assert not list(both.rglob(".minenetcd-*"))
