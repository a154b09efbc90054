"""How fast both dates of a pair are cut into segments, in how much memory, and how far the edge of a window is felt.

    OMP_NUM_THREADS=1 python benchmarks/segments.py speed [--side 3200] [--bands 6]
    OMP_NUM_THREADS=1 python benchmarks/segments.py windows [--side 2048]

`speed`: a drawn mine, both dates together in so many bands, at all scales of `minenetcd label`, once everything is
compiled, in a process of its own: seconds, processor time of all threads, and the most that is resident above what is
before. `windows`: two windows of drawn scenes, one moved by half its side against the other. Of the pixels that both
have at so many times the mean width of segments (the root of their mean area) off any edge of either, the share whose
segments are the same sets of pixels in both.
"""

import argparse
import multiprocessing
import time

import numpy as np
import pandas as pd
from large_scenes import MEBIBYTE, most_resident, resident
from markdown_table import markdown
from numpy.typing import NDArray

from minenetcd.labelling.segments.options import SegmentOptions
from minenetcd.labelling.segments.segmentation import segment, stacked
from minenetcd.synthetic import make_scene

#: Times the mean width of segments.
DISTANCES = (0, 1, 2, 3, 4, 6, 8)
SEEDS = (5, 11, 23)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "windows"))
    parser.add_argument("--side", type=int)
    parser.add_argument("--bands", type=int, default=6, help="Of both dates together.")
    options = parser.parse_args()
    if options.what == "windows":
        print(markdown(windows(options.side or 2048)))
        return
    side = options.side or 3200
    scene = make_scene(5, size=side, metres_per_pixel=1.2)
    dates = np.concatenate([scene.before, scene.after], axis=-1)[..., np.arange(options.bands) % 6]
    connection, inner = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=measure, args=(inner,))
    process.start()
    connection.send(dates)
    counts, numbers = connection.recv()
    process.join()
    print(f"{side} x {side} pixels, {options.bands} bands")
    print(markdown(pd.DataFrame([numbers])))
    print(markdown(pd.DataFrame([counts])))


def measure(connection: "multiprocessing.connection.Connection") -> None:
    """Segment what comes in, and answer with segments by scale, and time and memory."""
    dates: NDArray[np.uint8] = connection.recv()
    started = time.perf_counter()
    segment(dates[:64, :64].astype(np.float32))
    compiled = time.perf_counter() - started
    levels, valid = stacked([dates], np.ones(dates.shape[:2], bool))
    del dates
    held, started, worked = resident(), time.perf_counter(), time.process_time()
    found = segment(levels, valid)
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    numbers = {
        "seconds": f"{seconds:.1f}",
        "processor time [s]": f"{processor:.1f}",
        "most memory above the images [MiB]": f"{(most_resident() - held) / MEBIBYTE:.0f}",
        "the images [MiB]": f"{levels.nbytes / MEBIBYTE:.0f}",
        "compiling, or reading what is compiled [s]": f"{compiled:.1f}",
    }
    connection.send(({f"{scale:g}": found.count(level) for level, scale in enumerate(found.scales)}, numbers))


def windows(side: int) -> pd.DataFrame:
    """Of all SEEDS together: the share of pixels in the same segments, by scale and by distance from the edges."""
    scales = SegmentOptions().scales
    same, seen = np.zeros((2, len(scales), len(DISTANCES)))
    widths = np.zeros(len(scales))
    tile = side * 2 // 3
    moved = tile // 2
    for seed in SEEDS:
        scene = make_scene(seed, size=side)
        levels, valid = stacked([scene.before, scene.after], np.ones(scene.mask.shape, bool))
        one = segment(levels[:tile, :tile], valid[:tile, :tile])
        place = slice(moved, moved + tile)
        other = segment(levels[place, place], valid[place, place], origin=(moved, moved))
        for level in range(len(scales)):
            width = np.sqrt(tile * tile / one.count(level))
            widths[level] += width / len(SEEDS)
            first, second = one.labels(level)[moved:, moved:], other.labels(level)[: tile - moved, : tile - moved]
            for number, distance in enumerate(DISTANCES):
                edge = round(distance * width)
                inner = slice(edge, tile - moved - edge)
                if tile - moved - 2 * edge >= 2 * width:
                    same[level, number] += same_pixels(first[inner, inner], second[inner, inner])
                    seen[level, number] += first[inner, inner].size
    rows = []
    for level, scale in enumerate(scales):
        shares = [f"{100 * a / b:.1f} %" if b else "" for a, b in zip(same[level], seen[level], strict=True)]
        columns = dict(zip((f"{distance} widths off" for distance in DISTANCES), shares, strict=True))
        rows.append({"scale": f"{scale:g}", "mean width [px]": f"{widths[level]:.0f}", **columns})
    return pd.DataFrame(rows)


def same_pixels(first: NDArray[np.int32], second: NDArray[np.int32]) -> int:
    """How many pixels lie in segments that are the same sets of pixels in both."""
    pairs, sizes = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1, return_counts=True)
    same = (np.bincount(first.ravel())[pairs[0]] == sizes) & (np.bincount(second.ravel())[pairs[1]] == sizes)
    return int(sizes[same].sum())


if __name__ == "__main__":
    main()
