"""What can be learned from: results, folders of them, labels and labelling desks."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from rasterio.windows import Window

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from labelling.learning.judged_results import FEW_STEPS, drawn, make_result, say, small_network
from minenetcd.constants import UNKNOWN
from minenetcd.errors import InputError
from minenetcd.files import sha256, write_json
from minenetcd.labelling.learning.reading.hand_labels import read_labels
from minenetcd.labelling.learning.reading.sources import read_sources


def label_folder(folder: Path, number: int, *, metres: float = 10) -> Path:
    """Both dates and a mask that knows the upper half."""
    before, after, truth = drawn(number, 160, 8)
    mask = np.where(np.arange(160)[:, None] < 80, truth.astype(np.uint8), np.uint8(UNKNOWN))
    grid = utm_grid(160, 160, left=400_000 + 4_000 * number, metres=metres)
    folder.mkdir()
    for name, pixels in (("before", before), ("after", after), ("mask", mask)):
        write_geotiff(folder / f"{name}.tif", pixels, grid)
    return folder


@pytest.mark.slow  # a network is trained
def test_labels_train_beside_verdicts(results: list[Path], tmp_path: Path) -> None:
    labels = label_folder(tmp_path / "labels", 12)
    (found,) = read_labels(labels)
    counts = found.scene().counts
    assert counts["changed"] >= 1 and counts["unchanged"] == 1
    with found.scene().open(small_network()) as opened:
        whole = Window(0, 0, 160, 160)
        assert (opened.truth.read(whole, whole).mask[80:] == UNKNOWN).all()
    learned = minenetcd.learn(
        [*results, labels], tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu"
    )
    assert learned.learned_from["sites"] == 5 and learned.learned_from["said"]["unchanged"] == 1


def test_a_desk_is_of_the_images_that_it_names(tmp_path: Path) -> None:
    result, desk = say(make_result(tmp_path, 8), 8), tmp_path / "desk"
    mask = np.full((100, 90), UNKNOWN, np.uint8)
    mask[40:50, 30:42], mask[60:70, :10] = 1, 0
    part = utm_grid(160, 160, left=440_000).window(20, 30, 100, 90)
    desk.mkdir()
    facts = {role: {"source": str(tmp_path / f"8_{role}.tif"), "date": None} for role in ("before", "after")}
    write_json(desk / "desk.json", {"format": 1, **facts, "origin": [20, 30]})
    for role, date in zip(("before", "after"), drawn(8, 160, 6), strict=False):
        write_geotiff(desk / f"{role}.tif", date[20:120, 30:120], part)
    with pytest.raises(InputError, match=r"^Saved labels are needed, the desk [^\n]* holds no mask\.tif: save them"):
        read_labels(desk)
    write_geotiff(desk / "mask.tif", mask, part, nodata=UNKNOWN)
    (scene,) = read_sources([desk, result], FEW_STEPS, print)
    with scene.open(small_network()) as opened:
        known = opened.truth.read(Window(30, 20, 90, 100), Window(0, 0, 160, 160))
        assert np.array_equal(known.mask[mask != UNKNOWN], mask[mask != UNKNOWN])
    assert len(read_sources([desk, say(make_result(tmp_path, 9), 9)], FEW_STEPS, print)) == 2  # of other images


def test_a_desk_knows_its_images_wherever_the_command_is_given(tmp_path: Path) -> None:
    """It keeps their checksums; one that was made without them is told of, where its images are not found."""
    result, desk = say(make_result(tmp_path, 8), 8), tmp_path / "desk"
    grid = utm_grid(160, 160, left=440_000)
    mask = np.full((160, 160), UNKNOWN, np.uint8)
    mask[40:50, 30:42] = 1
    desk.mkdir()
    for role, date in zip(("before", "after"), drawn(8, 160, 6), strict=False):
        write_geotiff(desk / f"{role}.tif", date, grid)
    write_geotiff(desk / "mask.tif", mask, grid, nodata=UNKNOWN)
    facts = {
        role: {"source": f"8_{role}.tif", "files": [{"name": "gone.tif", "sha256": sha256(tmp_path / f"8_{role}.tif")}]}
        for role in ("before", "after")
    }
    notes: list[str] = []
    write_json(desk / "desk.json", {"format": 1, **facts, "origin": [0, 0]})
    assert len(read_sources([desk, result], FEW_STEPS, notes.append)) == 1 and not notes
    earlier = {role: {"source": fact["source"]} for role, fact in facts.items()}
    write_json(desk / "desk.json", {"format": 1, **earlier, "origin": [0, 0]})
    assert len(read_sources([desk, result], FEW_STEPS, notes.append)) == 2
    assert len(notes) == 1 and notes[0].startswith(f"{desk} does not say of which images it is: ")


def test_a_folder_of_results_stands_for_those_in_it(results: list[Path], tmp_path: Path) -> None:
    """As a table of pairs or a series of dates is written; of those that nobody judged one line tells."""
    notes: list[str] = []
    for number, result in enumerate(results):
        shutil.copytree(result, tmp_path / "mines" / f"mine_{number % 2}" / result.name)
    make_result(tmp_path / "mines", 11)
    scenes = read_sources([tmp_path / "mines"], FEW_STEPS, notes.append)
    assert [Path(scene.name).parent.name for scene in scenes] == ["mine_0", "mine_0", "mine_1", "mine_1"]
    assert notes == [f"Left out, as none of their polygons was judged: {tmp_path / 'mines/result_11'} (1 result)."]
