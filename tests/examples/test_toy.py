"""The example package is installed, and everything it brings is used from the command line, as its pages say."""

import csv
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

import minenetcd
from fixtures.hub_data import drawn_pair
from minenetcd.models.contract import CHECKS
from project.pages import ROOT, SHELLS, WALKS, blocks, files_shown

pytestmark = [
    pytest.mark.slow,  # one process that does all that the pages say: half a minute
    pytest.mark.needs("hatchling"),
    pytest.mark.needs("pip"),
]

TOY = ROOT / "examples" / "minenetcd-toy"

#: Kind -> the file of the package that brings one, and the first command of the pages that uses it.
KINDS = [
    ("minenetcd.models", "network", "minenetcd models toy"),
    ("minenetcd.datasets", "data_set", "minenetcd train toy data=squares recipe.steps=2 --out run"),
    ("minenetcd.classical", "detector", "minenetcd test run --data squares"),  # beside the network
    ("minenetcd.losses", "loss", "minenetcd benchmark suite.yaml --out benchmark"),
    ("minenetcd.augmentations", "augmentation", "minenetcd train toy data=squares recipe.augmentation=haze"),
    ("minenetcd.optimisers", "optimiser", "minenetcd train toy data=squares recipe.optimiser=nadam"),
    ("minenetcd.schedules", "schedule", "minenetcd train toy data=squares recipe.schedule=restarts"),
    ("minenetcd.backbones", "backbone", "minenetcd train minenetcd-toy-pyramid data=squares"),
    ("minenetcd.commands", "command", "minenetcd share squares"),
    ("minenetcd.layouts", "layout", "minenetcd train toy data=pairs-side-by-side"),
    ("minenetcd.writers", "vector_writer", "minenetcd predict before.png after.png --also tsv"),
    ("minenetcd.writers", "raster_writer", "minenetcd predict before.png after.png --also npz"),
]

#: Runs what it is given, as the shell and Python would, but in one process, and writes down how each of it ended.
RUNNER = """
import contextlib, io, json, sys
import pytest
from minenetcd.cli.main import run

names = {}
for step in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            if isinstance(step, str):
                code = exec(step, names) or 0
            elif step[0] == "pytest":
                code = int(pytest.main(["-q", "-p", "no:cacheprovider", *step[1:]]))
            else:
                sys.argv = step
                code = run()
        except SystemExit as end:
            code = end.code
    loaded = [name for name in sys.modules if name.startswith("minenetcd_toy.")]
    print(json.dumps([step, code, out.getvalue(), loaded]), flush=True)
"""


def steps() -> Iterator[str | list[str]]:
    """The commands of the pages, and the Python that needs no files."""
    for page in WALKS:
        for block in blocks(page, *SHELLS):
            yield from (shlex.split(line) for line in block.splitlines())
    yield from blocks(WALKS[1], "python", section="Pairs in Python")
    yield blocks(WALKS[2], "python")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are given: what lies in the package's folder but its code, two images, and some pairs."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "tests").mkdir()
    for name in ("suite.yaml", "tests/test_toy.py"):
        (folder / name).write_text((TOY / name).read_text(encoding="utf-8"), encoding="utf-8")
    for number, split in enumerate(["train"] * 16 + ["val"] * 2):
        (folder / "pairs-side-by-side" / split).mkdir(parents=True, exist_ok=True)
        for role, pixels in zip(("before", "after", "mask"), drawn_pair(number), strict=True):
            Image.fromarray(pixels).save(folder / "pairs-side-by-side" / split / f"{number}_{role}.png")
            if role != "mask":
                Image.fromarray(pixels).save(folder / f"{role}.png")
    return folder


class Ended(NamedTuple):
    """A step of the pages: its words, how it ended, what it printed, and the package's files in use by then."""

    words: list[str]
    code: int
    printed: str
    loaded: list[str]


@pytest.fixture(scope="module")
def ended(folder: Path) -> list[Ended]:
    asked = list(steps())
    assert asked[:2] == [["cd", "examples/minenetcd-toy"], ["pip", "install", "."]]
    alone = ["--target", str(folder / "installed"), "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run([sys.executable, "-m", *asked[1][:-1], str(TOY), *alone], check=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "installed"), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps(asked[2:]),
        cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, timeout=500,
    )  # fmt: skip
    found = [Ended(*json.loads(line)) for line in done.stdout.splitlines()]
    assert [step.words for step in found] == asked[2:]
    return found


def printed(ended: list[Ended], *words: str) -> str:
    """What the one step with these words printed."""
    (text,) = [step.printed for step in ended if set(words) <= set(step.words)]
    return text


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def test_the_pages_show_every_file_as_it_is() -> None:
    shown = [file for page in WALKS for file in files_shown(page)]
    written = {
        path.relative_to(TOY).as_posix(): path.read_text(encoding="utf-8")
        for path in TOY.rglob("*")
        if path.suffix in (".py", ".toml", ".yaml") and path.name != "__init__.py"
    }
    assert len(shown) == len(written) and dict(shown) == written


def test_every_line_of_the_pages_ends_well(ended: list[Ended]) -> None:
    assert [step for step in ended if step.code] == []


def test_every_kind_is_brought() -> None:
    package = Path(minenetcd.__file__).parent
    pattern = r'Table\(\s*"[^"]+",\s*"(minenetcd\.\w+)"'
    tables = {name for file in package.rglob("*.py") for name in re.findall(pattern, file.read_text(encoding="utf-8"))}
    brought = tomllib.loads((TOY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert tables == set(brought) == {kind for kind, *_ in KINDS}


@pytest.mark.parametrize(("file", "words"), [row[1:] for row in KINDS], ids=[row[1] for row in KINDS])
def test_the_command_line_uses_it_by_name(file: str, words: str, ended: list[Ended]) -> None:
    """Its file is imported by the command that names it, and not by those before."""
    first = next(step for step in ended if f"minenetcd_toy.{file}" in step.loaded)
    assert set(shlex.split(words)) <= set(first.words)


def test_a_network_is_tested_applied_and_explained(ended: list[Ended], folder: Path) -> None:
    assert "toy on squares, test: 16 pairs" in printed(ended, "minenetcd", "test")
    assert (folder / "change" / "change.png").is_file()
    explained = json.loads((folder / "explained" / "explanation.json").read_text(encoding="utf-8"))
    assert [detector["name"] for detector in explained["detectors"]] == ["toy"]
    assert f"{len(CHECKS)} passed" in printed(ended, "pytest")


def test_a_detector_without_training_is_used_alone_and_beside_a_network(ended: list[Ended], folder: Path) -> None:
    rows = json.loads((folder / "tested" / "metrics.json").read_text(encoding="utf-8"))["beside"]["rows"]
    assert rows["spectral-angle"]["counts"]["tp"] > 0
    assert "threshold rule otsu-guarded, smooth 0" in printed(ended, "predict", "spectral-angle")
    assert (folder / "without-training" / "change.png").is_file()


def test_a_benchmark_knows_it_in_its_processes(ended: list[Ended], folder: Path) -> None:
    cells = rows(folder / "benchmark" / "results.csv")
    assert {cell["state"] for cell in cells} == {"finished"}
    cells = [cell for cell in cells if cell["label"] == "toy"]  # the others stand beside it
    assert len(cells) == 2
    assert len({cell["f1"] for cell in cells}) == 2  # the losses differ


def test_what_a_recipe_names_is_what_trains(ended: list[Ended], folder: Path) -> None:
    own, usual = (rows(folder / run / "log.csv") for run in ("own-recipe", "run"))
    assert float(usual[0]["loss"]) > 1 > float(own[0]["loss"])
    assert [float(row["learning_rate"]) for row in own] == [3e-4, 3e-4]  # the last step begins a cycle
    assert float(usual[1]["learning_rate"]) == 1e-5


def test_pairs_of_the_package_are_counted(ended: list[Ended]) -> None:
    assert "pixels of 16 pairs have changed" in printed(ended, "share", "squares")
    assert "pixels of 2 pairs have changed" in printed(ended, "share", "pairs-side-by-side?layout=side-by-side")


def test_formats_of_the_package_hold_the_result(ended: list[Ended], folder: Path) -> None:
    with np.load(folder / "in-own-formats" / "change.npz") as arrays:
        assert arrays["change"].shape == arrays["probability"].shape == (40, 40)
        changed = np.count_nonzero(arrays["change"] == 1)
    assert sum(float(row["area_px"]) for row in rows(folder / "in-own-formats" / "change.tsv")) == changed > 0
    for out in ("in-parquet", "in-python"):
        assert (folder / out / "change.parquet").is_file()
