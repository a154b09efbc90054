"""What adapting the embedded detector to a pair, without labels, does to the map of that pair.

    python benchmarks/adapted_pairs.py DATA [--set NAME]

DATA is the folder that real_pairs.py reads. Of every set that real_pairs.csv lists, the largest pair is taken: it must
share 256 x 128 pixels. Printed are F1 and average precision on the labelled pixels before and after `minenetcd adapt`
with its defaults, whether adapting itself says that it helped, and the time it took. "one threshold": that which pastes
chose, in place of one that is found in the scene.
Nothing is chosen here.
"""

import argparse
import copy
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import rasterio
import torch
from markdown_table import markdown
from real_pairs import SETS, Detect, Images, pairs_of, predicted, read_label

from minenetcd.detectors.by_name import open_detector
from minenetcd.errors import MineNetCDError
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import average_precision, probability_histogram
from minenetcd.geo.source import quiet_gdal
from minenetcd.training.adapt import adapt
from minenetcd.training.adaptation.options import AdaptOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", action="append", help="only this one; may be repeated")
    arguments = parser.parse_args()
    sets = pd.read_csv(SETS, dtype=str, keep_default_na=False).to_dict("records")
    rows = []
    for each in sets:
        if arguments.set is None or each["set"] in arguments.set:
            rows.append(row(arguments.data, each))
            print(rows[-1], flush=True)
    print("F1 / average precision, in hundredths\n" + markdown(pd.DataFrame(rows)))


def row(data: Path, each: Mapping[str, Any]) -> dict[str, str]:
    """F1 / average precision of the largest pair of a set with each detector."""
    images, label = max(pairs_of(data, each), key=lambda found: pixels_of(found[0]))
    found = {"set": each["set"], "pair": images.before.stem}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            adapted = adapt(
                [images.before, images.after],
                Path(scratch) / "detector",
                options=AdaptOptions(bands=images.rgb),
                force=True,
            )
        except MineNetCDError as error:
            return found | {"it helped, it says": str(error)}
    seconds = time.perf_counter() - started
    of_the_place = copy.copy(adapted.detector)
    of_the_place.scene_threshold = None
    return found | {
        "before": figures(predicted(open_detector("minenetcd-nano")), images, label),
        "adapted": figures(predicted(adapted.detector), images, label),
        "adapted, one threshold": figures(predicted(of_the_place), images, label),
        "on pasted change": f"{adapted.start_here.f1:.2f} -> {adapted.adapted.f1:.2f}",
        "it helped, it says": "yes" if adapted.helped else "no",
        "seconds": f"{seconds:.0f}",
    }


def pixels_of(images: Images) -> int:
    with quiet_gdal(), rasterio.open(images.before) as image:
        return int(image.width * image.height)


def figures(detect: Detect, images: Images, label: Path) -> str:
    answer, truth = detect(images), read_label(label)
    histogram = probability_histogram(torch.from_numpy(answer.score), torch.from_numpy(truth)).numpy()
    precision = average_precision(histogram)
    return f"{100 * (Confusion.count(answer.mask, truth).f1 or 0):.1f} / {100 * (precision or 0):.1f}"


if __name__ == "__main__":
    main()
