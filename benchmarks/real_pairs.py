"""How every detector does on real pairs, beside "everything changed" and change vectors without training.

    python benchmarks/real_pairs.py DATA [--model NAME] [--out FOLDER]

DATA holds the folders that real_pairs.csv lists, each with A/, B/ and labels of the same names: 255 or 1 changed,
0 unchanged, 128 not labelled. Every detector keeps its own threshold; nothing is chosen here. Printed are two tables:
F1 of pooled counts and the mean of the pairs' average precision, by set; and how much of one image is called changed
against itself, shifted, toned, blurred, hazy or shadowed. --model adds a trained detector and may be repeated. With
--out, the tables as CSV and a picture of every pair: before, after, and each map against the labels.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import rasterio
import torch
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window
from scipy.ndimage import gaussian_filter

import minenetcd
from minenetcd.constants import UNKNOWN
from minenetcd.display.agreement import agreement_picture
from minenetcd.evaluation.baseline import change_vector_magnitude, otsu_threshold
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.curves import average_precision, probability_histogram
from minenetcd.files import make_folder
from minenetcd.geo.align import Pair, open_pair
from minenetcd.geo.source import quiet_gdal
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene

SETS = Path(__file__).with_suffix(".csv")


class Answer(NamedTuple):
    """Of one pair: 0, 1, 255 (H, W), and a score (H, W) of 0 to 1 that ranks the pixels."""

    mask: NDArray[np.uint8]
    score: NDArray[np.float32]


#: A detector: before and after image, and the bands that are red, green and blue in them.
Detect = Callable[[Path, Path, tuple[int, ...]], Answer]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    detectors: dict[str, Detect] = {
        "everything changed": everything,
        "change vectors": change_vectors(standardise=False),
        "change vectors, standardised": change_vectors(standardise=True),
        **{name: trained(name) for name in ("minenetcd-nano", *arguments.model)},
    }
    sets = pd.read_csv(SETS, dtype=str, keep_default_na=False).to_dict("records")
    accuracy = pd.DataFrame([accuracy_row(arguments.data, each, detectors, arguments.out) for each in sets])
    itself = pd.DataFrame(list(rows_against_itself(arguments.data, sets, detectors)))
    print("F1 of pooled counts / mean average precision of the pairs, in hundredths\n" + markdown(accuracy))
    print("\nCalled changed of an image against itself, in percent\n" + markdown(itself))
    if arguments.out:
        accuracy.to_csv(make_folder(arguments.out) / "accuracy.csv", index=False)
        itself.to_csv(arguments.out / "against_itself.csv", index=False)


def everything(before: Path, after: Path, rgb: tuple[int, ...]) -> Answer:
    """The detector that any other must beat."""
    valid = read_pair(before, after, rgb).valid
    return Answer(np.where(valid, np.uint8(1), np.uint8(UNKNOWN)), np.ones(valid.shape, np.float32))


def change_vectors(*, standardise: bool) -> Detect:
    """Change vector analysis on all bands, split by Otsu's threshold."""

    def detect(before: Path, after: Path, rgb: tuple[int, ...]) -> Answer:
        pair = read_pair(before, after, all_bands(before))
        magnitude = change_vector_magnitude(pair.before, pair.after, standardise=standardise)
        threshold = otsu_threshold(magnitude[pair.valid]) if np.ptp(magnitude[pair.valid]) else np.inf
        mask = np.where(pair.valid, (magnitude >= threshold).astype(np.uint8), np.uint8(UNKNOWN))
        return Answer(mask, (magnitude / (magnitude + magnitude.mean() + 1e-12)).astype(np.float32))

    return detect


def trained(name: str) -> Detect:
    """A trained detector as `minenetcd predict` runs it, with the bands that it asks for."""
    detector = minenetcd.from_pretrained(name)

    def detect(before: Path, after: Path, rgb: tuple[int, ...]) -> Answer:
        with predict_scene(detector, before, after, options=PredictOptions(bands=rgb)) as result:
            return Answer(result.mask, np.nan_to_num(result.probability))

    return detect


def read_pair(before: Path, after: Path, bands: tuple[int, ...]) -> Pair:
    with quiet_gdal(), open_pair(before, after, bands=bands) as pair:
        return pair.read(Window(0, 0, pair.grid.width, pair.grid.height))


def all_bands(path: Path) -> tuple[int, ...]:
    with quiet_gdal(), rasterio.open(path) as dataset:
        return tuple(range(1, dataset.count + 1))


def read_label(path: Path) -> NDArray[np.uint8]:
    """0 unchanged, 1 changed, 255 not labelled (H, W)."""
    with quiet_gdal(), rasterio.open(path) as dataset:
        label = dataset.read(1)
    return np.select(
        [label == 128, label > 128, label == 1], [np.uint8(UNKNOWN), np.uint8(1), np.uint8(1)], np.uint8(0)
    )


def bands_of(each: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(band) for band in each["rgb"].split(","))


def accuracy_row(
    data: Path, each: Mapping[str, Any], detectors: Mapping[str, Detect], out: Path | None
) -> dict[str, str]:
    """F1 / mean average precision of every detector on one set."""
    folder, row = data / each["folder"], {"set": each["set"], "m per pixel": each["metres_per_pixel"] or "unknown"}
    pairs = [(path, folder / "B" / path.name, folder / each["label"] / path.name) for path in images(folder / "A")]
    row["pairs"] = str(len(pairs))
    counts = dict.fromkeys(detectors, Confusion())
    precisions: dict[str, list[float]] = {name: [] for name in detectors}
    for before, after, label in pairs:
        truth = read_label(label)
        answers = {name: detect(before, after, bands_of(each)) for name, detect in detectors.items()}
        for name, answer in answers.items():
            counts[name] += Confusion.count(answer.mask, truth)
            histogram = probability_histogram(torch.from_numpy(answer.score), torch.from_numpy(truth)).numpy()
            if (precision := average_precision(histogram)) is not None:
                precisions[name].append(precision)
        if out is not None:
            picture(before, after, bands_of(each), answers, truth).save(
                make_folder(out / each["set"]) / f"{before.stem}.png"
            )
    for name in detectors:
        row[name] = f"{100 * (counts[name].f1 or 0):.1f} / {100 * np.mean(precisions[name]):.1f}"
    return row


def images(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix in (".png", ".tif"))
    if not found:
        raise SystemExit(f"Error: {folder} needs the images that {SETS.name} names, got none: give the right folder.")
    return found


def picture(
    before: Path, after: Path, rgb: tuple[int, ...], answers: Mapping[str, Answer], truth: NDArray[np.uint8]
) -> Image.Image:
    """Before and after, side by side with each map against the labels."""
    pair = read_pair(before, after, rgb)
    low, high = np.percentile([pair.before[pair.valid], pair.after[pair.valid]], (1, 99))
    dates = [
        (255 * np.clip((date - low) / max(high - low, 1), 0, 1)).astype(np.uint8) for date in (pair.before, pair.after)
    ]
    return Image.fromarray(np.hstack([*dates, *(agreement_picture(each.mask, truth) for each in answers.values())]))


def rows_against_itself(
    data: Path, sets: list[dict[str, Any]], detectors: Mapping[str, Detect]
) -> Iterator[dict[str, str]]:
    """The mean share called changed of the first 8-bit image of each set, after each disturbance."""
    shares: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for each in sets:
            original = images(data / each["folder"] / "A")[0]
            if original.suffix != ".png":
                continue
            image = np.asarray(Image.open(original).convert("RGB"))
            for disturbance, (one, other) in disturbed(image).items():
                paths = [Path(scratch) / name for name in ("before.png", "after.png")]
                for path, pixels in zip(paths, (one, other), strict=True):
                    Image.fromarray(pixels).save(path)
                for name, detect in detectors.items():
                    mask = detect(*paths, (1, 2, 3)).mask
                    shares.setdefault(disturbance, {}).setdefault(name, []).append(float((mask == 1).mean()))
    for disturbance, found in shares.items():
        yield {"": disturbance, **{name: f"{100 * np.mean(values):.1f}" for name, values in found.items()}}


def disturbed(image: NDArray[np.uint8]) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """One image (H, W, 3) twice, the second time as if taken on another day."""
    values = image.astype(np.float32)
    rows = np.linspace(0, 1, len(image), dtype=np.float32)[:, np.newaxis, np.newaxis]
    shadow = np.ones_like(values)
    shadow[len(image) // 3 : len(image) // 2, image.shape[1] // 4 : image.shape[1] // 2] = 0.45
    others = {
        "tone (gain 0.8 to 1.2, offset 10)": values * np.float32([0.8, 1.0, 1.2]) + 10,
        "blur of 1.5 px": gaussian_filter(values, (1.5, 1.5, 0)),
        "haze, denser below": values * (1 - 0.45 * rows) + 235 * 0.45 * rows,
        "a cast shadow on 4 %": values * shadow,
        "noise of 4": values + np.random.default_rng(0).normal(0, 4, image.shape),
    }
    pairs = {name: (image, other.clip(0, 255).astype(np.uint8)) for name, other in others.items()}
    for pixels in (1, 3, 6):
        pairs[f"shift of {pixels} px"] = (image[pixels:, pixels:], image[:-pixels, :-pixels])
    return pairs


def markdown(table: pd.DataFrame) -> str:
    lines = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


if __name__ == "__main__":
    main()
