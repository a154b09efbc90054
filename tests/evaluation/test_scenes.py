"""Detectors without training on data sets: each pair a scene of its own, in the numbers and bands of its files."""

import numpy as np
import pytest
import torch
from torch import Tensor

import minenetcd
from classical.conftest import drawn_pair
from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.constants import UNKNOWN
from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.evaluation.beside import EVERYTHING, EverythingChanged
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.scenes import SceneScores, evaluate_scenes, scene_score
from minenetcd.geo.align import Pair
from minenetcd.types import ChangeBatch, ChangeSample


class Drawn(ChangeDataset):
    """16-bit pairs of five bands, of two sizes; in the first a corner holds no data and a row has no label."""

    def __init__(self) -> None:
        self.names = [f"pair {index}" for index in range(4)]
        self.facts = DatasetFacts("drawn", "test", "0f3a")

    def __getitem__(self, index: int) -> ChangeSample:
        dates = drawn_pair(index, side=64 + 32 * (index % 2), bands=5)
        before, after = (
            torch.from_numpy((date.astype(np.uint16) + 1) * 40).movedim(-1, 0) for date in (dates.before, dates.after)
        )
        side = before.shape[-1]
        mask = torch.zeros(side, side, dtype=torch.uint8)
        mask[side // 4 : side // 2, side // 3 : side // 2] = 1
        if index == 0:
            after = after.clone()
            after[:, :20, :20], mask[:20, :20], mask[40] = 0, UNKNOWN, UNKNOWN
        return ChangeSample(before, after, mask, self.names[index])


class WithConstantDates(Drawn):
    """The third pair is one number everywhere on its second date."""

    def __getitem__(self, index: int) -> ChangeSample:
        sample = super().__getitem__(index)
        return sample._replace(after=torch.full_like(sample.after, 7)) if index == 2 else sample


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_each_pair_is_a_scene_of_all_its_bands(name: str) -> None:
    detector, data = create_classical(name), Drawn()
    found = minenetcd.evaluate(detector, data, workers=0)
    for index, sample in enumerate(data[index] for index in range(4)):
        valid = np.ones(sample.mask.shape, bool)
        if index == 0:
            valid[:20, :20] = False  # without a label but with data, row 40 is learned from as well
        pair = Pair.of_arrays(*(date.movedim(0, -1).numpy() for date in (sample.before, sample.after)), valid)
        mask = (scene_score(detector, pair) >= 0.5).astype(np.uint8)
        assert found.by_pair[sample.name] == Confusion.count(mask, sample.mask.numpy())
    assert found.confusion.f1 > 0.8 and found.seconds > 0 and not found.refused


def test_the_same_for_any_number_of_workers() -> None:
    detectors = [create_classical(name) for name in ("irmad", "pca-kmeans")]
    alone, shared = (evaluate_scenes(detectors, Drawn(), workers=workers) for workers in (0, 2))
    for one, other in zip(alone, shared, strict=True):
        assert np.array_equal(one.counts, other.counts) and np.array_equal(one.histogram, other.histogram)


def test_whoever_watches_gets_the_scores() -> None:
    seen: dict[str, Tensor] = {}
    detector = create_classical("cva")
    found = minenetcd.evaluate(detector, Drawn(), workers=0, on_batch=lambda b, p: seen.update({b.names[0]: p[0]}))
    assert {name: scores.shape for name, scores in seen.items()} == {
        f"pair {index}": (64 + 32 * (index % 2),) * 2 for index in range(4)
    }
    counted = sum(int((scores >= 0.5).sum()) for name, scores in seen.items() if name != "pair 0")
    assert counted == sum(c.tp + c.fp for name, c in found.by_pair.items() if name != "pair 0")


def test_a_pair_without_variance_is_unchanged_and_named() -> None:
    found = minenetcd.evaluate(create_classical("irmad"), WithConstantDates(), workers=0)
    assert found.refused == ["pair 2"] and found.by_pair["pair 2"].tp == found.by_pair["pair 2"].fp == 0
    others = minenetcd.evaluate(create_classical("irmad"), Drawn(), workers=0)
    assert {n: c for n, c in found.by_pair.items() if n != "pair 2"} == {
        n: c for n, c in others.by_pair.items() if n != "pair 2"
    }


def test_another_threshold() -> None:
    strict = minenetcd.evaluate(create_classical("cva"), Drawn(), threshold=0.7, workers=0)
    usual = minenetcd.evaluate(create_classical("cva"), Drawn(), workers=0)
    assert strict.threshold == 0.7 and strict.confusion.fp <= usual.confusion.fp
    assert np.array_equal(strict.histogram, usual.histogram)


def test_everything_changed_is_what_it_says() -> None:
    found = minenetcd.evaluate(EverythingChanged(), WithConstantDates(), workers=0)
    assert found.confusion.recall == 1 and found.confusion.tn == found.confusion.fn == 0 and not found.refused
    assert EverythingChanged().name == EVERYTHING


def test_batches_of_several_pairs_are_taken_apart() -> None:
    two = Drawn()[1], Drawn()[3]
    batch = ChangeBatch(*(torch.stack(part) for part in list(zip(*two, strict=True))[:3]), ["1", "3"])
    scored = SceneScores([create_classical("cva")])(batch)
    assert scored.scores.shape == (1, 2, 96, 96) and not torch.equal(scored.scores[0, 0], scored.scores[0, 1])
