"""The builder: scenes in UTM become parquet files, a manifest and a card, whatever interrupts it."""

import hashlib
import html
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import shapely
import yaml
from markdown_it import MarkdownIt

import datasets
from fixtures.scene_files import landscape, make_sites, noise, utm_grid, write_geotiff, write_polygons, write_table
from minenetcd.building.build import build_dataset
from minenetcd.building.card import dataset_card
from minenetcd.building.manifest import BuildRequest, describe
from minenetcd.building.scenes import PatchOptions
from minenetcd.building.site_parts import PartSummary, SitePart
from minenetcd.building.sites.table import Site
from minenetcd.building.splits import SplitPlan
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.datasets.folder import open_path
from minenetcd.errors import DataError, MineNetCDError, OutputError
from minenetcd.files import locked

SMALL = PatchOptions(size=32)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten sites of 9 patches each; their table is sites.csv."""
    folder = tmp_path_factory.mktemp("scenes")
    write_table(folder / "sites.csv", make_sites(folder, 10))
    return folder


@pytest.fixture(scope="module")
def built(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "patches"
    build_dataset(scenes / "sites.csv", out, patches=SMALL, shard_bytes=150_000)
    return out


def contents(folder: Path) -> dict[str, str]:
    """Checksums of all files, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def loaded(folder: Path, cache: Path) -> datasets.DatasetDict:
    return datasets.load_dataset(str(folder), cache_dir=str(cache))


def start_build(table: Path, out: Path, *, workers: int = 1) -> subprocess.Popen[str]:
    code = (
        "from minenetcd.building.build import build_dataset\n"
        "from minenetcd.building.scenes import PatchOptions\n"
        f"build_dataset({str(table)!r}, {str(out)!r}, patches=PatchOptions(size=32), shard_bytes=150_000, "
        f"workers={workers})"
    )
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.005)


def test_the_datasets_library_reads_images_and_places(built: Path, scenes: Path, tmp_path: Path) -> None:
    splits = loaded(built, tmp_path)
    assert {name: split.num_rows for name, split in splits.items()} == {"train": 54, "val": 9, "test": 27}
    row = next(row for split in splits.values() for row in split if row["name"] == "mine-03_00032_00064")
    before = noise(utm_grid(96, 96), 6)
    assert np.array_equal(np.asarray(row["imageA"]), before[32:64, 64:96])
    assert (row["imageA"].mode, row["imageB"].mode, row["label"].mode) == ("RGB", "RGB", "L")
    place = {key: value for key, value in row.items() if key not in ("imageA", "imageB", "label")}
    assert place == {
        "name": "mine-03_00032_00064", "site": "mine-03", "country": "Country 0", "row": 32, "column": 64,
        "crs": "EPSG:32633", "left": 460_640, "bottom": 5_599_360, "right": 460_960, "top": 5_599_680,
        "before_date": "2013-05-17", "after_date": "2021-06",
    }  # fmt: skip


def test_labels_are_the_polygons(built: Path, tmp_path: Path) -> None:
    train = loaded(built, tmp_path)["train"]
    site = [row for row in train if row["site"] == train[0]["site"]]
    label = np.zeros((96, 96), np.uint8)
    for row in site:
        label[row["row"] : row["row"] + 32, row["column"] : row["column"] + 32] = row["label"]
    number = int(train[0]["site"][-2:])
    assert np.array_equal(np.unique(label), [0, 255])
    assert (label[10:40, 10 : 30 + number] == 255).all() and np.count_nonzero(label) == 30 * (20 + number)


def test_our_own_loader_reads_it_with_places(built: Path, tmp_path: Path) -> None:
    pairs = open_path(built, "mine", "test", ReadOptions(), cache_dir=tmp_path)
    assert len(pairs) == 27 and pairs.facts.split == "test"
    assert pairs[0].before.shape == (3, 32, 32) and set(pairs[0].mask.unique().tolist()) <= {0, 1}
    assert pairs.places is not None and len(pairs.places) == 27
    assert len(set(pairs.sites or [])) == 3


def test_no_site_is_in_two_splits(built: Path, tmp_path: Path) -> None:
    sites = [set(split["site"]) for split in loaded(built, tmp_path).values()]
    assert sum(map(len, sites)) == len(set().union(*sites)) == 10


def test_the_order_of_rows_and_the_number_of_workers_change_no_byte(built: Path, scenes: Path, tmp_path: Path) -> None:
    header, *rows = (scenes / "sites.csv").read_text().splitlines()
    turned = scenes / "turned.csv"
    turned.write_text("\n".join([header, *rows[::-1]]) + "\n")
    build_dataset(turned, tmp_path / "patches", patches=SMALL, shard_bytes=150_000, workers=2)
    assert contents(tmp_path / "patches") == contents(built)


def test_the_manifest_lists_every_file_with_its_checksum(built: Path) -> None:
    manifest = json.loads((built / "manifest.json").read_text())
    listed = {file["path"]: file["sha256"] for file in manifest["files"]}
    assert listed == {path: digest for path, digest in contents(built).items() if path != "manifest.json"}
    assert all((built / file["path"]).stat().st_size == file["bytes"] for file in manifest["files"])
    assert [site["id"] for site in manifest["sites"]] == [f"mine-{number:02d}" for number in range(10)]
    assert manifest["splits"]["train"] == {
        "sites": 6, "patches": 54, "valid_pixels": 54 * 32**2,
        "changed_pixels": sum(site["changed_pixels"] for site in manifest["sites"] if site["split"] == "train"),
    }  # fmt: skip
    assert str(built.parent) not in (built / "manifest.json").read_text()


def test_large_splits_are_several_files_of_about_the_size_asked_for(built: Path) -> None:
    names = sorted(path.name for path in (built / "data").iterdir())
    trains = [name for name in names if name.startswith("train")]
    assert trains == [f"train-{number:05d}-of-{len(trains):05d}.parquet" for number in range(len(trains))]
    assert len(trains) > 1 and "val-00000-of-00001.parquet" in names
    assert all((built / "data" / name).stat().st_size < 200_000 for name in names)


def test_the_card_tells_hub_and_reader_what_it_is(built: Path) -> None:
    _, metadata, text = (built / "README.md").read_text().split("---\n", 2)
    facts = yaml.safe_load(metadata)
    assert facts["configs"][0]["data_files"] == [
        {"split": split, "path": f"data/{split}-*"} for split in ("train", "val", "test")
    ]
    assert "\n90 patches of 32 x 32 pixels" in text and "| train | 6 | 54 |" in text
    assert "| mine-03 | Country 0 | " in text and "60/10/30" in text and "seed 8888" in text


def test_the_manifest_holds_no_secret_of_an_address(tmp_path: Path) -> None:
    after = "/vsicurl?sig=SIG&url=https%3A%2F%2Fu%3APW%40host%2Fa.tif%3Fsig%3DSIG"
    site = Site("mine", "https://u:PW@host/b.tif?sig=SIG", after, "https://host/l.gpkg?sig=SIG", tmp_path / "sites.csv")
    request = BuildRequest([site], SMALL, SplitPlan(), 1)
    part = SitePart(site, tmp_path / "mine.parquet", PartSummary("EPSG:32633", 1.0, None, None))
    entry = describe(request, {"train": [part]})["sites"][0]
    assert (entry["before"], entry["after"], entry["label"]) == ("b.tif", "a.tif", "l.gpkg")


def test_text_from_outside_is_no_markup_on_the_card(built: Path) -> None:
    manifest = json.loads((built / "manifest.json").read_text())
    evil = "[a](javascript:b)|\n# <script>`"
    manifest |= {"note": evil, "sites": [site | {"country": evil} for site in manifest["sites"]]}
    page = MarkdownIt().enable("table").render(dataset_card(manifest).split("---\n", 2)[2])
    assert "<script" not in page and "<a " not in page and page.count("<h1>") == 1
    assert html.unescape(page).count(" ".join(evil.split())) == 1 + len(manifest["sites"])


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_and_started_again_it_ends_with_the_same_bytes(
    scenes: Path, built: Path, tmp_path: Path, workers: int
) -> None:
    out = tmp_path / "patches"
    for parts in (2, 6):  # killed twice, the second time further on
        process = start_build(scenes / "sites.csv", out, workers=workers)
        wait_until(lambda parts=parts: len(list((out / ".parts").glob("*.json"))) >= parts, process)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (out / "manifest.json").exists()
        assert not psutil.wait_procs(children, timeout=20)[1]  # no worker outlives it
    before = {path.name: path.stat().st_mtime_ns for path in (out / ".parts").glob("*.parquet")}
    again = start_build(scenes / "sites.csv", out, workers=workers)
    assert again.wait() == 0 and len(before) >= 6
    assert contents(out) == contents(built)


def test_what_was_cut_before_an_interruption_is_not_cut_again(scenes: Path, built: Path, tmp_path: Path) -> None:
    out = tmp_path / "patches"

    def interrupt(done: int, of: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_dataset(scenes / "sites.csv", out, patches=SMALL, shard_bytes=150_000, progress=interrupt)
    parts = {path: path.stat().st_mtime_ns for path in (out / ".parts").glob("*.parquet")}
    (out / "data").mkdir()  # as if it had been interrupted later, while files were moved
    (out / "data" / "train-00000-of-00009.parquet").write_bytes(b"half")
    seen = []
    build_dataset(
        scenes / "sites.csv", out, patches=SMALL, shard_bytes=150_000,
        progress=lambda done, of: seen.append({path: path.stat().st_mtime_ns for path in parts}),
    )  # fmt: skip
    assert len(parts) == 7 and all(stamps == parts for stamps in seen)
    assert contents(out) == contents(built)


def test_a_part_is_cut_anew_when_its_image_or_the_options_changed(tmp_path: Path) -> None:
    table = write_table(tmp_path / "sites.csv", make_sites(tmp_path, 3, side=32))
    out = tmp_path / "out"

    def interrupt(done: int, of: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_dataset(table, out, patches=SMALL, progress=interrupt)
    grid = utm_grid(32, 32)
    write_geotiff(tmp_path / "mine-00_before.tif", noise(grid, 77), grid)
    build_dataset(table, out, patches=SMALL)
    rows = [row for split in loaded(out, tmp_path / "cache").values() for row in split if row["site"] == "mine-00"]
    assert np.array_equal(np.asarray(rows[0]["imageA"]), noise(grid, 77))


def test_a_data_set_that_is_there_is_not_built_again(scenes: Path, built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
    again = build_dataset(scenes / "sites.csv", built, patches=SMALL, shard_bytes=150_000)
    assert again.was_there and again.manifest["splits"]["val"]["patches"] == 9
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == before


def test_sites_are_stratified_by_country_and_by_area(scenes: Path, tmp_path: Path) -> None:
    for by in ("country", "area"):
        rows = [
            f"{row},{number**2 + 1}" if number >= 0 else f"{row},area_km2"
            for number, row in enumerate((scenes / "sites.csv").read_text().splitlines(), start=-1)
        ]
        (scenes / "areas.csv").write_text("\n".join(rows) + "\n")
        split = SplitPlan(shares=(50, 0, 50), stratify=by)
        manifest = build_dataset(scenes / "areas.csv", tmp_path / by, patches=SMALL, split=split).manifest
        strata: dict[str, list[str]] = {}
        for number, site in enumerate(manifest["sites"]):
            strata.setdefault(site["country"] if by == "country" else str(number * 4 // 10), []).append(site["split"])
        assert all(abs(splits.count("train") - splits.count("test")) <= 1 for splits in strata.values())
    with pytest.raises(DataError, match=r"needs the column area_km2 or polygons, .* has neither for 'mine-00'"):
        build_dataset(scenes / "sites.csv", tmp_path / "none", split=SplitPlan(stratify="area"))


def refusal(kind: type[MineNetCDError], table: Path, out: Path, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        build_dataset(table, out, **{"patches": SMALL} | options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folders_that_cannot_be_built_in_are_refused(scenes: Path, built: Path, tmp_path: Path) -> None:
    table = scenes / "sites.csv"
    (tmp_path / "file").write_text("")
    assert "file is a file: choose another" in refusal(OutputError, table, tmp_path / "file")
    assert "cannot be written (Not a directory)" in refusal(OutputError, table, tmp_path / "file" / "out")
    assert "cannot be written" in refusal(OutputError, table, Path("/proc/patches"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("")
    message = refusal(OutputError, table, tmp_path / "full")
    assert message.endswith("holds thesis.tex: choose another.") and os.listdir(tmp_path / "full") == ["thesis.tex"]
    assert "holds a data set of other sites or options" in refusal(OutputError, table, built)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("[]")
    assert "holds a data set of other sites or options" in refusal(OutputError, table, tmp_path / "other")


def test_two_builds_at_once_in_one_folder_are_refused(scenes: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / ".parts").mkdir(parents=True)
    with locked(tmp_path / "out" / ".parts" / "lock"):
        message = refusal(OutputError, scenes / "sites.csv", tmp_path / "out")
    assert message == f"{tmp_path}/out is being built by another process: wait for it, or choose another."
    assert not build_dataset(scenes / "sites.csv", tmp_path / "out", patches=SMALL).was_there


def test_a_data_set_older_than_its_images_is_not_taken_for_them(tmp_path: Path) -> None:
    table = write_table(tmp_path / "sites.csv", make_sites(tmp_path, 3, side=32))
    build_dataset(table, tmp_path / "out", patches=SMALL)
    image = tmp_path / "mine-01_after.tif"
    later = (time.time() + 60, time.time() + 60)
    os.utime(image, later)  # as it was, and only touched
    assert build_dataset(table, tmp_path / "out", patches=SMALL).was_there
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    assert f"was built of other files: {image} (its content has changed)" in refusal(
        OutputError, table, tmp_path / "out"
    )
    os.utime(image, later)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    for site in manifest["sites"]:
        del site["inputs"]  # of version 0.2
    (tmp_path / "out/manifest.json").write_text(json.dumps(manifest))
    assert f"{image} (it was changed since)" in refusal(OutputError, table, tmp_path / "out")


def test_too_few_sites_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    table = write_table(tmp_path / "sites.csv", make_sites(tmp_path, 2, side=32))
    assert "3 sites are needed" in refusal(DataError, table, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    one = build_dataset(table, tmp_path / "out", patches=SMALL, split=SplitPlan((100, 0, 0)))
    assert [path.name for path in (one.folder / "data").iterdir()] == ["train-00000-of-00001.parquet"]


def test_sites_without_a_patch_are_told_and_no_patch_at_all_is_an_error(tmp_path: Path) -> None:
    table = write_table(tmp_path / "sites.csv", make_sites(tmp_path, 3, side=32))
    bare = noise(utm_grid(32, 32), 0)
    bare[:, 8:] = 0
    write_geotiff(tmp_path / "mine-00_before.tif", bare, utm_grid(32, 32), nodata=0)
    built = build_dataset(table, tmp_path / "out", patches=SMALL)
    assert built.warnings[0] == "Site 'mine-00' gave no patch: too little data in all 1."
    assert f"Split {built.manifest['sites'][0]['split']!r} has no patch." in built.warnings
    assert len(loaded(tmp_path / "out", tmp_path / "cache")) == 2
    message = refusal(DataError, table, tmp_path / "none", patches=PatchOptions(size=400))
    assert message.startswith("No patch has enough data: all 3 of 3 sites were dropped. Lower")
    assert not (tmp_path / "none" / "data").exists()


def test_one_bad_site_stops_the_build_by_name_and_costs_nothing_that_was_done(scenes: Path, tmp_path: Path) -> None:
    rows = (scenes / "sites.csv").read_text().replace("mine-05_change.geojson", "mine-05_before.tif")
    (scenes / "bad.csv").write_text(rows)
    for workers in (1, 2):
        message = refusal(DataError, scenes / "bad.csv", tmp_path / "out", workers=workers)
        assert message.startswith("Site 'mine-05': A label needs 0 and one positive value")
        assert len(list((tmp_path / "out" / ".parts").glob("*.json"))) >= 5
        assert not list((tmp_path / "out" / ".parts").glob(".minenetcd-*"))


PEAK = """
import sys
from pathlib import Path
from minenetcd.building.build import build_dataset
from minenetcd.building.splits import SplitPlan
build_dataset(sys.argv[1], sys.argv[2], split=SplitPlan((100, 0, 0)))
status = Path("/proc/self/status").read_text().split()  # not getrusage, which remembers the process before exec
print(int(status[status.index("VmHWM:") + 1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_memory_stays_flat_on_a_large_scene(tmp_path: Path) -> None:
    peaks = [peak_mebibytes(tmp_path / str(side), side) for side in (3000, 6000)]
    assert peaks[1] - peaks[0] < 100, peaks  # for 154 MiB more of both dates, of which GDAL's cache holds a part


def peak_mebibytes(folder: Path, side: int) -> int:
    """Of a build from one scene of `side` x `side` pixels on two grids."""
    folder.mkdir()
    tile = landscape(utm_grid(250, 250))
    for name, left in (("before", 400_000.0), ("after", 400_000.4)):
        grid = utm_grid(side, side, metres=1.2, left=left)
        write_geotiff(folder / f"{name}.tif", np.roll(np.tile(tile, (side // 250, side // 250, 1)), len(name)), grid)
    write_polygons(folder / "label.gpkg", [shapely.box(400_100, 5_599_000, 400_900, 5_599_900)], grid.crs)
    row = {"id": "large", "before": "before.tif", "after": "after.tif", "label": "label.gpkg"}
    table = write_table(folder / "sites.csv", [row])
    done = subprocess.run([sys.executable, "-c", PEAK, table, folder / "out"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
