"""How fast pairs come from a data set, against the plain way, and where the time goes.

    python benchmarks/loading.py [--pairs 512] [--batch 32] [--rounds 5]

Both read the same parquet file: imageA, imageB, label as embedded PNG, 256 x 256 pixels, as the public data sets
have it. The plain way is a Dataset that indexes the table three times per item and converts with Pillow and
ToTensor, without workers. The limit is decoding alone, each image once, and with an augmentation this one too, on the
cores there are. Processor time per pair is printed beside the clock's: it says what a way costs also where other work
runs on the machine (Linux only).
"""

import argparse
import io
import itertools
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ToTensor

import datasets
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.loading import PairLoader, make_loader
from minenetcd.data.transforms import augment, sample_generator
from minenetcd.datasets.catalog import load_dataset
from minenetcd.synthetic import make_scene
from minenetcd.types import ChangeSample

SIDE = 256

DECODING, AUGMENTATION = "reading and decoding", "augmentation, strong"
PARTS = (DECODING, AUGMENTATION, "stacking", "stacking and passing on")

#: Reads pairs and says how many.
Run = Callable[[], int]


class Speed(NamedTuple):
    """By the clock, and by the time that all processes together had a core for. [1/s, ms]"""

    pairs_per_second: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=512)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5, help="More of them meet a quiet moment of a busy machine.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder), arguments.pairs)
        pairs = load_dataset(path, "train", cache_dir=folder)
        size = path.stat().st_size / len(pairs) / 1000
        print(f"{len(pairs)} pairs, {size:.0f} kB each, batches of {arguments.batch}")
        measured = _in_turn(_ways(path, pairs, arguments.batch) | _parts(pairs, arguments.batch), arguments.rounds)
        parts = {name: measured.pop(name) for name in PARTS}
        _print(measured, compared_to="plain way")
        _print(parts)
        _print_limits(measured, parts)


def _ways(path: Path, pairs: ChangeDataset, batch: int) -> dict[str, Run]:
    """The plain way, and this package's with every number of workers."""
    table = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(path.parent))
    plain = DataLoader(_Plain(table), batch)
    ways: dict[str, Run] = {"plain way": lambda: sum(len(names) for *_, names in plain)}
    for augmentation, workers in itertools.product(("none", "strong"), range(os.cpu_count() + 1)):
        loader = make_loader(
            pairs, batch_size=batch, workers=workers, seed=0, augmentation=augmentation, crop=SIDE, shuffle=True
        )
        ways[f"{augmentation}, {workers} workers"] = partial(_read, loader)
    return ways


def _parts(pairs: ChangeDataset, batch: int) -> dict[str, Run]:
    """What a pair costs on one core part by part, and what passing it from one process to another adds."""
    kept = [pairs[index] for index in range(batch)]
    parts: dict[str, Run] = {
        DECODING: lambda: len([pairs[index] for index in range(len(pairs))]),
        AUGMENTATION: lambda: len([_augmented(kept[i % batch], i) for i in range(len(pairs))]),
    }
    for workers, part in enumerate(PARTS[2:]):
        loader = make_loader(_Kept(pairs, kept), batch_size=batch, workers=workers, seed=0)
        parts[part] = partial(_read, loader)
    return parts


def _read(loader: PairLoader) -> int:
    return sum(len(batch.names) for batch in loader)


def _in_turn(runs: dict[str, Run], rounds: int) -> dict[str, Speed]:
    """The best of `rounds` of each, taken in turn so that the machine's mood falls on all alike; a first warms up."""
    measured: dict[str, list[Speed]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            clock, processor = time.perf_counter(), _processor_seconds()
            pairs = run()
            clock, processor = time.perf_counter() - clock, _processor_seconds() - processor
            measured[name].append(Speed(pairs / clock, 1000 * processor / pairs))
    return {
        name: Speed(max(speed.pairs_per_second for speed in speeds[1:]), min(speed.processor for speed in speeds[1:]))
        for name, speeds in measured.items()
    }


def _print(speeds: dict[str, Speed], *, compared_to: str | None = None) -> None:
    print(f"\n{'':26} pairs/s   processor ms a pair")
    for name, speed in speeds.items():
        print(f"{name:26} {speed.pairs_per_second:7.0f} {speed.processor:12.2f}", end="")
        if compared_to is not None:
            print(f" {speed.pairs_per_second / speeds[compared_to].pairs_per_second:18.1f} x {compared_to}", end="")
        print()


def _print_limits(ways: dict[str, Speed], parts: dict[str, Speed]) -> None:
    """What decoding and augmentation alone would reach on all cores, and how much of it as many workers do."""
    cores = os.cpu_count()
    print()
    for augmentation, needed in (("none", (DECODING,)), ("strong", (DECODING, AUGMENTATION))):
        way = ways[f"{augmentation}, {cores} workers"]
        limit = cores / sum(1 / parts[part].pairs_per_second for part in needed)
        clock, processor = way.pairs_per_second / limit, sum(parts[part].processor for part in needed) / way.processor
        print(
            f"limit of {augmentation} ({' + '.join(needed)}) on {cores} cores: {limit:.0f} pairs/s, {cores} workers "
            f"reach {clock:.0%} of it; by processor time {processor:.0%}"
        )


def _processor_seconds() -> float:
    """Of this process and of its running children."""
    own = os.times()
    ticks = os.sysconf("SC_CLK_TCK")
    total = own.user + own.system
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


class _Plain(Dataset):
    """A data set as it is often written: three reads of a row for three images."""

    def __init__(self, table: datasets.Dataset) -> None:
        self.table, self.to_tensor = table, ToTensor()

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, str]:
        before = self.to_tensor(self.table[index]["imageA"].convert("RGB"))
        after = self.to_tensor(self.table[index]["imageB"].convert("RGB"))
        label = self.to_tensor(self.table[index]["label"]).squeeze().long()
        return before, after, label, f"{index}.png"


class _Kept(ChangeDataset):
    """Pairs that lie in memory: what is left is the loader's own cost."""

    def __init__(self, pairs: ChangeDataset, kept: list[ChangeSample]) -> None:
        self.facts, self.names, self.kept = pairs.facts, pairs.names, kept

    def __getitem__(self, index: int) -> ChangeSample:
        return self.kept[index % len(self.kept)]


def _augmented(sample: ChangeSample, index: int) -> ChangeSample:
    return augment(sample, sample_generator(0, 0, index), recipe="strong", crop=SIDE)


def _write(folder: Path, pairs: int) -> Path:
    """A parquet file in the published layout, of patches of synthetic scenes; a patch comes again after 128."""
    rows = []
    for seed in range(8):
        scene = make_scene(seed, size=4 * SIDE)
        for row, column in itertools.product(range(0, 4 * SIDE, SIDE), repeat=2):
            at = slice(row, row + SIDE), slice(column, column + SIDE)
            images = scene.before[at], scene.after[at], 255 * scene.mask[at]
            rows.append(dict(zip(("imageA", "imageB", "label"), map(_png, images), strict=True)))
    table = datasets.Dataset.from_list(
        [rows[index % len(rows)] for index in range(pairs)],
        features=datasets.Features(dict.fromkeys(rows[0], datasets.Image())),
    )
    path = folder / "train-00000-of-00001.parquet"
    table.to_parquet(path)
    return path


def _png(pixels: NDArray[np.uint8]) -> dict[str, bytes]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"bytes": file.getvalue()}


if __name__ == "__main__":
    main()
