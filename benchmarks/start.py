"""Processor time until `minenetcd predict` hands its first tile to the network, beside `import torch, rasterio`.

    python benchmarks/start.py --rounds 15

Both run in processes of their own, in turn, with one thread, because a thread that waits for others counts as work.
The first round warms up the disk and is left out.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

IMPORTS = """
import os, torch, rasterio
print(sum(os.times()[:2]))
"""
#: The command as it is, ended where the first tile reaches a network; torch, which it needs anyway, comes before.
PREDICT = """
import os, sys, torch

def first_tile(*_):
    print(sum(os.times()[:2]), flush=True)
    os._exit(0)

torch.nn.modules.module.register_module_forward_pre_hook(first_tile)
sys.argv = ["minenetcd", "predict", *sys.argv[1:]]
from minenetcd.cli.main import run
run()
"""


DETECTOR = ("--model", "minenetcd-nano")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        images = [_write_image(Path(folder) / f"{name}.tif", seed) for seed, name in enumerate(("before", "after"))]
        pairs = [
            (_seconds(IMPORTS), _seconds(PREDICT, *images, *DETECTOR, "--out", f"{folder}/change"))
            for _ in range(rounds + 1)
        ][1:]
    imports, predict = map(statistics.median, zip(*pairs, strict=True))
    ratios = sorted(second / first for first, second in pairs)
    print(f"import torch, rasterio {imports:.2f} s; minenetcd predict to its first tile {predict:.2f} s")
    print(f"ratio {statistics.median(ratios):.2f} (single rounds {ratios[0]:.2f} to {ratios[-1]:.2f})")


def _write_image(path: Path, seed: int) -> str:
    pixels = np.random.default_rng(seed).integers(0, 255, (3, 512, 512), dtype=np.uint8)
    place = {"crs": "EPSG:32633", "transform": from_origin(500_000, 5_000_000, 1.2, 1.2)}
    with rasterio.open(path, "w", driver="GTiff", width=512, height=512, count=3, dtype="uint8", **place) as file:
        file.write(pixels)
    return str(path)


def _seconds(code: str, *arguments: str) -> float:
    """User and system time of `python -c code`, as it prints it."""
    command, one_thread = [sys.executable, "-c", code, *arguments], os.environ | {"OMP_NUM_THREADS": "1"}
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread).stdout)


if __name__ == "__main__":
    main()
