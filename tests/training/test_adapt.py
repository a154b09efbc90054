"""A detector adapted to one place, through the public face: real files in, an ordinary detector out."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.building.pasted_sets.images import Place
from minenetcd.configs.detector import unnamed_bands
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.errors import InputError, OutputError, RunInterrupted
from minenetcd.files import locked
from minenetcd.prediction.options import PredictOptions
from minenetcd.synthetic import make_scene
from minenetcd.training import adapt as flow
from minenetcd.training.adaptation.options import AdaptOptions
from minenetcd.training.adaptation.outcome import Adaptation, Judged, OnMap, Score
from minenetcd.training.adaptation.sets import SceneBlocks
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation
from training.small_adaptation import few_pairs, pictures

__all__ = ["few_pairs"]  # a fixture

STEPS = 3


@pytest.fixture(scope="module")
def network() -> ChangeDetector:
    """As the embedded network is to be: a trunk that does not move."""
    torch.manual_seed(0)
    model = minenetcd.create_model("minenetcd_lite", width=12)
    half = (0.5, 0.5, 0.5)
    return ChangeDetector(
        model,
        preprocessing=Preprocessing(mean=half, std=half),
        provenance={"name": "small", "license": "apache-2.0", "imagery": "Contains images of somebody"},
        scene_threshold=(0.1, 0.5),
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three dates of 256 x 384 pixels of 16 bits; a corner of one has no data."""
    folder, scene = tmp_path_factory.mktemp("images"), make_scene(7, size=384)
    dates = [scene.before, scene.after, scene.before[:, ::-1]]
    paths = []
    for number, date in enumerate(dates):
        pixels = date[:256].astype(np.uint16) * 30 + 100
        if number == 2:
            pixels[:30, :40] = 0
        paths.append(write_geotiff(folder / f"{2019 + number}.tif", pixels, utm_grid(256, 384), nodata=0))
    return paths


def weights(detector: ChangeDetector) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in detector.model.state_dict().items()}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.slow
@pytest.mark.usefixtures("few_pairs")
def test_images_without_labels_make_an_ordinary_detector(
    network: ChangeDetector, images: list[Path], tmp_path: Path
) -> None:
    before, out = weights(network), tmp_path / "detector"
    result = minenetcd.adapt(
        iter(images), out, model=network, options=AdaptOptions(steps=STEPS), force=True, device="cpu"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"detector"} and result.folder == out
    assert {path.name for path in out.iterdir()} == {"config.json", "model.safetensors", "README.md"}
    assert equal(before, weights(network)) and not equal(before, weights(result.detector))
    again = minenetcd.from_pretrained(out)
    assert equal(weights(again), weights(result.detector)) and again.threshold == result.adapted.threshold
    assert again.scene_threshold == (0.1, 0.5) and result.start_follows_scenes
    assert again.name == "small-adapted" and again.provenance.license == "apache-2.0"
    assert again.preprocessing.metres_per_pixel == pytest.approx(10, rel=0.01)
    card = (out / "README.md").read_text(encoding="utf-8")
    for words in ("changes pasted into 2019.tif, 2020.tif, 2021.tif", str(result.adapted), str(result.start),
                  "Adapted to one place by change pasted into its own images", "Imagery: Contains images of somebody",
                  "Recipe: adapted from small, images 2019.tif"):  # fmt: skip
        assert words in card
    low, high = (np.asarray(end) for end in again.preprocessing.value_range)
    assert (low < 2000).all() and (high > 5000).all()  # of 16 bits, as predict reads them from now on
    moved = PredictOptions(coregister=True)
    for detector, share in ((again, result.on_map.adapted), (network, result.on_map.start)):
        with minenetcd.predict(detector, images[0], images[1], tmp_path / "change", options=moved) as prediction:
            assert prediction.changed_share == pytest.approx(share, abs=0.002)


class StopsAt(TrainingReporter):
    """Stops once as Ctrl-C does: at a step, or while pairs are drawn."""

    def __init__(self, moment: int | str) -> None:
        self.moment = moment

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        if step.step == self.moment:
            raise KeyboardInterrupt

    def progress(self, phase: str, done: int, of: int) -> None:
        if phase == self.moment and done == 3:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.usefixtures("few_pairs")
def test_a_seed_gives_one_detector_also_where_it_was_stopped(
    network: ChangeDetector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dates = [path.name for path in pictures(tmp_path)]

    def run(out: str, **changes: Any) -> Adaptation:
        settings = {"options": AdaptOptions(steps=STEPS), "force": True, **changes}
        return minenetcd.adapt(dates, tmp_path / out, model=network, device="cpu", **settings)

    whole = run("whole")
    for moment in ("draw", 2):
        resume = (tmp_path / "stopped.adapting").exists()
        with pytest.raises(RunInterrupted, match=r"lies in .*stopped\.adapting: go on with the same command and --res"):
            run("stopped", reporter=StopsAt(moment), resume=resume)
        assert not (tmp_path / "stopped").exists()
    with pytest.raises(InputError, match=r"An adaptation was begun in .*stopped\.adapting: go on with it \(--resume\)"):
        run("stopped")
    with pytest.raises(InputError, match="was begun with other steps: go on with the same"):
        run("stopped", resume=True, options=AdaptOptions(steps=9))
    monkeypatch.chdir(tmp_path.parent)
    dates = [f"{tmp_path.name}/{name}" for name in dates]
    again = run("stopped", resume=True)
    assert equal(weights(whole.detector), weights(again.detector)) and again.adapted == whole.adapted
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["stopped", "whole"]


class Notes(TrainingReporter):
    """Takes them down."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def note(self, text: str) -> None:
        self.taken.append(text)


@pytest.mark.slow
@pytest.mark.usefixtures("few_pairs")
def test_nothing_is_written_where_it_does_not_help(
    network: ChangeDetector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Adaptation, "helped", False)
    more = tmp_path / "imagery"
    for seed in (1, 2):
        (more / str(seed)).mkdir(parents=True)
        pictures(more / str(seed), seed + 10)
    dates, clouded, options = pictures(tmp_path), tmp_path / "clouded.png", AdaptOptions(steps=1, imagery=more)
    cover = Image.new("L", (280, 140), 255)
    cover.paste(0, (0, 0, 280, 60))
    clear = Image.open(dates[0]).rotate(180)
    clear.putalpha(cover)
    clear.save(clouded)
    notes = Notes()
    result = minenetcd.adapt(
        [*dates, clouded], tmp_path / "out", model=network, options=options, device="cpu", reporter=notes
    )
    assert any(note.startswith("clouded.png is not used: no part of it") for note in notes.taken)
    assert "2 of 2 parts of 2 images are pasted into." in notes.taken
    assert any(note.startswith("Warning: 2 parts are few to learn from") for note in notes.taken)
    assert "clouded" not in str(result.detector.provenance.trained_on)
    assert result.detector.provenance.extra["pieces pasted"] == "from the sets 1, 2 of imagery, by their own terms"
    assert result.folder is None and sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["imagery"]


def adaptation(network: ChangeDetector, start: float, here: float, adapted: float, precision: float) -> Adaptation:
    return Adaptation(
        network,
        Score(0.5, start, 0.6, 0.01),
        Score(0.71, here, 0.6, 0.01),
        Score(0.4, adapted, precision, 0.01),
        OnMap(0.1, 0.05),
        judged_apart=True,
    )


def test_blocks_are_read_by_a_calibrated_network_as_it_is(network: ChangeDetector) -> None:
    calibrated = network.with_model(network.model, temperature=2.5, threshold=0.6)
    reader = flow._reader_of_blocks(calibrated, "cpu")
    assert (reader.temperature, reader.threshold, reader.scene_threshold) == (2.5, 0.6, None)


def test_it_helped_where_it_did_more_than_another_threshold(network: ChangeDetector) -> None:
    assert adaptation(network, 0.5, 0.55, 0.6, 0.7).helped
    assert not adaptation(network, 0.5, 0.65, 0.6, 0.7).helped
    assert not adaptation(network, 0.5, 0.55, 0.6, 0.6).helped
    words = adaptation(network, 0.5, 0.65, 0.6, 0.7).why_not("nano")
    assert "use --model nano --threshold 0.71, or write it all the same (--force)" in words and "\n" not in words
    assert "use --model nano, or write" in adaptation(network, 0.5, 0.4, 0.4, 0.5).why_not("nano")
    of_scenes = replace(adaptation(network, 0.5, 0.65, 0.6, 0.7), start_follows_scenes=True)
    assert "use --model nano, or write" in of_scenes.why_not("nano")


@pytest.mark.parametrize(("count", "held_out"), [(2, 1), (9, 1), (19, 3), (20, 4), (48, 9)])
def test_blocks_that_judge_choose_nothing_where_there_are_enough(count: int, held_out: int) -> None:
    places = tuple(Place(f"{number:02d}", ("a", "b"), 128, 128) for number in range(count))
    blocks = SceneBlocks(Path(), places, None)
    train, choose, judge = (set(of) for of in blocks.divided(seed=1).values())
    assert len(choose | judge) == held_out and train == set(places) - choose - judge
    assert blocks.judged_apart == (held_out >= 4) == choose.isdisjoint(judge)
    assert choose == judge or min(len(choose), len(judge)) >= 2


def test_scores_are_those_of_all_pairs_and_false_alarms_of_unchanged_ones() -> None:
    pasted, unchanged = (np.zeros((2, 1000), np.int64) for _ in range(2))
    pasted[0, 100], pasted[1, 900], unchanged[0, [100, 900]] = 6, 4, (8, 2)
    score = Judged(pasted, unchanged).at(0.5)
    assert (score.f1, score.average_precision, score.false_share) == (8 / 10, 4 / 6, 0.2)


def flat(folder: Path) -> Sequence[Path]:
    paths = pictures(folder)
    Image.new("RGB", (280, 140), (90, 80, 70)).save(paths[1])
    return paths


def grey(folder: Path) -> Sequence[Path]:
    paths = pictures(folder)
    for path in paths:
        Image.open(path).convert("L").save(path)
    return paths


def gaps(folder: Path) -> Sequence[Path]:
    dates = [np.asarray(Image.open(path)).copy() for path in pictures(folder)]
    dates[1][:, 50:] = 0
    grid = utm_grid(*dates[0].shape[:2])
    return [write_geotiff(folder / f"{number}.tif", date, grid, nodata=0) for number, date in enumerate(dates)]


def placed(folder: Path) -> Sequence[Path]:
    dates = [np.asarray(Image.open(path)) for path in pictures(folder)]
    grid = utm_grid(*dates[0].shape[:2])
    return [write_geotiff(folder / f"{number}.tif", date, grid) for number, date in enumerate(dates)]


REFUSED: dict[str, tuple[Callable[[Path], Sequence[Path]], dict[str, Any], str]] = {
    "one date": (lambda folder: pictures(folder)[:1], {}, "Two dates of one place are needed, got 1: name another"),
    "one name": (lambda folder: str(pictures(folder)[0]), {}, ": give a list of names"),
    "two pairs": (lambda folder: [pictures(folder), pictures(folder, 2)], {}, "got 2 images as one ("),
    "a long name": (pictures, {"out": "x" * 250}, "xx... cannot be written: its name is too long; choose a shorter"),
    "long imagery": (pictures, {"options": {"imagery": "x" * 300}}, "xx: check it"),
    "one image twice": (lambda folder: pictures(folder)[:1] * 2, {}, "are the same image: name another"),
    "too small": (lambda folder: pictures(folder, height=127), {}, "share 256 x 128 pixels or more are needed"),
    "no variance": (flat, {}, "1_after.png is one colour all over: name another"),
    "nothing left": (gaps, {}, "masks and nodata leave 0 of 2: give images with fewer gaps"),
    "one band": (grey, {}, "Three bands are needed, got 1 in"),
    "bands that are not there": (pictures, {"options": {"bands": (1, 2, 4)}}, "must lie in 1 to 3 for"),
    "two bands": (pictures, {"options": {"bands": (1, 2)}}, "Three bands are needed as red, green and blue, got 2"),
    "other numbers": (pictures, {"options": {"value_range": (0, 9000)}}, "got 8-bit ones, 0 to 255, in the image"),
    "no imagery": (pictures, {"options": {"imagery": Path("nowhere")}}, "there is no folder nowhere"),
    "no pixel size": (pictures, {"options": {"metres_per_pixel": 0.0}}, "need to lie in 0.001 to 100000, got 0.0"),
    "a pixel size of its own": (placed, {"options": {"metres_per_pixel": 2.0}}, "(10 m): leave --metres-per-pixel out"),
    "no step": (pictures, {"options": {"steps": 0}}, "needs one step or more, got 0"),
    "no seed": (pictures, {"options": {"seed": -1}}, "A seed needs to lie in 0 to"),
    "nothing to train": (pictures, {"model": "irmad"}, "A trained network is needed, irmad needs no training"),
    "no such network": (pictures, {"model": "minenetcd-nanno"}, "did you mean 'minenetcd-nano'"),
    "something there": (pictures, {"out": "taken"}, "taken holds something already: choose another (--out)"),
    "a file there": (pictures, {"out": "taken/file"}, "it is a file, and a folder is needed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_line_and_leaves_nothing(
    case: str, network: ChangeDetector, tmp_path: Path
) -> None:
    make, changes, message = REFUSED[case]
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/file").touch()
    found = make(tmp_path)
    with pytest.raises(InputError) as caught:
        minenetcd.adapt(
            found,
            tmp_path / changes.get("out", "out"),
            model=changes.get("model", network),
            options=AdaptOptions(**{"steps": 1, **changes.get("options", {})}),
            device="cpu",
        )
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["taken"]


def test_a_work_folder_that_would_be_read_as_imagery_is_refused(network: ChangeDetector, tmp_path: Path) -> None:
    imagery = tmp_path / "imagery"
    imagery.mkdir()
    with pytest.raises(InputError, match=r"A folder outside .*imagery is needed, .*det lies in it: choose another"):
        minenetcd.adapt(
            pictures(tmp_path), imagery / "det", model=network, options=AdaptOptions(imagery=imagery), device="cpu"
        )
    assert not any(imagery.iterdir())


def test_where_another_process_is_at_work_nothing_else_is_advised(network: ChangeDetector, tmp_path: Path) -> None:
    work = tmp_path / "out.adapting"
    work.mkdir()
    (work / "request.json").write_text("{}")
    with locked(work / "lock"):
        for resume in (False, True):
            with pytest.raises(OutputError) as caught:
                minenetcd.adapt(pictures(tmp_path), tmp_path / "out", model=network, device="cpu", resume=resume)
            message = str(caught.value)
            assert message.startswith(f"Another run is at work in {work} (process {os.getpid()} on this machine, since")
            assert message.endswith(": wait for it, or choose another folder.") and "remove" not in message
    with pytest.raises(InputError, match=r"go on with it \(--resume\), or remove that folder"):
        minenetcd.adapt(pictures(tmp_path), tmp_path / "out", model=network, device="cpu")


def test_what_others_left_beside_is_neither_used_nor_removed(network: ChangeDetector, tmp_path: Path) -> None:
    beside = tmp_path / "out.adapting"

    def refused(message: str, *, resume: bool = False) -> None:
        with pytest.raises(InputError) as caught:
            minenetcd.adapt(pictures(tmp_path), tmp_path / "out", model=network, device="cpu", resume=resume)
        assert message in str(caught.value) and "\n" not in str(caught.value)

    beside.mkdir()
    (beside / "mine.txt").touch()
    for resume in (False, True):
        refused("it holds mine.txt, which is of no adaptation: choose another --out", resume=resume)
    assert (beside / "mine.txt").exists()
    (beside / "mine.txt").replace(beside / "request.json")
    refused("request.json is damaged: remove", resume=True)
    (beside / "request.json").unlink()
    (beside / "lock").unlink(missing_ok=True)
    beside.rmdir()
    beside.touch()
    refused("is needed to work in, it is a file")
    assert beside.is_file()


def test_a_network_of_other_bands_is_refused(network: ChangeDetector, tmp_path: Path) -> None:
    model = minenetcd.create_model("minenetcd_lite", width=12, in_channels=4)
    four = ChangeDetector(model, preprocessing=Preprocessing(**unnamed_bands(range(1, 5))))
    with pytest.raises(InputError, match=r"A network that reads three bands is needed, .* reads 4"):
        minenetcd.adapt(pictures(tmp_path), tmp_path / "out", model=four)


def test_the_detectors_own_range_is_used_and_refused_where_it_is_another(
    network: ChangeDetector, tmp_path: Path
) -> None:
    ranged = ChangeDetector(
        network.model, preprocessing=replace(network.preprocessing, value_range=(0, 10_000)), provenance={"name": "x"}
    )
    with pytest.raises(InputError, match=r"Numbers in the value range 0 to 10000 are needed, got 8-bit ones"):
        minenetcd.adapt(pictures(tmp_path), tmp_path / "out", model=ranged, device="cpu")
