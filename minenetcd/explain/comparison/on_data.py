"""Two detectors on one split of a data set, each at its own threshold."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.fitting import FittedPairs
from minenetcd.data.loading import make_mapped_loader, stack_pairs
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.display.eight_bit import eight_bit_pair
from minenetcd.evaluation.evaluate import probability_of
from minenetcd.evaluation.scenes import SceneScores, ScoredBatch
from minenetcd.explain.comparison.comparison import EXAMPLES, Comparison, Example
from minenetcd.explain.comparison.joint_counts import JointCounts, joint_counts
from minenetcd.types import ChangeBatch


def compare_on_data(
    detectors: Mapping[str, Detector],
    data: str,
    *,
    split: str = "test",
    batch_size: int = 8,
    workers: int = 2,
    device: str = "auto",
    examples: int = EXAMPLES,
    progress: Progress = no_progress,
) -> Comparison:
    """Run the two `detectors` over `split` of `data` and count, pixel by pixel, which of them is right.

    Groups are sites where the data knows them, else pairs. A pair on which a detector without training cannot work is
    unchanged to it, as in `evaluate_scenes`. Raises DataError for data that cannot be read.
    """
    dataset = load_dataset(data, split)
    pair = {
        name: detector.for_inference(device) if isinstance(detector, ChangeDetector) else detector
        for name, detector in detectors.items()
    }
    joint = count_together(pair, dataset, batch_size=batch_size, workers=workers, progress=progress)
    shown = [_example(pair, dataset, index) for index in joint.largest_differences(examples)]
    a, b = pair
    notes = tuple(note for each in _Sides(pair, dataset).pairs.values() if (note := each.bands_note))
    return Comparison(a, b, f"{dataset.facts.source}, {dataset.facts.split}", joint, shown, notes=notes)


class _Sides:
    """Detectors at work on the batches of `dataset`: networks on their device, others where the pairs are read."""

    def __init__(self, detectors: Mapping[str, Detector], dataset: ChangeDataset) -> None:
        self.detectors = list(detectors.values())
        self.networks = [one for one in self.detectors if isinstance(one, ChangeDetector)]
        self.pairs = {id(one): FittedPairs(dataset, one.preprocessing, one.name) for one in self.networks}
        self.scenes = SceneScores([one for one in self.detectors if not isinstance(one, ChangeDetector)])
        self.device = self.networks[0].device if self.networks else torch.device("cpu")

    def check(self) -> None:
        """Raises what `FittedPairs.check` raises."""
        for pairs in self.pairs.values():
            pairs.check()

    def changed(self, scored: ScoredBatch) -> list[Tensor]:
        """What each detector calls changed (B, H, W), on the device."""
        scores = iter(scored.scores)
        return [
            (self._probability(one, scored.batch) if isinstance(one, ChangeDetector) else next(scores).to(self.device))
            >= one.threshold
            for one in self.detectors
        ]

    def _probability(self, network: ChangeDetector, batch: ChangeBatch) -> Tensor:
        pairs = self.pairs[id(network)]
        return probability_of(network, pairs.of(batch), value_range=pairs.value_range)


@torch.inference_mode()
def count_together(
    detectors: Mapping[str, Detector],
    dataset: ChangeDataset,
    *,
    batch_size: int,
    workers: int,
    progress: Progress = no_progress,
) -> JointCounts:
    """Joint counts of every pair of `dataset`."""
    sides = _Sides(detectors, dataset)
    sides.check()
    batch_size = batch_size if sides.networks else 1  # each pair is a scene: they may differ in size
    loader = make_mapped_loader(dataset, sides.scenes, batch_size=batch_size, workers=workers)
    place = {name: index for index, name in enumerate(dataset.names)}
    counts = torch.zeros(len(dataset), 2, 2, 2, dtype=torch.int64)
    for number, scored in enumerate(loader, start=1):
        mask_a, mask_b = sides.changed(scored)
        truth = scored.batch.mask.to(sides.device, non_blocking=True)
        counts[[place[name] for name in scored.batch.names]] = joint_counts(mask_a, mask_b, truth).cpu()
        progress(number, len(loader))
    names, sites = list(dataset.names), dataset.sites
    groups, group = (names, "pair") if sites is None else (sites, "site")
    return JointCounts(names, counts.numpy(), groups, "pair", group)


@torch.inference_mode()
def _example(detectors: Mapping[str, Detector], dataset: ChangeDataset, index: int) -> Example:
    sample, sides = dataset[index], _Sides(detectors, dataset)
    a, b = (changed[0].cpu().numpy() for changed in sides.changed(sides.scenes(stack_pairs([sample]))))
    truth = sample.mask.numpy()
    shown = np.ones(truth.shape, bool)  # labelled or not
    before, after = (date.permute(1, 2, 0).numpy() for date in (sample.before, sample.after))
    return Example(sample.name, *eight_bit_pair(before, after, shown), a, b, truth, truth != UNKNOWN)
