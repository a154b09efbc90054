"""What learning hands back: a detector, what it learned from, and whether it became better."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import minenetcd
from labelling.learning.judged_results import (
    FEW_STEPS,
    make_result,
    pixels_of,
    say,
    small_network,
)
from minenetcd.labelling.learning.material import divided
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.outcome import Learned
from minenetcd.labelling.learning.reading.sources import read_sources


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


@pytest.mark.slow  # a network is trained
def test_one_site_is_divided_and_it_is_said(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 3, size=320, squares=60), 3, size=320, squares=60)
    learned = minenetcd.learn([result], tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")
    assert not learned.by_site and learned.as_json()["held_out_by_site"] is False
    said = learned.detector.provenance
    assert said.extra["held out"] == "a part of result_3" and "said of a part of result_3" in str(said.trained_on)
    assert "There is one site alone: a strip of it was held out" in " ".join(learned.notes)
    assert "a held-out strip of its one site" in (tmp_path / "out/README.md").read_text(encoding="utf-8")


@pytest.mark.slow  # a network is trained
def test_pictures_without_a_place(tmp_path: Path) -> None:
    results = [say(make_result(tmp_path, number, is_picture=True), number) for number in range(3)]
    learned = minenetcd.learn(results, tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")
    assert learned.learned_from["sites"] == 3
