"""The site of docs/ builds without a warning; its reference knows the package as it stands."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.needs("zensical")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "docs/build.py", str(tmp_path / "site")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "SiamUnet-Conc" in (tmp_path / "site" / "models" / "fc_unets" / "index.html").read_text(encoding="utf-8")
    page = (tmp_path / "site" / "reference" / "errors" / "index.html").read_text(encoding="utf-8")
    assert 'id="minenetcd.errors.MineNetCDError"' in page
