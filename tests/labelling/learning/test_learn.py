"""A detector that learns from verdicts and labels, through the public face: real results in, a detector out."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
import torch
from numpy.typing import NDArray
from rasterio.windows import Window
from scipy.ndimage import distance_transform_edt

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from labelling.learning.judged_results import SQUARE, drawn, make_result, pixels_of, say, small_network
from minenetcd.constants import UNKNOWN, no_progress
from minenetcd.errors import InputError, RunInterrupted
from minenetcd.files import sha256, write_json
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import quiet_gdal
from minenetcd.labelling.learning.division import Part
from minenetcd.labelling.learning.material import divided
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.outcome import Learned
from minenetcd.labelling.learning.patches import cut_pairs, side_of
from minenetcd.labelling.learning.reading.hand_labels import read_labels
from minenetcd.labelling.learning.reading.results import read_result
from minenetcd.labelling.learning.reading.sources import read_sources
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation

FEW_STEPS = LearnOptions(steps=2, rehearsal=0.0)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four sites, all of whose polygons are judged."""
    folder = tmp_path_factory.mktemp("results")
    return [say(make_result(folder, number), number) for number in range(4)]


@pytest.fixture(scope="module")
def learned(results: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Learned:
    out = tmp_path_factory.mktemp("learned") / "detector"
    start = small_network()
    start.scene_threshold = (0.3, 0.7)
    return minenetcd.learn(results, out, start=start, options=FEW_STEPS, device="cpu")


def test_it_is_saved_with_what_it_learned_from(results: list[Path], learned: Learned) -> None:
    assert {path.name for path in learned.folder.iterdir()} == {"config.json", "model.safetensors", "README.md"}
    assert [path.name for path in learned.folder.parent.iterdir()] == ["detector"]
    again = minenetcd.from_pretrained(learned.folder)
    assert again.name == "small-learned" and again.provenance.license == "apache-2.0"
    assert again.preprocessing.metres_per_pixel == pytest.approx(10, rel=0.01)
    assert learned.learned_from["said"] == {"accepted": 12, "rejected": 12}
    assert learned.learned_from["training_places"] == {"changed": 6, "unchanged": 6}
    said = again.provenance.trained_on_in_words
    assert said is not None and said.count("after squares") == 1 and "6 places of change, 6 of none" in said
    card = (learned.folder / "README.md").read_text(encoding="utf-8")
    assert learned.comparison.in_words.removesuffix(".")[:20] in card and "on held-out sites, before: F1" in card


def test_what_was_held_out_is_not_said_to_have_trained(results: list[Path], learned: Learned) -> None:
    (held_out,) = learned.judged_on
    (chose,) = learned.learned_from["choosing_scenes"]
    others = [result for result in learned.learned_from["scenes"] if result not in (held_out, chose)]
    assert learned.learned_from["held_out_scenes"] == [held_out] and len(others) == 2
    assert {held_out, chose, *others} == set(map(str, results))
    provenance = minenetcd.from_pretrained(learned.folder).provenance
    said = provenance.trained_on_in_words
    assert said is not None and f"what people said of {', '.join(Path(name).name for name in others)} (" in said
    assert Path(held_out).name not in said and provenance.extra["held out"] == Path(held_out).name
    assert Path(chose).name not in said and provenance.extra["threshold chosen on"] == Path(chose).name
    assert provenance.trained_on is not None and provenance.trained_on.sites == 2
    assert f"Held out: {Path(held_out).name}" in (learned.folder / "README.md").read_text(encoding="utf-8")


def test_the_saved_detector_decides_as_it_was_judged(learned: Learned, tmp_path: Path) -> None:
    """By a map that predict makes of the held-out images, with what was saved."""
    saved, held_out = minenetcd.from_pretrained(learned.folder), Path(learned.judged_on[0])
    assert saved.scene_threshold is None and saved.threshold == learned.as_json()["threshold"]
    assert learned.decision == f"The new detector calls changed what has a probability of {saved.threshold:g} or more."
    number = held_out.name.removeprefix("result_")
    images = [held_out.with_name(f"{number}_{word}.tif") for word in ("before", "after")]
    with minenetcd.predict(saved, *images, tmp_path / "map") as predicted:
        changed, by_rule = predicted.mask == 1, predicted.probability >= np.float32(saved.threshold)
    assert np.array_equal(changed, by_rule)
    accepted, rejected = (pixels_of(held_out, status) for status in ("accepted", "rejected"))
    counts = learned.comparison.after.counts
    assert (counts.tp, counts.fn) == ((changed & accepted).sum(), (~changed & accepted).sum())
    assert (counts.fp, counts.tn) == ((changed & rejected).sum(), (~changed & rejected).sum())


def test_held_out_places_are_counted_once(results: list[Path], learned: Learned) -> None:
    comparison = learned.comparison
    assert learned.by_site and learned.learned_from["held_out_sites"] == 1 and comparison.unit == "place"
    assert (comparison.before.accepted, comparison.before.rejected) == (3, 3) and comparison.units == 6
    kinds = [(pixels_of(each, "accepted").sum(), pixels_of(each, "rejected").sum()) for each in results]
    for score in (comparison.before, comparison.after):
        assert (score.counts.tp + score.counts.fn, score.counts.fp + score.counts.tn) in kinds
    assert any("3 polygons" in note or "6 places are few" in note for note in learned.notes)


def test_an_answer_is_one_of_three_and_says_what_to_use(learned: Learned) -> None:
    told = json.loads(json.dumps(learned.as_json()))
    before, after = learned.comparison.before.counts, learned.comparison.after.counts
    assert [told["before"][name] for name in ("tp", "fp", "fn", "tn")] == [before.tp, before.fp, before.fn, before.tn]
    assert [told["after"][name] for name in ("tp", "fp", "fn", "tn")] == [after.tp, after.fp, after.fn, after.tn]
    is_by_chance = told["p_value"] is None or told["p_value"] >= 0.05
    assert told["answer"] == ("not better" if before == after else "cannot tell" if is_by_chance else told["answer"])
    assert told["answer"] in ("better", "not better", "cannot tell")
    assert ("Keep small" in told["advice"]) == (told["answer"] != "better") and str(learned.folder) in told["advice"]
    assert told["before"]["accepted_places"] == 3 and told["unit"] == "place"


@pytest.mark.slow  # a network is trained
def test_a_later_round_is_judged_by_what_the_earlier_one_did_not_see(
    results: list[Path], learned: Learned, tmp_path: Path
) -> None:
    start = minenetcd.from_pretrained(learned.folder)
    for seed in (2, 3, 4):
        data = divided(read_sources(results, FEW_STEPS, print), start, replace(FEW_STEPS, seed=seed))
        (judging,) = [part.scene.name for part in data.division.parts["judge"]]
        assert judging in (*learned.judged_on, *learned.learned_from["choosing_scenes"])
    trained = list(map(Path, learned.learned_from["scenes"]))
    again = minenetcd.learn(trained, tmp_path / "out", start=start, options=FEW_STEPS, device="cpu")
    assert any(note.startswith("small-learned itself learned from result_") for note in again.notes)
    images = set(again.detector.provenance.extra["training images"])
    assert images == set(start.provenance.extra["training images"]) and len(images) == 4


@pytest.mark.slow  # a network is trained until it can tell white from red
def test_what_was_rejected_is_no_longer_found(tmp_path: Path) -> None:
    results = [say(make_result(tmp_path, number, squares=12), number, squares=12) for number in range(4)]
    options = LearnOptions(steps=120, rehearsal=0.0, learning_rate=3e-3, complete=True)
    result = minenetcd.learn(results, tmp_path / "detector", start=small_network(), options=options, device="cpu")
    assert result.answer == "better" and result.comparison.p_value is not None and result.comparison.p_value < 0.05
    after = result.comparison.after
    assert after.f1 > 0.8 and after.found == after.accepted and after.called < after.rejected
    assert result.advice == f"Use {tmp_path / 'detector'} (--model {tmp_path / 'detector'})."


def mask_of(result: Path, options: LearnOptions = FEW_STEPS) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """All that is known of a scene, and its places."""
    scene, _ = read_result(result, options)
    with scene.open(small_network()) as opened:
        whole = Window(0, 0, opened.pair.grid.width, opened.pair.grid.height)
        known = opened.truth.read(whole, whole)
        half = Window(0, 0, whole.width, whole.height // 2)
        upper = opened.truth.read(half, whole)
        assert np.array_equal(upper.mask, known.mask[: half.height])  # as it is read does not matter
        assert np.array_equal(upper.places, known.places[: half.height])
        return known.mask, known.places


def test_a_result_is_known_where_it_was_judged(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 7), 7, only=["accepted"])
    mask, places = mask_of(result)
    accepted = pixels_of(result, "accepted")
    assert np.array_equal(mask == 1, accepted) and set(np.unique(mask)) == {1, UNKNOWN}
    assert len(np.unique(places[places > 0])) == 3 and np.array_equal(places > 0, accepted)
    say(result, 7)
    mask, _ = mask_of(result)
    assert np.array_equal(mask == 1, accepted) and np.array_equal(mask == 0, pixels_of(result, "rejected"))


def test_ground_is_known_only_where_all_was_looked_at(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 8), 8)
    partly, _ = mask_of(result)
    whole, _ = mask_of(result, LearnOptions(complete=True))
    assert (partly == 0).sum() < (whole == 0).sum()
    assert np.array_equal(partly[partly != UNKNOWN], whole[partly != UNKNOWN])
    assert (whole == UNKNOWN).any()  # around each polygon


def test_an_edited_outline_is_what_is_taught(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 9), 9)
    before, _ = mask_of(result)
    verdicts = Verdicts(result)
    frame = verdicts.polygons()
    accepted = frame[frame.status == "accepted"].iloc[0]
    left, bottom, right, top = accepted.geometry.bounds
    half = shapely.box(left, bottom, (left + right) / 2, top)
    verdicts.give(int(accepted.id), "accepted", by="a tester", geometry=half)
    after, _ = mask_of(result)
    changed = (before == 1) & (after != 1)
    assert abs(changed.sum() - SQUARE**2 / 2) <= 6  # what change vectors miss of a corner
    assert abs((after[changed] == UNKNOWN).sum() - SQUARE) <= 2  # the rim along the new outline
    assert set(np.unique(after[changed])) == {0, UNKNOWN}


def test_no_pixel_of_what_judges_is_cut_for_training(tmp_path: Path) -> None:
    """Of one site alone: pixels say where they come from."""
    size = 320
    result = say(make_result(tmp_path, 3, size=size, squares=60), 3, size=size, squares=60)
    start, options = small_network(), LearnOptions(complete=True)
    scenes = read_sources([result], options, print)
    data = divided(scenes, start, options)
    assert not data.division.by_site
    parts = data.division.parts
    side = side_of([*parts["train"], *parts["choose"]])
    for use in ("train", "choose"):
        assert parts[use]
        cut_pairs(parts[use], start, tmp_path / use, side=side, seed=1, progress=no_progress)
    (judge,) = parts["judge"]
    rows = range(judge.window.row_off - 18, judge.window.row_off + judge.window.height + 18)
    cols = range(judge.window.col_off - 18, judge.window.col_off + judge.window.width + 18)
    after = drawn(3, size, 60)[1]
    for use in ("train", "choose"):
        for path in (tmp_path / use / "B").iterdir():
            row, col = (int(part) for part in path.stem.split("_")[1:])
            overlaps = row < rows.stop and row + side > rows.start and col < cols.stop and col + side > cols.start
            assert not overlaps
            with quiet_gdal(), rasterio.open(path) as file:
                assert np.array_equal(file.read().transpose(1, 2, 0), after[row : row + side, col : col + side])


@pytest.mark.slow  # a network is trained
def test_one_site_is_divided_and_it_is_said(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 3, size=320, squares=60), 3, size=320, squares=60)
    learned = minenetcd.learn([result], tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")
    assert not learned.by_site and learned.as_json()["held_out_by_site"] is False
    said = learned.detector.provenance
    assert said.extra["held out"] == "a part of result_3" and "said of a part of result_3" in str(said.trained_on)
    assert "There is one site alone: a strip of it was held out" in " ".join(learned.notes)
    assert "a held-out strip of its one site" in (tmp_path / "out/README.md").read_text(encoding="utf-8")


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
def test_labels_teach_beside_verdicts(results: list[Path], tmp_path: Path) -> None:
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


@pytest.mark.slow  # a network is trained
def test_16_bit_images_are_stretched_as_predict_stretches_them(tmp_path: Path) -> None:
    results = [say(make_result(tmp_path, number, bits=16), number) for number in range(3)]
    (scene, _), whole = read_result(results[0], FEW_STEPS), Window(0, 0, 160, 160)
    cut_pairs([Part(scene, whole)], small_network(), tmp_path / "cut", side=160, seed=1, progress=no_progress)
    (path,) = (tmp_path / "cut/B").iterdir()
    with quiet_gdal(), rasterio.open(path) as file, scene.open(small_network()) as opened:
        shown, after = file.read().transpose(1, 2, 0), opened.pair.read(whole).after
        _, limits = small_network().scene_limits(SceneSample(opened.pair))
        share = ((after - limits.low) / (limits.high - limits.low)).clip(0, 1)
        assert np.abs(shown - 255 * share).max() <= 1
    learned = minenetcd.learn(results, tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")
    assert learned.detector.preprocessing.value_range is None  # each scene by itself, as before


@pytest.mark.slow  # a network is trained
def test_pictures_without_a_place(tmp_path: Path) -> None:
    results = [say(make_result(tmp_path, number, is_picture=True), number) for number in range(3)]
    learned = minenetcd.learn(results, tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")
    assert learned.learned_from["sites"] == 3


def test_labels_on_the_images_of_a_result_stand_before_what_it_was_sure_of(tmp_path: Path) -> None:
    """Change that was missed is not taught as ground, though the result was looked at as a whole."""
    result, labels = say(make_result(tmp_path, 8), 8), tmp_path / "labels"
    ground, _ = mask_of(result, LearnOptions(complete=True))
    row, col = np.argwhere(ground == 0)[len(np.argwhere(ground == 0)) // 2]
    mask = np.full((160, 160), UNKNOWN, np.uint8)
    mask[row : row + 4, col : col + 4] = 1
    labels.mkdir()
    for word in ("before", "after"):
        (labels / f"{word}.tif").write_bytes((tmp_path / f"8_{word}.tif").read_bytes())
    write_geotiff(labels / "mask.tif", mask, utm_grid(160, 160, left=440_000))
    (scene,) = read_sources([result, labels], LearnOptions(complete=True), print)
    assert (scene.counts["accepted"], scene.counts["changed"]) == (3, 1)
    with scene.open(small_network()) as opened:
        whole = Window(0, 0, 160, 160)
        known = opened.truth.read(whole, whole)
        assert (known.mask[mask == 1] == 1).all() and known.places[row, col] > 6
        assert opened.truth.boxes.changed.sum() == 4
        near = distance_transform_edt(mask != 1) <= 8
        assert not ((known.mask == 0) & near & ~pixels_of(result, "rejected")).any()
        assert np.array_equal(known.mask == 1, (ground == 1) | (mask == 1))


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


class StopsAt(TrainingReporter):
    """Stops once as Ctrl-C does."""

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        if step.step == 1:
            raise KeyboardInterrupt


@pytest.mark.slow  # a network is trained
def test_a_stopped_run_goes_on_to_the_same_weights(results: list[Path], learned: Learned, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(RunInterrupted, match=r"go on with the same command and --resume"):
        minenetcd.learn(results, out, start=small_network(), options=FEW_STEPS, device="cpu", reporter=StopsAt())
    with pytest.raises(
        InputError, match=r"^A run of learning was begun in [^\n]*\(--resume\), or remove that folder\.$"
    ):
        minenetcd.learn(results, out, start=small_network(), options=FEW_STEPS, device="cpu")
    with pytest.raises(InputError, match=r"was begun with other parts, options: go on with the same"):
        minenetcd.learn(
            results, out, start=small_network(), options=replace(FEW_STEPS, seed=2), device="cpu", resume=True
        )
    again = minenetcd.learn(results, out, start=small_network(), options=FEW_STEPS, device="cpu", resume=True)
    own, other = (each.detector.model.state_dict() for each in (learned, again))
    assert all(torch.equal(tensor, other[name]) for name, tensor in own.items())
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def refused(sources: list[Path], out: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        minenetcd.learn(sources, out, start=small_network(), options=replace(FEW_STEPS, **options), device="cpu")
    message = str(caught.value)
    assert "\n" not in message and not out.exists() and not out.with_name(f"{out.name}.learning").exists()
    return message


def test_what_cannot_teach_is_refused_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = make_result(tmp_path, 0)
    assert refused([tmp_path / "nowhere"], out).startswith("A folder of a result or of labels is needed, there is none")
    (tmp_path / "empty").mkdir()
    assert "holds neither details.zip nor images" in refused([tmp_path / "empty"], out)
    assert "has none: accept and reject polygons first" in refused([result], out)
    say(result, 0, only=["rejected"])
    assert "has rejected polygons alone: accept what is right" in refused([result], out)
    say(result, 0, only=["accepted"])
    assert "reject what is wrong, or say that the results were looked at as a whole" in refused([result], out)
    say(result, 0)
    coarse = say(make_result(tmp_path, 5, metres=30), 5)
    assert re.search(r"has 10 m and .* 30 m: learn from each by itself", refused([result, coarse], out))


@pytest.mark.slow  # a network is trained
def test_images_that_are_gone_or_others(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 0), 0)
    image = tmp_path / "0_after.tif"
    kept = image.read_bytes()
    write_geotiff(image, drawn(99, 160, 3)[1], utm_grid(160, 160))
    assert "0_after.tif was changed since then" in refused([result], tmp_path / "out")
    image.unlink()
    message = refused([result], tmp_path / "out")
    assert message.startswith(f"To learn from {result} needs both images, {image} ")
    assert message.endswith(": bring it back, or give the command where predict was run.")
    image.write_bytes(kept)
    minenetcd.learn([result], tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")


def test_a_start_that_reads_other_bands(results: list[Path], tmp_path: Path) -> None:
    four = minenetcd.ChangeDetector(minenetcd.create_model("fc_ef", in_channels=4))
    with pytest.raises(InputError, match=r"reads 4 bands, the images of [^\n]* are read with 3: start from a detector"):
        minenetcd.learn(results, tmp_path / "out", start=four, options=FEW_STEPS, device="cpu")
    with pytest.raises(InputError, match=r"A trained network is needed to start from, irmad needs no training"):
        minenetcd.learn(results, tmp_path / "out", start="irmad", options=FEW_STEPS, device="cpu")
