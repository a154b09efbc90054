"""What folding ChangeFFT into two 1 x 1 convolutions saves in inference.

    python benchmarks/changefft.py

Times the module on the four levels of a Swin-T and of a ResNet-50 pyramid at 256 x 256 pixels, and the whole
network, with and without folding, in one run; prints milliseconds and their ratio.
"""

import time
from collections.abc import Callable
from functools import partial

import torch

from minenetcd.layers.changefft import ChannelChangeFFT
from minenetcd.models.minenetcd import MineNetCD

PYRAMIDS = {"swin_t": (96, 192, 384, 768), "resnet50": (256, 512, 1024, 2048)}
SIDES = (64, 32, 16, 8)


def main() -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        for name, channels in PYRAMIDS.items():
            for width, side in zip(channels, SIDES, strict=True):
                module, x = ChannelChangeFFT(width).eval(), torch.randn(1, width, side, side)
                _row(f"{name} level {width} x {side} x {side}", partial(module, x), partial(module.fused(), x))
            model = MineNetCD(backbone=name).eval()
            pair = torch.randn(1, 3, 256, 256), torch.randn(1, 3, 256, 256)
            _row(f"{name} whole network", partial(model, *pair), partial(model.fused(), *pair))


def _row(name: str, plain: Callable[[], object], fused: Callable[[], object]) -> None:
    before, after = _milliseconds(plain, fused)
    print(f"{name:32} plain {before:8.2f} ms   fused {after:8.2f} ms   {before / after:5.2f} x faster")


def _milliseconds(*calls: Callable[[], object], rounds: int = 15) -> list[float]:
    """Median time of each call, taken in turn so that the machine's mood falls on all alike."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds + 2):
        for call, record in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            record.append((time.perf_counter() - start) * 1000)
    return [sorted(record[2:])[len(record[2:]) // 2] for record in times]


if __name__ == "__main__":
    main()
