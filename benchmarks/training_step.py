"""How fast networks train: a step of MineNetCD against the published order of work, of others against earlier code.

    python benchmarks/training_step.py [--batch 4] [--rounds 3] [--methods bit snunet] [--threads 2]

The published order of work passes MineNetCD twice in each step, once for the loss and once for the scores that it
shows, each date by itself (`forward.py`). The earlier code is that of the commit in `earlier.py`. The last row is a
step of `minenetcd train`, data and all, against one of a plain loop over the same batches with channels side by side
in memory. The peak is a product of two matrices of 2048 x 2048 in the same run; a step takes three times the
multiply-adds of a forward pass. Both sides take turns; printed are medians.
"""

import argparse
import copy
from collections.abc import Callable, Iterator

import earlier
import numpy as np
import pandas as pd
import torch
from forward import matrix_peak, published, published_encoder
from markdown_table import markdown
from torch import Tensor, nn
from turns import Numbers, in_turn, timed

from minenetcd.data.dataset import ChangeDataset, DatasetFacts
from minenetcd.data.loading import make_loader
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import create_model
from minenetcd.models.complexity import measure_complexity
from minenetcd.models.minenetcd import MineNetCD
from minenetcd.runtime.interruption import Interruption
from minenetcd.training.loop import Trainer
from minenetcd.training.losses import change_loss
from minenetcd.training.parallel import start_accelerator
from minenetcd.training.plan import Plan
from minenetcd.training.settings import read_settings
from minenetcd.types import ChangeOutput, ChangeSample

SIDE = 256
#: The ratios that are wanted; of the loop, what it may take of a plain one.
WANTED = {"minenetcd": 2.0, "bit": 1.3, "snunet": 1.3}
MOST_OF_PLAIN, LOOP_ROUNDS = 1.03, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--methods", nargs="*", default=["bit", "snunet"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--side", help="One of the two processes of a comparison: only answer for this method.")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.side:
        step = plain_step(create_model(options.side), options.batch)
        return earlier.answer(timed(step))
    rows = [against_published(options.batch, options.rounds)]
    for method in options.methods:
        arguments = ["--side", method, "--batch", str(options.batch), "--threads", str(options.threads)]
        with earlier.both("training_step.py", arguments) as sides:
            rows.append(row(method, in_turn(sides, options.rounds), options.batch))
    print(f"batches of {options.batch} pairs of {SIDE} x {SIDE}, {options.threads} threads")
    print(markdown(pd.DataFrame(rows)))
    loop = in_turn(loops("bit", options.batch, LOOP_ROUNDS + 1), LOOP_ROUNDS)
    share = loop["now"]["processor"] / loop["before"]["processor"]
    print(f"\na step of the training loop takes {share:.3f} of the processor time of a plain one "
          f"(limit {MOST_OF_PLAIN:g}), BIT, {LOOP_ROUNDS} rounds")  # fmt: skip


def row(method: str, taken: dict[str, Numbers], batch: int) -> dict[str, str]:
    before, now = taken["before"]["seconds"], taken["now"]["seconds"]
    macs = 3 * batch * measure_complexity(create_model(method)).macs
    return {
        "method": method,
        "before [s]": f"{before:.2f}",
        "now [s]": f"{now:.2f}",
        "ratio": f"{before / now:.2f}",
        "wanted": f"{WANTED[method]:g}",
        "of the matrix peak": f"{macs / now / matrix_peak():.0%}",
    }


def against_published(batch: int, rounds: int) -> dict[str, str]:
    torch.manual_seed(0)
    ours = create_model("minenetcd")
    theirs = copy.deepcopy(ours).train()
    assert isinstance(theirs, MineNetCD)
    encoder = published_encoder(theirs)

    def twice(*dates: Tensor) -> ChangeOutput:
        with torch.no_grad():
            published(theirs, encoder, *dates)
        return published(theirs, encoder, *dates)

    whole = nn.ModuleList([theirs, encoder])  # the optimiser moves as many weights: the idle trunk has no gradients
    steps = {
        "before": step_of(twice, whole, theirs.auxiliary_weights, batch, torch.contiguous_format),
        "now": plain_step(ours, batch),
    }
    return row("minenetcd", in_turn({name: timed(step) for name, step in steps.items()}, rounds), batch)


def plain_step(model: ChangeModel, batch: int) -> Callable[[], None]:
    model = model.train().to(memory_format=torch.channels_last)
    return step_of(model, model, model.auxiliary_weights, batch, torch.channels_last)


def step_of(
    answer: Callable[..., ChangeOutput],
    weights: nn.Module,
    auxiliary_weights: tuple[float, ...],
    batch: int,
    layout: torch.memory_format,
) -> Callable[[], None]:
    """One optimiser step on a batch of noise."""
    generator = torch.Generator().manual_seed(0)
    dates = [torch.randn(batch, 3, SIDE, SIDE, generator=generator).contiguous(memory_format=layout) for _ in "ab"]
    mask = (torch.rand(batch, SIDE, SIDE, generator=generator) > 0.9).to(torch.uint8)
    optimiser = torch.optim.AdamW(weights.parameters(), lr=1e-5)

    def step() -> None:
        optimiser.zero_grad()
        change_loss(answer(*dates), mask, name="ce", auxiliary_weights=auxiliary_weights).backward()
        nn.utils.clip_grad_norm_(weights.parameters(), 1.0)
        optimiser.step()

    return step


class Noise(ChangeDataset):
    """Random pairs in memory: what is measured is the step, not the disk (benchmarks/loading.py)."""

    def __init__(self, pairs: int) -> None:
        self.facts = DatasetFacts("noise", "train", "0")
        self.names = [str(index) for index in range(pairs)]
        images = np.random.default_rng(0).integers(0, 255, (2, 3, SIDE, SIDE), dtype=np.uint8)
        self.before, self.after = (torch.from_numpy(image) for image in images)
        self.mask = (self.before[0] > 200).to(torch.uint8)

    def __getitem__(self, index: int) -> ChangeSample:
        return ChangeSample(self.before, self.after, self.mask, self.names[index])


def loops(method: str, batch: int, steps: int) -> dict[str, Callable[[], Numbers]]:
    """A step of a plain loop, and one of `minenetcd train`, over the same batches."""
    recipe = {"batch_size": batch, "steps": steps, "augmentation": "none"}
    data = {"name": "synthetic"}  # not opened: the batches are noise
    settings = read_settings({"model": {"name": method}, "recipe": recipe, "data": data, "pretrained_backbone": False})
    pairs = Noise(batch * steps)
    accelerator = start_accelerator(settings.trainer, torch.device("cpu"))
    detector = ChangeDetector(create_model(method))
    trainer = Trainer(detector, pairs, Plan.of(settings, pairs=len(pairs), processes=1), settings, accelerator).steps(
        Interruption()
    )
    plain = plain_loop(ChangeDetector(create_model(method)), pairs, batch)
    return {"before": timed(plain.__next__), "now": timed(trainer.__next__)}


def plain_loop(detector: ChangeDetector, pairs: Noise, batch: int) -> Iterator[float]:
    model = detector.model.train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5)
    for each in make_loader(pairs, batch_size=batch, workers=0, seed=0, augmentation="none", shuffle=True):
        dates = detector.preprocessing.inputs(*detector.preprocessing.dates_in_unit(each, detector.device))
        loss = change_loss(model(*dates), each.mask, name="ce", auxiliary_weights=model.auxiliary_weights)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        yield loss.item()


if __name__ == "__main__":
    main()
