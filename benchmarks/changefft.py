"""What folding ChangeFFT into two 1 x 1 convolutions saves in inference.

    python benchmarks/changefft.py

Times the module on the four levels of a Swin-T and of a ResNet-50 pyramid at 256 x 256 pixels, and the whole
network, with and without folding, in one run; prints milliseconds and their ratio.
"""

from collections.abc import Callable
from functools import partial

import torch
from turns import seconds_in_turn

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
    before, after = (1000 * each for each in seconds_in_turn({"plain": plain, "fused": fused}, 15).values())
    print(f"{name:32} plain {before:8.2f} ms   fused {after:8.2f} ms   {before / after:5.2f} x faster")


if __name__ == "__main__":
    main()
