"""How every detector does on real pairs, beside "everything changed" and those without training.

    python benchmarks/real_pairs.py DATA [--model NAME] [--out FOLDER] [--write]

DATA holds the folders that real_pairs.csv lists, each with A/, B/ and labels of the same names: 255 or 1 changed,
0 unchanged, 128 not labelled. Every detector keeps its own threshold; nothing is chosen here. Printed are two tables:
F1 of pooled counts and the mean of the pairs' average precision, by set, and the mean over sets that hold more than a
few changed pixels; and how much of one image is called changed
against itself, shifted, toned, blurred, hazy or shadowed. "automatic" is what `minenetcd predict` does by itself, told
the metres per pixel where they are known. --model adds a trained detector and may be repeated. With --out, the tables
as CSV and a picture of every pair: before, after, and each map against the labels. --write makes the table that the
package quotes beside its maps.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import rasterio
import torch
from disturbances import disturbed
from markdown_table import markdown
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.detectors.by_name import open_detector
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.measured import AUTOMATIC, TABLE, Measured
from minenetcd.display.agreement import agreement_picture
from minenetcd.evaluation.beside import list_beside, open_beside
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import average_precision, probability_histogram
from minenetcd.files import make_folder
from minenetcd.geo.align import Pair, open_pair, shared_bands
from minenetcd.geo.source import quiet_gdal
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene

SETS = Path(__file__).with_suffix(".csv")

#: Of an image that is held against itself. [pixels]
SIDE = 256


class Answer(NamedTuple):
    """Of one pair: 0, 1, 255 (H, W), and a score (H, W) of 0 to 1 that ranks the pixels."""

    mask: NDArray[np.uint8]
    score: NDArray[np.float32]


class Images(NamedTuple):
    """Two dates, which bands of them are red, green and blue, and their pixel size, None where it is not known. [m]"""

    before: Path
    after: Path
    rgb: tuple[int, ...] = (1, 2, 3)
    metres: float | None = None


Detect = Callable[[Images], Answer]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    detectors: dict[str, Detect] = {
        **{name: without_training(open_beside(name)) for name in list_beside()},
        **{name: predicted(open_detector(name)) for name in ("minenetcd-nano", *arguments.model)},
        AUTOMATIC: predicted("auto"),
    }
    sets = pd.read_csv(SETS, dtype=str, keep_default_na=False).to_dict("records")
    results = [SetResult.measure(arguments.data, each, detectors, arguments.out) for each in sets]
    compared = [result for result, each in zip(results, sets, strict=True) if each["in_mean"] == "yes"]
    accuracy = pd.DataFrame([*(result.row() for result in results), mean_row(compared)])
    itself = pd.DataFrame(list(rows_against_itself(arguments.data, sets, detectors)))
    print("F1 of pooled counts / mean average precision of the pairs, in hundredths\n" + markdown(accuracy))
    print("\nCalled changed of an image against itself, in percent\n" + markdown(itself))
    if arguments.out:
        accuracy.to_csv(make_folder(arguments.out) / "accuracy.csv", index=False)
        itself.to_csv(arguments.out / "against_itself.csv", index=False)
    if arguments.write:
        rows = [row for result in results for row in result.measured()]
        pd.DataFrame(rows, columns=Measured._fields).to_csv(TABLE, index=False)


def without_training(detector: Detector) -> Detect:
    """A detector that learns each scene, as `minenetcd predict --model` runs it, but for polygons and a report."""

    def detect(images: Images) -> Answer:
        pair = read_pair(images.before, images.after, shared_bands(images.before, images.after)[0])
        scene = detector.for_scene([pair])
        score = scene.scores((pair.before[np.newaxis], pair.after[np.newaxis]), pair.valid[np.newaxis])[0, 0]
        changed = (score >= detector.threshold).astype(np.uint8)
        return Answer(np.where(pair.valid, changed, np.uint8(UNKNOWN)), score)

    return detect


def predicted(detector: Detector | Literal["auto"]) -> Detect:
    """A network, or the detector that fits, as `minenetcd predict` runs it."""

    def detect(images: Images) -> Answer:
        is_picture = images.before.suffix == ".png"
        options = PredictOptions(
            bands=images.rgb,
            metres_per_pixel=images.metres if is_picture and detector == "auto" else None,
            float_probability=True,
        )
        with predict_scene(detector, images.before, images.after, options=options) as result:
            return Answer(result.mask, np.nan_to_num(result.probability))

    return detect


def read_pair(before: Path, after: Path, bands: tuple[int, ...]) -> Pair:
    """All of two images on one grid."""
    with quiet_gdal(), open_pair(before, after, bands=bands) as pair:
        return pair.read(Window(0, 0, pair.grid.width, pair.grid.height))


def read_label(path: Path) -> NDArray[np.uint8]:
    """0 unchanged, 1 changed, 255 not labelled (H, W)."""
    with quiet_gdal(), rasterio.open(path) as dataset:
        label = dataset.read(1)
    return np.select(
        [label == 128, label > 128, label == 1], [np.uint8(UNKNOWN), np.uint8(1), np.uint8(1)], np.uint8(0)
    )


class SetResult(NamedTuple):
    """Every detector on one set: pooled counts, and average precision by pair."""

    name: str
    metres: float | None
    pairs: int
    counts: dict[str, Confusion]
    precisions: dict[str, list[float]]

    @classmethod
    def measure(
        cls, data: Path, each: Mapping[str, Any], detectors: Mapping[str, Detect], out: Path | None
    ) -> "SetResult":
        found = list(pairs_of(data, each))
        counts = dict.fromkeys(detectors, Confusion())
        precisions: dict[str, list[float]] = {name: [] for name in detectors}
        for pair, label in found:
            truth = read_label(label)
            answers = {name: detect(pair) for name, detect in detectors.items()}
            for name, answer in answers.items():
                counts[name] += Confusion.count(answer.mask, truth)
                histogram = probability_histogram(torch.from_numpy(answer.score), torch.from_numpy(truth)).numpy()
                if (precision := average_precision(histogram)) is not None:
                    precisions[name].append(precision)
            if out is not None:
                folder = make_folder(out / each["set"])
                picture(pair, answers, truth).save(folder / f"{pair.before.stem}.png")
        return cls(each["set"], metres_of(each), len(found), counts, precisions)

    def row(self) -> dict[str, str]:
        """F1 / mean average precision of every detector, in hundredths."""
        row = {"set": self.name, "m per pixel": "unknown" if self.metres is None else f"{self.metres:g}"}
        row["pairs"] = str(self.pairs)
        for name, counts in self.counts.items():
            row[name] = f"{100 * (counts.f1 or 0):.1f} / {100 * np.mean(self.precisions[name]):.1f}"
        return row

    def measured(self) -> Iterator[Measured]:
        """What the package quotes."""
        for name, counts in self.counts.items():
            yield Measured(name, self.name, self.metres, self.pairs, round(counts.f1 or 0, 3))


def mean_row(results: list[SetResult]) -> dict[str, str]:
    """Mean F1 over sets, in hundredths."""
    f1 = {name: [result.counts[name].f1 or 0 for result in results] for name in results[0].counts}
    row = {"set": "mean F1", "m per pixel": "", "pairs": str(sum(result.pairs for result in results))}
    return row | {name: f"{100 * np.mean(values):.1f}" for name, values in f1.items()}


def metres_of(each: Mapping[str, Any]) -> float | None:
    return float(each["metres_per_pixel"]) if each["metres_per_pixel"] else None


def pairs_of(data: Path, each: Mapping[str, Any]) -> Iterator[tuple[Images, Path]]:
    """The pairs of a set, and where their labels are."""
    folder, rgb = data / each["folder"], tuple(int(band) for band in each["rgb"].split(","))
    for path in images_in(folder / "A"):
        images = Images(path, folder / "B" / path.name, rgb, metres_of(each))
        yield images, folder / each["label"] / path.name


def images_in(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix in (".png", ".tif"))
    if not found:
        raise SystemExit(f"Error: {folder} needs the images that {SETS.name} names, got none: give the right folder.")
    return found


def picture(images: Images, answers: Mapping[str, Answer], truth: NDArray[np.uint8]) -> Image.Image:
    """Before and after, side by side with each map against the labels."""
    pair = read_pair(images.before, images.after, images.rgb)
    low, high = np.percentile([pair.before[pair.valid], pair.after[pair.valid]], (1, 99))
    dates = [
        (255 * np.clip((date - low) / max(high - low, 1), 0, 1)).astype(np.uint8) for date in (pair.before, pair.after)
    ]
    return Image.fromarray(
        np.hstack([*dates, *(agreement_picture(each.mask == 1, truth) for each in answers.values())])
    )


def rows_against_itself(
    data: Path, sets: list[dict[str, Any]], detectors: Mapping[str, Detect]
) -> Iterator[dict[str, str]]:
    """The mean share called changed of the middle of the first 8-bit image of each set, after each disturbance."""
    shares: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for each in sets:
            original = images_in(data / each["folder"] / "A")[0]
            if original.suffix != ".png":
                continue
            image = middle(np.asarray(Image.open(original).convert("RGB")))
            for disturbance, (one, other) in disturbed(image).items():
                paths = [Path(scratch) / name for name in ("before.png", "after.png")]
                for path, pixels in zip(paths, (one, other), strict=True):
                    Image.fromarray(pixels).save(path)
                for name, detect in detectors.items():
                    mask = detect(Images(*paths, metres=metres_of(each))).mask
                    shares.setdefault(disturbance, {}).setdefault(name, []).append(float((mask == 1).mean()))
    for disturbance, found in shares.items():
        yield {"": disturbance, **{name: f"{100 * np.mean(values):.1f}" for name, values in found.items()}}


def middle(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most SIDE x SIDE pixels of the middle of an image (H, W, 3)."""
    row, col = (max(0, (length - SIDE) // 2) for length in image.shape[:2])
    return image[row : row + SIDE, col : col + SIDE]


if __name__ == "__main__":
    main()
