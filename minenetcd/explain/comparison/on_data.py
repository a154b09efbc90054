"""Two detectors on one split of a data set, each at its own threshold."""

from collections.abc import Mapping

import numpy as np
import torch

from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.loading import make_loader, stack_pairs
from minenetcd.datasets.catalog import load_dataset
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.display.eight_bit import eight_bit_view
from minenetcd.evaluation.evaluate import probability_of
from minenetcd.explain.comparison.comparison import EXAMPLES, Comparison, Example
from minenetcd.explain.comparison.joint_counts import JointCounts, joint_counts


def compare_on_data(
    detectors: Mapping[str, ChangeDetector],
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

    Groups are sites where the data knows them, else pairs. Raises DataError for data that cannot be read.
    """
    dataset = load_dataset(data, split)
    pair = {name: detector.for_inference(device) for name, detector in detectors.items()}
    joint = count_together(pair, dataset, batch_size=batch_size, workers=workers, progress=progress)
    shown = [_example(pair, dataset, index) for index in joint.largest_differences(examples)]
    a, b = pair
    return Comparison(a, b, f"{dataset.facts.source}, {dataset.facts.split}", joint, shown)


@torch.inference_mode()
def count_together(
    detectors: Mapping[str, ChangeDetector],
    dataset: ChangeDataset,
    *,
    batch_size: int,
    workers: int,
    progress: Progress = no_progress,
) -> JointCounts:
    """Joint counts of every pair of `dataset`."""
    a, b = detectors.values()
    loader = make_loader(dataset, batch_size=batch_size, workers=workers, seed=0, device=a.device)
    place = {name: index for index, name in enumerate(dataset.names)}
    counts = torch.zeros(len(dataset), 2, 2, 2, dtype=torch.int64)
    for number, batch in enumerate(loader, start=1):
        mask_a, mask_b = (probability_of(detector, batch) >= detector.threshold for detector in (a, b))
        truth = batch.mask.to(a.device, non_blocking=True)
        counts[[place[name] for name in batch.names]] = joint_counts(mask_a, mask_b, truth).cpu()
        progress(number, len(loader))
    names, sites = list(dataset.names), dataset.sites
    groups, group = (names, "pair") if sites is None else (sites, "site")
    return JointCounts(names, counts.numpy(), groups, "pair", group)


@torch.inference_mode()
def _example(detectors: Mapping[str, ChangeDetector], dataset: ChangeDataset, index: int) -> Example:
    sample = dataset[index]
    batch = stack_pairs([sample])
    a, b = ((probability_of(detector, batch)[0] >= detector.threshold).cpu().numpy() for detector in detectors.values())
    truth = sample.mask.numpy()
    shown = np.ones(truth.shape, bool)  # labelled or not
    before, after = (eight_bit_view(date.permute(1, 2, 0).numpy(), shown) for date in (sample.before, sample.after))
    return Example(sample.name, before, after, a, b, truth, truth != UNKNOWN)
