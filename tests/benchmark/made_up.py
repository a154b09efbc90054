"""A benchmark folder as a run leaves it, with detectors that are the truth moved and sprinkled: no network at all."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.measuring.samples import SampleCollector, kept_names
from minenetcd.benchmark.record import Origin, Record, Training
from minenetcd.benchmark.suite.cells import Cell, expand
from minenetcd.benchmark.suite.trunks import complexity_of
from minenetcd.configs.suite import Suite
from minenetcd.data.dataset import DatasetFacts
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.outputs import MetricsRecord, staged_results, write_results
from minenetcd.evaluation.probabilities.curves import LEVELS
from minenetcd.evaluation.tally import Evaluation
from minenetcd.types import ChangeBatch

FINGERPRINT = "0123456789abcdef"

Pair = tuple[str, str, np.ndarray, np.ndarray, np.ndarray]  # name, site, before and after (C, H, W), truth (H, W)


def square_pairs(count: int = 12, sites: int = 4, side: int = 32) -> list[Pair]:
    """Noise in which a square appears, in all pairs but every fifth."""
    pairs = []
    for index in range(count):
        rng = np.random.default_rng(index)
        before = rng.integers(40, 120, (3, side, side), dtype=np.uint8)
        after, truth = before.copy(), np.zeros((side, side), np.uint8)
        if index % 5 != 4:
            row, column = rng.integers(0, side // 2, 2)
            square = (slice(row, row + side // 3), slice(column, column + side // 3))
            after[(slice(None), *square)], truth[square] = 220, 1
        pairs.append((f"pair {index:02d}", f"site {index % sites}", before, after, truth))
    return pairs


def make_up(
    suite: Suite, out: Path, pairs: Sequence[Pair], *, skill: dict[str, float], leave_out: Sequence[str] = ()
) -> BenchmarkFolder:
    """Fill `out` as `run_suite` would; `skill` (0 to 1, by row label) says how near to the truth a row comes.

    Cells of the labels in `leave_out` are not run, and none without `pairs`.
    """
    folder, cells = BenchmarkFolder(out), expand(suite)
    folder.prepare(suite, cells)
    for cell in cells:
        if pairs and cell.label not in leave_out:
            _measure(cell, folder, pairs, skill.get(cell.label, 0.5))
    return folder


def _measure(cell: Cell, folder: BenchmarkFolder, pairs: Sequence[Pair], skill: float) -> None:
    names = [name for name, *_ in pairs]
    samples = SampleCollector(
        kept_names(names, cell.test.kept), folder.samples(cell.dataset, FINGERPRINT), threshold=0.5
    )
    counts = []
    for number, (name, _, before, after, truth) in enumerate(pairs):
        mask = _guess(truth, skill, np.random.default_rng([number, cell.seed or 0, sum(cell.id.encode())]))
        images = (torch.from_numpy(image)[None] for image in (before, after, truth))
        samples(ChangeBatch(*images, [name]), torch.from_numpy(mask[None].astype(np.float32)))
        counts.append(Confusion.count(mask.astype(np.uint8), truth).to_tensor().tolist())
    facts = DatasetFacts(cell.data, "test", FINGERPRINT)
    sites = [site for _, site, *_ in pairs]
    result = Evaluation(facts, names, sites, 0.5, np.array(counts), np.zeros((2, LEVELS), np.int64))
    out = folder.cell(cell)
    out.mkdir(parents=True)
    samples.write(out / "masks.npz")
    with staged_results(out, names, pictures=False) as staged:
        write_results(result, staged, about={})
    folder.write_record(cell, _record(cell, result))


def _guess(truth: np.ndarray, skill: float, rng: np.random.Generator) -> np.ndarray:
    """The truth, moved by some pixels, with blocks turned over."""
    step = max(1, truth.shape[0] // 16)
    moved = np.roll(truth == 1, rng.integers(-2, 3, 2) * round((1 - skill) * 2 * step), axis=(0, 1))
    coarse = rng.random((-(-truth.shape[0] // step), -(-truth.shape[1] // step))) < 0.25 * (1 - skill)
    return moved ^ coarse.repeat(step, 0).repeat(step, 1)[: truth.shape[0], : truth.shape[1]]


def _record(cell: Cell, result: Evaluation) -> Record:
    complexity = complexity_of(cell.model)
    seconds = complexity.macs / 1e9 if complexity else 1.0
    return Record(
        cell=cell.id,
        row=cell.row,
        label=cell.label,
        group=cell.group,
        model=cell.model,
        dataset=cell.dataset,
        recipe=cell.recipe,
        seed=cell.seed,
        weights="trained" if cell.is_trained_here else cell.weights,
        trained_on=None,
        metrics=MetricsRecord.of(result),
        complexity=complexity,
        training=None if cell.needs_no_weights else Training(100, 800, seconds, None, None, None, None),
        test_seconds=seconds / 10,
        origin=Origin(cell.hash, "0" * 40, None, version="0", torch="0", machine="made up", finished=""),
    )
