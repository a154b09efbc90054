"""A run that was stopped goes on where it was, if the same is asked of it, and the same is said of its scenes."""

from dataclasses import replace
from pathlib import Path

import pytest
import shapely
import torch

import minenetcd
from labelling.learning.judged_results import FEW_STEPS, StopsAtFirstStep, make_result, say, small_network
from minenetcd.errors import InputError, RunInterrupted
from minenetcd.labelling.learning.outcome import Learned
from minenetcd.labelling.learning.reading.results import read_result
from minenetcd.labelling.verdicts.store import Verdicts


@pytest.mark.slow  # a network is trained
def test_a_stopped_run_goes_on_to_the_same_weights(results: list[Path], learned: Learned, tmp_path: Path) -> None:
    out, stops = tmp_path / "out", StopsAtFirstStep()
    with pytest.raises(RunInterrupted, match=r"go on with the same command and --resume"):
        minenetcd.learn(results, out, start=small_network(), options=FEW_STEPS, device="cpu", reporter=stops)
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


def test_what_is_said_of_a_scene_has_a_checksum(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 0), 0)

    def checksum() -> str:
        return read_result(result, FEW_STEPS)[0].truth_checksum

    verdicts, as_it_was = Verdicts(result), checksum()
    assert checksum() == as_it_was
    polygon = verdicts.polygons().iloc[0]
    verdicts.give(polygon["id"], polygon["status"], by="another", comment="the same again")
    assert checksum() == as_it_was
    smaller = shapely.intersection(polygon.geometry, shapely.box(*polygon.geometry.buffer(-15).bounds))
    verdicts.give(polygon["id"], polygon["status"], by="another", geometry=smaller)
    assert checksum() != as_it_was
    verdicts.undo(by="another")
    assert checksum() == as_it_was
    verdicts.give(polygon["id"], "unsure", by="another")
    assert checksum() != as_it_was


@pytest.mark.slow  # a network is trained
def test_other_verdicts_of_the_same_numbers_are_another_run(tmp_path: Path) -> None:
    results = [say(make_result(tmp_path, number), number) for number in range(3)]
    out, stops = tmp_path / "out", StopsAtFirstStep()
    with pytest.raises(RunInterrupted):
        minenetcd.learn(results, out, start=small_network(), options=FEW_STEPS, device="cpu", reporter=stops)
    statuses = Verdicts(results[0]).statuses()
    accepted, rejected = (
        next(id for id, said in statuses.items() if said == word) for word in ("accepted", "rejected")
    )
    Verdicts(results[0]).give(accepted, "rejected", by="a tester")
    Verdicts(results[0]).give(rejected, "accepted", by="a tester")
    with pytest.raises(InputError, match=r"was begun with other [a-z, ]*verdicts"):
        minenetcd.learn(results, out, start=small_network(), options=FEW_STEPS, device="cpu", resume=True)
