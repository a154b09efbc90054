"""What all data sets that the package draws have in common, and what they are called."""

import subprocess
import sys
from pathlib import Path

import pytest

from minenetcd.benchmark.suite.labels import data_label
from minenetcd.benchmark.suite.plan import data_size
from minenetcd.constants import SPLITS
from minenetcd.datasets.catalog import list_splits
from minenetcd.datasets.drawn import DRAWN, drawn_kind, name_parts, open_drawn
from minenetcd.errors import InputError, UnknownNameError

SOURCES = {"synthetic:": "synthetic:mines?sites=40&size=512", "pasted:": "pasted:a/images?pairs=9&size=64"}


@pytest.mark.parametrize("scheme", DRAWN)
def test_every_kind_says_what_it_is_before_anything_is_drawn(scheme: str) -> None:
    source = SOURCES[scheme]
    kind = drawn_kind(source)
    assert kind is not None and set(kind.splits) <= set(SPLITS) and list_splits(source) == kind.splits
    assert kind.limits.startswith("Trained on") and kind.caution.endswith(".")
    wanted = kind.parse(source)
    assert wanted.patches > 0 and wanted.side > 0
    known = wanted.split_patches
    assert known is None or (tuple(known) == kind.splits and sum(known.values()) == wanted.patches)
    size = data_size(source, kind.splits)
    assert size is not None and size.side == wanted.side and size.is_estimate == (known is None)


@pytest.mark.parametrize("scheme", DRAWN)
def test_what_is_no_split_is_refused_by_every_kind(scheme: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no split 'vall': did you mean 'val'\?"):
        open_drawn(SOURCES[scheme], "vall", cache_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_other_names_are_not_drawn() -> None:
    assert drawn_kind("CLCD") is drawn_kind("a/synthetic:b") is drawn_kind("synthetic") is None
    with pytest.raises(UnknownNameError, match="There is no drawn data set 'synthetik:mines'"):
        open_drawn("synthetik:mines", "train")


@pytest.mark.parametrize(
    ("source", "parts", "label"),
    [
        ("synthetic:mines?sites=40", ("synthetic", "mines"), "Synthetic: mines"),
        ("pasted:images?pairs=9", ("pasted", "images"), "Pasted: images"),
        ("pasted:/data/images/?pairs=9", ("pasted", "images"), "Pasted: images"),
        ("data/mine/?bands=4,3,2", (None, "mine"), "mine"),
        ("owner/name", (None, "name"), "name"),
    ],
)
def test_a_short_name_says_how_a_set_is_drawn(source: str, parts: tuple[str | None, str], label: str) -> None:
    assert name_parts(source) == parts and data_label(source) == label


def test_telling_names_apart_loads_no_kind_and_no_torch() -> None:
    code = (
        "import sys; from minenetcd.datasets.source import read_source\n"
        f"assert read_source({SOURCES['pasted:']!r}).is_drawn\n"
        "print([m for m in sys.modules if m == 'torch' or m.endswith('_sets')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
