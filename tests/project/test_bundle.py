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
GRANT = re.compile("permission is hereby granted|permission to use, copy|redistribution and use|apache license", re.I)


def test_the_bundle_is_small_and_needs_no_other_place() -> None:
    assert {path.name for path in BUNDLE.iterdir()} == FILES
    assert sum(path.stat().st_size for path in BUNDLE.iterdir()) < 1_500_000
    style = (BUNDLE / "app.css").read_text(encoding="utf-8")
    assert not re.search(r"url\((?!['\"]?data:)|@import", style)
    for script in ("app.js", "maplibre.js"):
        text = (BUNDLE / script).read_text(encoding="utf-8")
        assert "sourceMappingURL" not in text and "</script" not in text.lower()


def test_all_that_is_bundled_has_the_text_of_its_licence() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    text = (BUNDLE / "LICENSES.txt").read_text(encoding="utf-8")
    rule = "=" * 80
    texts = dict(zip(*[iter(text.split(f"{rule}\n")[1:])] * 2, strict=True))
    named = {heading.split(" (")[0].strip(): body for heading, body in texts.items()}
    for path, package in lock.items():
        name = path.rpartition("node_modules/")[2]
        if name and not package.get("dev") and not name.startswith("@types/"):
            assert GRANT.search(named[f"{name} {package['version']}"]), name


@pytest.mark.parametrize(
    "readme", ["", "# It\n\n## License\n\nMIT\n", "## License\n\n[MIT](https://example.com/LICENSE)\n"]
)
def test_a_package_without_the_text_stops_the_build(tmp_path: Path, readme: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    package = tmp_path / "node_modules" / "drawing"
    package.mkdir(parents=True)
    (package / "README.md").write_text(readme, encoding="utf-8")
    facts = {"version": "1.0.0", "license": "MIT"}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": {"node_modules/drawing": facts}}), "utf-8")
    module, folder = json.dumps((FRONTEND / "licences.mjs").as_uri()), json.dumps(str(tmp_path))
    script = f"import({module}).then((it) => it.licences({folder}))"
    stopped = subprocess.run([node, "-e", script], capture_output=True, text=True, timeout=60)
    assert stopped.returncode != 0 and "licence of drawing 1.0.0 is needed" in stopped.stderr


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
