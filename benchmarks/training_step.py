"""Training speed: samples a second, the share of each part of a step, and the distance to the machine's limit.

python benchmarks/training_step.py [--methods minenetcd-swin-t bit] [--batch 4] [--steps 6]

The limit is the rate of a large matrix product measured in the same run, against the multiply-adds of the step
(forward, and twice as many backward).
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from minenetcd.configs.recipe import Recipe
from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.data.loading import make_loader
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.models.complexity import measure_complexity
from minenetcd.training.losses import change_loss
from minenetcd.training.optimise import make_optimiser
from minenetcd.types import ChangeSample, change_probability

PARTS = ("data", "forward", "backward", "optimiser")


class Noise(ChangeDataset):
    """Random pairs of 256 x 256 in memory: what is measured is the step, not the disk (benchmarks/loading.py)."""

    def __init__(self, pairs: int) -> None:
        self.facts = DatasetFacts("noise", "train", "0")
        self.names = [str(index) for index in range(pairs)]
        images = np.random.default_rng(0).integers(0, 255, (2, 3, 256, 256), dtype=np.uint8)
        self.before, self.after = (torch.from_numpy(image) for image in images)
        self.mask = (self.before[0] > 200).to(torch.uint8)

    def __getitem__(self, index: int) -> ChangeSample:
        return ChangeSample(self.before, self.after, self.mask, self.names[index])


class Clock:
    """Seconds spent in each named part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - started


def matrix_product_rate() -> float:
    """Multiply-adds a second of a 2048 x 2048 product in float32, the best of five."""
    a, b = torch.randn(2, 2048, 2048)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - started)
    return 2048**3 / min(times)


def training(detector: ChangeDetector, recipe: Recipe, steps: int) -> Clock:
    """Time the parts of `steps` steps, after one to warm up."""
    model = detector.model.train().to(memory_format=torch.channels_last)
    optimiser, clock = make_optimiser(model, recipe), Clock()
    loader = make_loader(
        Noise(recipe.batch_size * (steps + 1)), batch_size=recipe.batch_size, workers=0, seed=0, augmentation="strong"
    )
    batches = iter(loader)
    for step in range(steps + 1):
        if step == 1:
            clock = Clock()
        with clock.part("data"):
            batch = next(batches)
        with clock.part("forward"):
            dates = detector.preprocessing.inputs(*detector.preprocessing.dates_in_unit(batch, detector.device))
            loss = change_loss(model(*dates), batch.mask, name=recipe.loss, auxiliary_weights=model.auxiliary_weights)
        with clock.part("backward"):
            optimiser.zero_grad()
            loss.backward()
        with clock.part("optimiser"):
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
    return clock


@torch.inference_mode()
def inference(detector: ChangeDetector, batch: int, steps: int) -> float:
    """Pairs a second through the detector made ready to predict."""
    ready = detector.for_inference("cpu")
    dates = torch.rand(2, batch, 3, 256, 256)
    change_probability(ready.model(*dates).logits)
    started = time.perf_counter()
    for _ in range(steps):
        ready(*dates)
    return batch * steps / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=["minenetcd-swin-t", "bit"])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=6)
    options = parser.parse_args()
    peak = matrix_product_rate()
    print(f"matrix product: {peak / 1e9:.1f} G multiply-adds/s on {torch.get_num_threads()} threads\n")
    headings = ("method", "training [samples/s]", *PARTS, "of the product", "predicting [pairs/s]")
    print(f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}")
    for name in options.methods:
        detector = ChangeDetector.from_config(name)
        macs = measure_complexity(detector.model).macs
        clock = training(detector, Recipe(batch_size=options.batch), options.steps)
        total = sum(clock.seconds.values())
        rate = options.batch * options.steps / total
        shares = " | ".join(f"{clock.seconds[part] / total:.1%}" for part in PARTS)
        predicting = inference(detector, options.batch, options.steps)
        print(f"| {name} | {rate:.2f} | {shares} | {3 * macs * rate / peak:.0%} | {predicting:.2f} |")


if __name__ == "__main__":
    main()
