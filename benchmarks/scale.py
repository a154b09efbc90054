"""What a pixel costs, in time and memory, in scenes from 1,000 pixels a side to 100,000: a table and a figure.

    OMP_NUM_THREADS=1 python benchmarks/scale.py [--sides 1000 2000 4000 8000 16000] [--out scale.csv]
    python benchmarks/scale.py --draw scale.csv docs/images/scale.png

Scenes up to the largest side are mapped (`large_scenes.py`), by cva, and by the embedded network as far as 4,000. Of a
scene of 100,000 x 100,000 pixels one row of tiles is mapped, 100,000 x 2,048: memory is that of the whole, as a scene
is worked on row by row of tiles; time is a row's times the number of rows. Beside it the limits: what this machine's
disk and memory take to pass the bytes of a pixel once, and its largest matrix products to multiply what the embedded
network does.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from minenetcd.display.figure_style import figure_style
from minenetcd.display.palettes import AFTER, BLUE

SCRIPT = Path(__file__).with_name("large_scenes.py")
FARTHEST, ROW = 100_000, 2_048
NETWORK_TO = 4_000
COLOURS = {"minenetcd-nano": BLUE, "cva": AFTER}
READ, WRITTEN = 6, 4  # bytes of a pixel: two dates of three bands; drafts and copies of two rasters
LIMITS = {"disk_limit": "disk", "memory_limit": "memory", "matrix_limit": "matrices of nano"}
LARGE = 2**28  # bytes that no cache holds
MULTIPLICATIONS = 0.75 * 2**30 / 256**2  # of the embedded network a pixel (operations.py)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[1000, 2000, 4000, 8000, 16000])
    parser.add_argument("--out", type=Path, default=Path("scale.csv"))
    parser.add_argument("--draw", type=Path, nargs=2, metavar=("TABLE", "PICTURE"))
    options = parser.parse_args()
    if options.draw:
        return draw(*options.draw)
    scenes = [("cva", side, side) for side in options.sides]
    scenes += [("minenetcd-nano", side, side) for side in options.sides if side <= NETWORK_TO]
    scenes += [("cva", ROW, FARTHEST)]
    limits = {
        "disk_limit": seconds_of_disk(),
        "memory_limit": seconds_of_memory(),
        "matrix_limit": seconds_of_matrices(),
    }
    with options.out.open("w", encoding="utf-8", newline="") as file:
        columns = ["model", "rows", "width", "seconds", "processor", "pixels", "memory", *limits]
        table = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        for model, rows, width in scenes:
            measured = scene(model, rows, width)
            table.writerow({"model": model, "rows": rows, "width": width, **measured, **limits})
            file.flush()
            print(f"{model}, {rows} x {width}: {1e6 * measured['processor'] / measured['pixels']:.2f} s a megapixel, "
                  f"{measured['memory'] / 2**20:.0f} MiB", flush=True)  # fmt: skip


def scene(model: str, rows: int, width: int) -> dict[str, float]:
    command = [sys.executable, str(SCRIPT), "scene", "--json", "--model", model]
    command += ["--rows", str(rows), "--width", str(width)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    measured: dict[str, float] = json.loads(answer.splitlines()[-1])
    return measured


def seconds_of_disk() -> float:
    """To write the bytes of a megapixel, and wait for the disk. [s]"""

    def write() -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(bytes(LARGE))
            file.flush()
            os.fsync(file.fileno())

    return best(write, time.perf_counter) / LARGE * (READ + WRITTEN) * 1e6


def seconds_of_memory() -> float:
    """To pass the bytes of a megapixel once, as float32. [s]"""
    numbers, place = np.ones(LARGE, np.uint8), np.zeros(LARGE, np.uint8)
    return best(lambda: np.copyto(place, numbers), time.process_time) / LARGE * 4 * READ * 1e6


def seconds_of_matrices() -> float:
    """To multiply what the embedded network multiplies for a megapixel, looked at once, as large matrices. [s]"""
    side = 2048
    one, other = torch.randn(2, side, side)
    return best(lambda: torch.mm(one, other), time.process_time) / side**3 * MULTIPLICATIONS * 1e6


def best(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Of five times, by `clock`. [s]"""
    taken = []
    for _ in range(5):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


def draw(table: Path, picture: Path) -> None:
    """Time and memory by the side of a scene, measured (dots) and by the row of the widest scene (rings)."""
    with table.open(encoding="utf-8") as file:
        rows = [{key: float(x) if key != "model" else x for key, x in row.items()} for row in csv.DictReader(file)]
    with figure_style():
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        time_axes, memory_axes = figure.subplots(1, 2)
        for model, colour in COLOURS.items():
            own = [row for row in rows if row["model"] == model]
            whole = [row for row in own if row["rows"] == row["width"]]
            for axes, number in ((time_axes, _seconds), (memory_axes, _mebibytes)):
                axes.plot([row["width"] for row in whole], list(map(number, whole)), "o-", color=colour, label=model)
                widest = [row for row in own if row["width"] == FARTHEST]
                if widest:
                    ends = [whole[-1], *widest]
                    axes.plot([row["width"] for row in ends], list(map(number, ends)), ":", color=colour)
                    axes.plot(FARTHEST, number(widest[0]), "o", mfc="white", color=colour)
        for limit, name in LIMITS.items():
            value = sum(row[limit] for row in rows) / len(rows)
            time_axes.axhline(value, color="0.6", lw=1, ls="--")
            time_axes.annotate(name, (1000, value), xytext=(0, 2), textcoords="offset points", fontsize=8, color="0.4")
        memory_axes.axhline(1.2 * 1024, color="0.6", lw=1, ls="--")
        memory_axes.annotate("limit at 24,000", (1000, 1.2 * 1024), xytext=(0, 2), textcoords="offset points",
                             fontsize=8, color="0.4")  # fmt: skip
        time_axes.set(xscale="log", yscale="log", ylabel="processor time of a megapixel [s]")
        time_axes.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
        memory_axes.set(xscale="log", ylabel="most memory, above imports [MiB]", ylim=(0, None))
        for axes in (time_axes, memory_axes):
            axes.set(xlabel="side of the scene [pixels]")
            axes.set_xticks([1000, 10_000, 100_000], ["1,000", "10,000", "100,000"])
        time_axes.legend()
        figure.savefig(picture, dpi=150)


def _seconds(row: dict[str, float]) -> float:
    return 1e6 * row["processor"] / row["pixels"]


def _mebibytes(row: dict[str, float]) -> float:
    return row["memory"] / 2**20


if __name__ == "__main__":
    main()
