"""What folding ChangeFFT into two 1 x 1 convolutions saves in inference.

    OMP_NUM_THREADS=1 python benchmarks/changefft.py [--rounds 15]

Times the module on the four levels of a Swin-T and of a ResNet-50 pyramid at 256 x 256 pixels, and the whole
network, with and without folding, in one run, taking turns; prints medians of processor time and their ratio.
"""

import argparse
from collections.abc import Callable
from functools import partial

import torch
from turns import in_turn, timed

from minenetcd.layers.changefft import ChannelChangeFFT
from minenetcd.models.minenetcd import MineNetCD

PYRAMIDS = {"swin_t": (96, 192, 384, 768), "resnet50": (256, 512, 1024, 2048)}
SIDES = (64, 32, 16, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.manual_seed(0)
    with torch.inference_mode():
        for name, channels in PYRAMIDS.items():
            for width, side in zip(channels, SIDES, strict=True):
                module, x = ChannelChangeFFT(width).eval(), torch.randn(1, width, side, side)
                _row(f"{name} level {width} x {side} x {side}", partial(module, x), partial(module.fused(), x), rounds)
            model = MineNetCD(backbone=name).eval()
            pair = torch.randn(1, 3, 256, 256), torch.randn(1, 3, 256, 256)
            _row(f"{name} whole network", partial(model, *pair), partial(model.fused(), *pair), rounds)


def _row(name: str, plain: Callable[[], object], fused: Callable[[], object], rounds: int) -> None:
    taken = in_turn({"plain": timed(plain), "fused": timed(fused)}, rounds)
    before, after = (1000 * numbers["processor"] for numbers in taken.values())
    print(f"{name:32} plain {before:8.2f} ms   fused {after:8.2f} ms   {before / after:5.2f} x faster")


if __name__ == "__main__":
    main()
