"""What pages run in the browser: built from frontend/, small, whole, and with its licences."""

import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONTEND, BUNDLE = ROOT / "frontend", ROOT / "minenetcd" / "web" / "bundle"
FILES = {"maplibre.js", "app.js", "app.css", "LICENSES.txt"}


def test_the_bundle_is_small_and_needs_no_other_place() -> None:
    assert {path.name for path in BUNDLE.iterdir()} == FILES
    assert sum(path.stat().st_size for path in BUNDLE.iterdir()) < 1_500_000
    style = (BUNDLE / "app.css").read_text(encoding="utf-8")
    assert not re.search(r"url\((?!['\"]?data:)|@import", style)
    for script in ("app.js", "maplibre.js"):
        text = (BUNDLE / script).read_text(encoding="utf-8")
        assert "sourceMappingURL" not in text and "</script" not in text.lower()


def test_all_that_is_bundled_has_its_licence() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    licences = (BUNDLE / "LICENSES.txt").read_text(encoding="utf-8")
    for path, package in lock.items():
        name = path.rpartition("node_modules/")[2]
        if name and not package.get("dev") and not name.startswith("@types/"):
            assert f"\n{name} {package['version']}" in licences


def test_the_lock_names_no_address() -> None:
    assert "://" not in re.sub(r'"url": "[^"]*"', "", (FRONTEND / "package-lock.json").read_text(encoding="utf-8"))


@pytest.mark.needs("hatchling")
def test_wheel_and_source_hold_the_bundle(tmp_path: Path) -> None:
    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = {name for name in zipfile.ZipFile(wheel).namelist() if "/web/" in name}
    assert {f"minenetcd/web/bundle/{name}" for name in FILES} <= names and "minenetcd/web/page.html" in names
    assert not any("node_modules" in name for name in names)
    (source,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(source) as archive:
        kept = {name.partition("/")[2] for name in archive.getnames()}
    assert "frontend/package-lock.json" in kept
    assert not any("node_modules" in name for name in kept)


@pytest.mark.slow
def test_the_bundle_is_what_the_sources_make(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node is not installed")
    copy = tmp_path / "frontend"
    shutil.copytree(FRONTEND, copy, ignore=shutil.ignore_patterns("node_modules"))
    installed = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=copy, capture_output=True, text=True, timeout=300)
    if installed.returncode != 0:
        pytest.skip(f"packages of the frontend cannot be had: {installed.stderr[-200:]}")
    subprocess.run([npm, "run", "check"], cwd=copy, check=True, capture_output=True, timeout=300)
    subprocess.run([npm, "run", "build", "--", str(tmp_path / "out")], cwd=copy, check=True, capture_output=True)
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (BUNDLE / name).read_bytes(), f"run npm run build: {name}"
