"""minenetcd data sites and minenetcd data build, as a user meets them."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner, Result

import datasets
from fixtures.scene_files import make_sites, write_table
from minenetcd.building.synthetic_sets.source import SyntheticSet
from minenetcd.cli.data import app
from minenetcd.errors import DataError, OptionError

PAGE = Path(__file__).parents[2] / "docs/data/building.md"


def minenetcd_data(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def polygons(tmp_path: Path) -> Path:
    """Three mines in two countries, in the layout of Maus et al."""
    shapes = [shapely.box(x, -25, x + 0.05, -24.97) for x in (27.0, 28.0, 29.0)]
    codes = {"ISO3_CODE": ["ZAF", "ZAF", "BWA"], "COUNTRY_NAME": ["South Africa", "South Africa", "Botswana"]}
    frame = gpd.GeoDataFrame(codes | {"AREA": 16.8}, geometry=shapes, crs="EPSG:4326").rename_geometry("geom")
    frame.to_file(tmp_path / "mines.gpkg", layer="mining_polygons")
    return tmp_path / "mines.gpkg"


def test_sites_are_found_and_drawn(polygons: Path, tmp_path: Path) -> None:
    done = minenetcd_data("sites", polygons, "--out", tmp_path / "sites.gpkg")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "3 sites in 2 countries, 50 km2 of mines"
    assert gpd.read_file(tmp_path / "sites.gpkg")["id"].tolist() == ["BWA-0001", "ZAF-0001", "ZAF-0002"]
    assert (tmp_path / "sites.png").stat().st_size > 20_000
    assert minenetcd_data("sites", polygons, "--out", tmp_path / "plain.csv", "--no-map").exit_code == 0
    assert not (tmp_path / "plain.png").exists()


def test_scenes_become_a_data_set(tmp_path: Path) -> None:
    table = write_table(tmp_path / "sites.csv", make_sites(tmp_path, 5, side=64))
    options = ("--size", 32, "--overlap", 8, "--split", "50/25/25", "--stratify", "country", "--range", "0,255")
    done = minenetcd_data("build", table, "--out", tmp_path / "out", *options, "--bands", "3,2,1")
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["train", "3", "sites", "24", "patches"] and lines[-1] == [str(tmp_path / "out")]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["options"] == {
        "size": 32, "overlap": 8, "min_valid": 0.5, "bands": [3, 2, 1], "bands_after": None, "gsd": None,
        "value_range": [0, 255], "shares": [50, 25, 25], "seed": 8888, "stratify": "country",
    }  # fmt: skip
    again = minenetcd_data("build", table, "--out", tmp_path / "out", *options, "--bands", "3,2,1")
    assert again.stdout.startswith(f"{tmp_path}/out holds this data set already:")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--split", "60-10-30"), "--split needs numbers with slashes between, got '60-10-30': e.g. 60/10/30."),
        (("--split", "60/40"), "Shares need three numbers from 0 up"),
        (("--bands", "4,,2"), "--bands needs band numbers or names with commas between, got '4,,2': e.g. 4,3,2."),
        (("--range", "5"), "--range needs 2 numbers with commas between, got '5': e.g. 0,3000."),
        (("--stratify", "climate"), "stratified by 'country' or 'area', got 'climate'"),
        (("--gsd", "fine"), "--gsd needs metres per pixel, got 'fine': e.g. 1.2."),
        (("--gsd", "-2"), "Metres per pixel (--gsd) must be a positive number, got -2"),
    ],
)
def test_options_that_cannot_be_read_are_refused(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    table = write_table(tmp_path / "sites.csv", make_sites(tmp_path, 3, side=32))
    done = minenetcd_data("build", table, "--out", tmp_path / "out", *options)
    assert isinstance(done.exception, OptionError | DataError) and message in str(done.exception)
    assert "\n" not in str(done.exception) and not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("command", ["build", "sites"])
def test_help_has_an_example(command: str) -> None:
    assert f"Example: minenetcd data {command}" in " ".join(minenetcd_data(command, "--help").stdout.split())


def test_help_loads_nothing_heavy() -> None:
    heavy = "('torch', 'rasterio', 'numpy', 'pandas')"
    code = f"import sys, minenetcd.cli.data; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.slow
def test_the_commands_of_the_page_run_in_order(polygons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polygons.rename(tmp_path / "global_mining_polygons_v2.gpkg")
    scenes = tmp_path / "scenes"
    write_table(tmp_path / "my_sites.csv", [
        row | {key: f"scenes/{row[key]}" for key in ("before", "after", "label")}
        for row in make_sites(scenes, 6, side=300)
    ])  # fmt: skip
    monkeypatch.chdir(tmp_path)
    commands = [
        line.removeprefix("minenetcd data ")
        for block in PAGE.read_text().split("```sh\n")[1:]
        for line in block.split("```")[0].splitlines()
    ]
    assert len(commands) >= 4
    for command in commands:
        done = minenetcd_data(*shlex.split(command))
        assert done.exit_code == 0, (command, done.output, done.exception)


@pytest.mark.slow
def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SyntheticSet.parse("synthetic:page?sites=3&size=32").build("train", tmp_path, workers=1)
    monkeypatch.chdir(tmp_path)
    folder.rename(tmp_path / "patches")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("MINENETCD_CACHE", str(tmp_path))
    blocks = [block.split("```")[0] for block in PAGE.read_text().split("```python\n")[1:]]
    for block in blocks:
        exec(compile(block.replace("sites=20&size=1024", "sites=3&size=32"), "building.md", "exec"), {})
    assert blocks
