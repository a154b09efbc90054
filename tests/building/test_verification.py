"""A data set that was built is checked against its manifest, and against the scenes that it was cut from."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fixtures.scene_files import make_sites, noise, utm_grid, write_geotiff, write_table
from minenetcd.building.build import build_dataset
from minenetcd.building.scenes import PatchOptions
from minenetcd.cli.data import app
from minenetcd.errors import OutputPathError
from minenetcd.examining.audit import audit

SMALL = PatchOptions(size=32)
LONG_AGO = (1.5e9, 1.5e9)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sites in a folder, sites.csv beside them, and the data set that was cut from them, in out."""
    folder = tmp_path_factory.mktemp("finished")
    build_dataset(write_table(folder / "sites.csv", make_sites(folder, 3, side=64)), folder / "out", patches=SMALL)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, times of writing included."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def shard(folder: Path) -> Path:
    return min((folder / "out/data").glob("train*"))


def exchange(path: Path, content: bytes) -> None:
    """Put another file in its place, with an old time of writing, as mv, unzip and rsync do."""
    new = path.with_name("new")
    new.write_bytes(content)
    os.utime(new, LONG_AGO)
    os.replace(new, path)


def changed_byte(path: Path) -> bytes:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def cut_short(folder: Path) -> str:
    shard(folder).write_bytes(shard(folder).read_bytes()[:2000])
    return f"{shard(folder)} (it has 2,000 bytes, and had "


def exchanged(folder: Path) -> str:
    exchange(shard(folder), changed_byte(shard(folder)))
    return f"{shard(folder)} (its content has changed)"


def deleted(folder: Path) -> str:
    shutil.rmtree(folder / "out/data")
    return "(it is not there), and "


def added(folder: Path) -> str:
    shutil.copy(shard(folder), folder / "out/data/train-00009-of-00010.parquet")
    return "train-00009-of-00010.parquet (the manifest does not list it)"


def linked(folder: Path) -> str:
    path = shard(folder)
    os.replace(path, folder / "elsewhere.parquet")
    path.symlink_to(folder / "elsewhere.parquet")
    return f"{path} (it lies outside of the folder)"


@pytest.mark.parametrize("damage", [cut_short, exchanged, deleted, added, linked])
def test_a_damaged_data_set_is_not_taken_for_a_finished_one(folder: Path, damage: Callable[[Path], str]) -> None:
    named = damage(folder)
    with pytest.raises(OutputPathError) as caught:
        build_dataset(folder / "sites.csv", folder / "out", patches=SMALL)
    assert named in str(caught.value) and "is not as it was built" in str(caught.value)
    assert "\n" not in str(caught.value)
    result = audit(folder / "out")
    finding = next(finding for finding in result.findings if finding.check == "manifest")
    assert finding.level == "error" and not result.is_fit
    assert any(str(folder / "out/data") in name for name in finding.names)


def test_a_whole_data_set_is_fit_and_there_already(folder: Path) -> None:
    for verify in (False, True):
        assert build_dataset(folder / "sites.csv", folder / "out", patches=SMALL, verify=verify).was_there
    assert not [finding for finding in audit(folder / "out").findings if finding.check == "manifest"]


def test_an_input_that_was_exchanged_for_an_older_file_is_named(folder: Path) -> None:
    image = folder / "mine-01_after.tif"
    grid = utm_grid(73, 71, left=419_966.7, top=5_600_027.7)
    write_geotiff(folder / "other.tif", noise(grid, 99), grid)
    exchange(image, (folder / "other.tif").read_bytes())
    with pytest.raises(OutputPathError, match=f"was built of other files: {image} "):
        build_dataset(folder / "sites.csv", folder / "out", patches=SMALL)


def test_what_no_time_tells_is_found_by_reading_every_file(folder: Path) -> None:
    """A byte changed on the disk, with the times of before."""
    for path, words in ((shard(folder), "is not as it was built"), (folder / "mine-00_before.tif", "of other files")):
        whole = path.read_bytes()
        path.write_bytes(changed_byte(path))
        os.utime(folder / "out/manifest.json")  # as if it had been written after that
        assert build_dataset(folder / "sites.csv", folder / "out", patches=SMALL).was_there
        asked = ["build", folder / "sites.csv", "--out", folder / "out", "--size", 32, "--verify"]
        done = CliRunner().invoke(app, [*map(str, asked)])
        assert words in str(done.exception) and str(path) in str(done.exception)
        path.write_bytes(whole)


def test_a_manifest_that_leads_out_of_its_folder_opens_nothing(folder: Path) -> None:
    path = folder / "out/manifest.json"
    manifest = json.loads(path.read_text())
    for name in ("../sites.csv", "/dev/zero", "x" * 5000):
        path.write_text(
            json.dumps(manifest | {"files": [*manifest["files"], {"path": name, "bytes": 0, "sha256": ""}]})
        )
        with pytest.raises(OutputPathError, match="is not as it was built"):
            build_dataset(folder / "sites.csv", folder / "out", patches=SMALL)
        assert "manifest" in [finding.check for finding in audit(folder / "out").findings]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": "minenetcd patches 1"}', '{"format": NaN}', "\0", "null"])
def test_a_manifest_that_is_none_is_told_in_a_line(folder: Path, text: str) -> None:
    (folder / "out/manifest.json").write_text(text)
    with pytest.raises(OutputPathError) as caught:
        build_dataset(folder / "sites.csv", folder / "out", patches=SMALL)
    assert "\n" not in str(caught.value)
    assert np.sum([counts.pairs for counts in audit(folder / "out").splits.values()]) == 12
