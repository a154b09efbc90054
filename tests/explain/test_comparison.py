"""Two detectors compared on a data set and on two images, against each of them alone."""

import dataclasses
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from matplotlib.colors import to_rgb
from PIL import Image

from explain.constructed import known_detector
from explain.looking import write
from minenetcd.building.scene_label import open_label
from minenetcd.classical.catalog import create_classical
from minenetcd.constants import UNKNOWN
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.display.palettes import ALIKE
from minenetcd.display.palettes import BOTH as BOTH_COLOUR
from minenetcd.display.palettes import ONLY_A as A_COLOUR
from minenetcd.errors import DataError, OptionError, OutputError
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.evaluate import evaluate
from minenetcd.explain.comparison.comparison import Comparison
from minenetcd.explain.comparison.joint_counts import confusion
from minenetcd.explain.comparison.on_data import compare_on_data
from minenetcd.explain.comparison.on_scene import BOTH, NEITHER, ONLY_A, ONLY_B, compare_on_scene, scene_files
from minenetcd.explain.comparison.outputs import staged_comparison, write_comparison
from minenetcd.explain.comparison.sheet import difference_picture
from minenetcd.prediction.opening import open_scene
from minenetcd.prediction.options import PredictOptions

DEFAULTS = PredictOptions()


def two() -> dict[str, ChangeDetector]:
    eager, strict = known_detector(), known_detector()
    eager.threshold, strict.threshold = 0.4, 0.52
    return {"eager": eager, "strict": strict}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six pairs of three sites; the further down, the more has changed, and the paler."""
    rng, root = np.random.default_rng(0), tmp_path / "data"
    rows = []
    for number in range(6):
        before = rng.integers(0, 20, (48, 48), dtype=np.uint8)
        after, mask = before.copy(), np.zeros((48, 48), np.uint8)
        mask[8 : 8 + 4 * number, 10:30] = 255
        after[mask > 0] += np.uint8(250 - 40 * number)
        after += rng.integers(0, 6, (48, 48), dtype=np.uint8) * np.uint8(number > 3)
        for role, image in (("before", before), ("after", after), ("mask", mask)):
            (root / role).mkdir(parents=True, exist_ok=True)
            shown = image if role == "mask" else np.repeat(image[..., None], 3, axis=-1)
            Image.fromarray(shown).save(root / role / f"{number}.png")
        rows.append({role: f"{role}/{number}.png" for role in ("before", "after", "mask")})
        rows[-1] |= {"split": "test", "site": f"site {number // 2}"}
    pd.DataFrame(rows).to_csv(root / "pairs.csv", index=False)
    return root / "pairs.csv"


def test_on_a_data_set_each_side_is_what_it_is_alone(data: Path) -> None:
    found = compare_on_data(two(), str(data), batch_size=4, workers=0, device="cpu")
    dataset = load_dataset(data, "test")
    for side, detector in zip(("a", "b"), two().values(), strict=True):
        alone = evaluate(detector.for_inference("cpu"), dataset, workers=0)
        assert confusion(found.joint.total, side) == alone.confusion
        by_group = {group: confusion(counts, side) for group, counts in found.joint.by_group.items()}
        assert by_group == (alone.by_site or alone.by_pair)


def test_those_without_training_are_compared_with_each_other_and_with_networks(data: Path) -> None:
    dataset, cva = load_dataset(data, "test"), create_classical("cva")
    for pair in ({"cva": cva, "irmad": create_classical("irmad")}, {"eager": two()["eager"], "cva": cva}):
        found = compare_on_data(pair, str(data), batch_size=4, workers=0, device="cpu")
        for side, detector in zip(("a", "b"), pair.values(), strict=True):
            assert confusion(found.joint.total, side) == evaluate(detector, dataset, workers=0).confusion
        assert [int((example.a != example.b).sum()) for example in found.examples] == [
            found.joint.differing[found.joint.names.index(example.name)] for example in found.examples
        ]


def test_the_examples_are_those_that_differ_most(data: Path) -> None:
    found = compare_on_data(two(), str(data), workers=0, device="cpu", examples=2)
    assert [example.name for example in found.examples] == [
        found.joint.names[index] for index in np.argsort(-found.joint.differing, kind="stable")[:2]
    ]
    for example in found.examples:
        differing = ((example.a != example.b) & example.valid).sum()
        assert differing == found.joint.differing[list(found.joint.names).index(example.name)] > 0


def test_results_on_a_data_set_stand_on_disk(data: Path, tmp_path: Path) -> None:
    found = compare_on_data(two(), str(data), workers=0, device="cpu")
    record = written(found, tmp_path / "out")
    assert record == json.loads((tmp_path / "out" / "comparison.json").read_text())
    names = {"comparison.json", "per_part.csv", "per_group.csv", "differences.png", "groups.png"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    per_part = pd.read_csv(tmp_path / "out" / "per_part.csv")
    assert per_part["only_a_right"].sum() == record["mcnemar"]["only_a_right"]
    assert per_part["only_b_right"].sum() == record["mcnemar"]["only_b_right"]
    assert record["metrics"]["f1"]["a"] == confusion(found.joint.total, "a").f1
    assert "far too small" in record["note"]


def test_equal_detectors_leave_no_sheet(data: Path, tmp_path: Path) -> None:
    for name in ("comparison.json", "differences.png"):
        (tmp_path / name).write_text("of an earlier comparison")
    same = {"one": known_detector(), "other": known_detector()}
    record = written(compare_on_data(same, str(data), workers=0, device="cpu"), tmp_path)
    assert record["differing_pixels"] == 0 and not (tmp_path / "differences.png").exists()


def written(found: Comparison, out: Path) -> dict[str, Any]:
    with staged_comparison(out) as folder:
        return write_comparison(found, folder)


def on_images(
    before: Path, after: Path, out: Path, *, options: PredictOptions = DEFAULTS, truth: Path | None = None
) -> Comparison:
    """As the command does it."""
    with ExitStack() as opened:
        images = opened.enter_context(open_scene(before, after, options))
        grid = images.native.grid
        label = None if truth is None else opened.enter_context(open_label(str(truth), grid))
        folder = opened.enter_context(staged_comparison(out, scene_files(two(), grid, options)))
        found = compare_on_scene(two(), images, folder, options=options, label=label, device="cpu")
        write_comparison(found, folder)
    return found


@pytest.fixture
def scene(tmp_path: Path) -> tuple[Path, Path, Path]:
    rng = np.random.default_rng(0)
    before = rng.integers(1, 20, (300, 280), dtype=np.uint8)
    after, truth = before.copy(), np.zeros((300, 280), np.uint8)
    truth[40:120, 30:200] = truth[270:290, 100:140] = 1
    after[40:120, 30:200] += 230
    after[200:260, 60:160] += 60  # what eager takes for change, and strict does not
    before[:, 270:] = 0
    images = {"before": before, "after": after, "truth": truth}
    return tuple(write(tmp_path / f"{n}.tif", i, **({"nodata": 0} if n == "before" else {})) for n, i in images.items())


@pytest.mark.slow
def test_on_two_images_the_difference_is_that_of_the_maps(scene: tuple[Path, Path, Path], tmp_path: Path) -> None:
    before, after, truth = scene
    out = tmp_path / "out"
    options = PredictOptions(tile=64)
    found = on_images(before, after, out, options=options, truth=truth)
    masks = [rasterio.open(out / name / "change.tif").read(1) for name in ("eager", "strict")]
    with rasterio.open(out / "difference.tif") as raster:
        difference = raster.read(1)
        assert raster.transform == rasterio.open(before).transform and raster.nodata == UNKNOWN
    a, b = (mask == 1 for mask in masks)
    known = masks[0] != UNKNOWN
    assert np.array_equal(difference != UNKNOWN, known) and not known[:, 270:].any()
    expected = {NEITHER: ~a & ~b & known, BOTH: a & b, ONLY_A: a & ~b, ONLY_B: b & ~a}
    for value, where in expected.items():
        assert np.array_equal(difference == value, where)
    assert (difference == ONLY_A).sum() > 1000
    assert found.hectares == pytest.approx(
        ((difference == ONLY_A).sum() / 100, (difference == ONLY_B).sum() / 100), rel=2e-3
    )
    true = np.where(known, rasterio.open(truth).read(1), 255)
    for side, mask in zip(("a", "b"), masks, strict=True):
        assert confusion(found.joint.total, side) == Confusion.count(mask, true)
    assert len(found.joint.names) == 4 and found.examples[0].name == "column 0, row 0"
    assert (out / "differences.png").exists() and (out / "groups.png").exists()


@pytest.mark.slow
def test_what_a_later_comparison_does_not_have_is_removed(
    scene: tuple[Path, Path, Path], data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    on_images(*scene[:2], out)
    kept = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(KeyboardInterrupt), staged_comparison(out):
        raise KeyboardInterrupt
    assert kept == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with (
        pytest.raises(OutputError, match=r"change\.tif is an input"),
        staged_comparison(out, [Path("eager/change.tif")], inputs=[out / "eager" / "change.tif"]),
    ):
        pass
    (out / "eager" / "notes.txt").write_text("of the user")
    written(compare_on_data(two(), str(data), workers=0, device="cpu"), out)
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    tables = {"comparison.json", "per_part.csv", "per_group.csv"}
    assert names == {*tables, "differences.png", "groups.png", "eager/notes.txt"}


def test_the_record_of_two_images_holds_no_secret_of_their_names(
    scene: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, after, _ = scene
    with open_scene(before, after, DEFAULTS) as opened, staged_comparison(tmp_path / "out") as folder:
        private = dataclasses.replace(opened.before, text="https://u:PW@host/place/b.tif?sig=SIG")
        images = dataclasses.replace(opened, before=private)
        found = compare_on_scene(two(), images, folder, options=DEFAULTS, device="cpu", examples=1)
        write_comparison(found, folder)
    record = (tmp_path / "out/comparison.json").read_text()
    assert f"https://host/place/b.tif, {after}" in record and found.short_source.startswith("place/b.tif, ")


def test_without_a_truth_only_the_difference_is_counted(scene: tuple[Path, Path, Path], tmp_path: Path) -> None:
    found = on_images(*scene[:2], tmp_path / "out")
    record = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert "mcnemar" not in record and record["pixels"]["only_a"] > 1000
    assert sum(record["pixels"].values()) == record["counted_pixels"]
    assert not (tmp_path / "out" / "groups.png").exists() and (tmp_path / "out" / "differences.png").exists()
    picture = difference_picture(found.examples[0])
    colours = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    assert {tuple(round(255 * part) for part in to_rgb(name)) for name in (ALIKE, BOTH_COLOUR, A_COLOUR)} == colours


def test_two_pictures_are_compared_in_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(0, 20, (60, 50, 3), dtype=np.uint8)
    after = before.copy()
    after[10:40, 10:40] += 60
    for name, image in (("before", before), ("after", after)):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    found = on_images(tmp_path / "before.png", tmp_path / "after.png", tmp_path / "out")
    assert found.hectares is None and Image.open(tmp_path / "out" / "difference.png").size == (50, 60)


def test_what_cannot_be_compared_is_told_in_one_line(scene: tuple[Path, Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file or folder"):
        compare_on_data(two(), str(tmp_path / "none"), device="cpu")
    with pytest.raises(OptionError, match="own threshold"):
        on_images(*scene[:2], tmp_path / "out", options=PredictOptions(threshold=0.5))
