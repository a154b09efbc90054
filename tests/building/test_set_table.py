"""What a table says of sets of images is checked, cell by cell, before anything is pasted."""

from pathlib import Path

import pytest
from PIL import Image

from minenetcd.building.pasted_sets.images import find_sets
from minenetcd.building.pasted_sets.source import PastedSet
from minenetcd.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set "Chips" of two images."""
    images = tmp_path / "images"
    (images / "Chips").mkdir(parents=True)
    for number in range(2):
        Image.new("RGB", (60, 50)).save(images / f"Chips/{number}.png")
    return images


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs set, and of tile, mines, one_place those that say something, as columns"),
        ("tile,mines\n12,yes\n", "needs set, and of tile"),
        ("set,tile,minez\nchips,,yes\n", "got 'set,tile,minez': correct its first line."),
        ("set;tile\nchips;12\n", "with commas between, got 'set;tile'"),
        ("set,tile,tile\nchips,12,12\n", "each once"),
        ("set,tile\nchips,12\nCHIPS,40\n", "needs one row for each set, Chips has two: leave one out."),
        ("set,tile\nchips,12,yes\n", "needs 2 cells in a row, got 'chips,12,yes': correct it."),
        ("set,tile\nchip,12\n", "needs the name of a set in its column set, got 'chip': correct it."),
        ("set,tile\nchips,0\n", "needs pixels as tile, yes or no as mines and one_place, or nothing, got '0'"),
        ("set,mines\nchips,1\n", "got '', '1' and '' for Chips: correct it."),
        ("set,tile\nchips,51\n", "images that hold a tile of 51 x 51 pixels in its set Chips, Chips/0.png has 60 x 50"),
    ],
)
def test_what_a_table_cannot_say_is_refused_in_one_line(text: str, message: str, folder: Path) -> None:
    (folder / "sets.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        find_sets(folder)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_table_that_is_none_is_refused_in_one_line(folder: Path) -> None:
    def refused(message: str, options: str = "") -> None:
        with pytest.raises(InputError) as caught:
            PastedSet.parse(f"pasted:{folder}{options}").check()
        assert message in str(caught.value) and "\n" not in str(caught.value)

    refused("There is no table nowhere.csv: check the path.", "?table=nowhere.csv")
    refused("table needs the path of a CSV file, got ''", "?table=")
    refused("A table is a CSV file, " + f"{folder} is a folder: name a file", f"?table={folder}")
    (folder / "sets.csv").mkdir()
    refused("sets.csv is a folder: name a file, or give the folder another name.")
    (folder / "sets.csv").rmdir()
    (folder / "sets.csv").write_bytes(b"set\xff")
    with pytest.raises(InputError, match="cannot be read as a table"):
        find_sets(folder)


def test_a_table_may_have_a_byte_order_mark_and_leave_out_what_it_does_not_say(folder: Path) -> None:
    (folder / "sets.csv").write_text("Set, one_place ,tile\n\nchips,yes\n", encoding="utf-8-sig")
    (found,) = find_sets(folder)
    assert (found.name, found.tile, found.mines, len(found.places)) == ("Chips", None, False, 1)
