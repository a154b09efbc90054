"""What rounds of verdicts do to the embedded detector: predict, judge, learn, three times over.

    python benchmarks/learned_from_verdicts.py drawn FOLDER [--sites 8] [--judged-on 12] [--first-seed 0]
    python benchmarks/learned_from_verdicts.py pairs FOLDER --data DATA --set NAME

An oracle that knows the truth stands for the person: it accepts a polygon most of which is true change, and rejects the
others. "+ labels": of each scene it also labels the largest changes that were missed, three at most. "+ complete": it
says that results were looked at as a whole, too. Each round brings new sites, which the detector of the round before
maps; it learns from all verdicts so far. Measured is what `predict` says of sites that no round has seen, beside
"everything changed" and the best detector without training.

`drawn`: sites and judging sites are drawn scenes, seen by a sensor that the package does not draw, or rehearsal would
show what judges; of other seeds than those on which the recipe was chosen, which have `--first-seed 5000`. `pairs`: the
pairs of a set of real_pairs.csv, a part of which is left out at a time and judged on; these weights are never kept, and
nothing is chosen there. FOLDER keeps what is done: the same command goes on.
"""

import argparse
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import rasterio
import torch
from affine import Affine
from markdown_table import markdown
from numpy.typing import NDArray
from real_pairs import SETS, Images, pairs_of, predicted, read_label, without_training
from scipy import ndimage
from scipy.ndimage import gaussian_filter

from minenetcd.constants import UNKNOWN
from minenetcd.detectors.by_name import open_detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import InputError
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import average_precision, probability_histogram
from minenetcd.files import make_folder, write_json
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.tracing import burn
from minenetcd.labelling.learning.learn import learn
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from minenetcd.synthetic import make_scene

ROUNDS = 3
START = "minenetcd-nano"
CLASSICAL = ("cva", "irmad", "isfa", "pca-kmeans")

#: Of drawn sites: side [pixels], metres per pixel, the first seed of those that judge, and of those as usual.
SIDE, METRES, JUDGING, USUAL = 384, 2.0, 20_000, 40_000

#: The oracle labels so many missed changes of a scene, of so many pixels at least.
MOST_LABELS, LEAST_LABEL = 3, 20


class Site(NamedTuple):
    """Two dates of a place, and its truth: 0, 1, 255 (H, W)."""

    name: str
    images: Images
    truth: Callable[[], NDArray[np.uint8]]


class Variant(NamedTuple):
    """What the oracle says beside its verdicts."""

    labels: bool
    complete: bool


VARIANTS = {
    "verdicts": Variant(False, False),
    "+ labels": Variant(True, False),
    "+ labels, complete": Variant(True, True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("drawn", "pairs"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sites", type=int, default=8, help="drawn sites a round")
    parser.add_argument("--judged-on", type=int, default=12, help="drawn sites that judge")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--usual", type=int, default=0, help="scenes as they are usually drawn, that tell what is forgotten"
    )
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--set", dest="name")
    parser.add_argument("--folds", type=int, default=3, help="parts of the pairs of a set, each judged on once")
    parser.add_argument("--fold", type=int, help="only this one, from 1, as several processes may share the work")
    parser.add_argument("--variant", action="append", choices=list(VARIANTS))
    parser.add_argument("--steps", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--rehearsal", type=float)
    arguments = parser.parse_args()
    changed = {name: getattr(arguments, name) for name in ("steps", "learning_rate", "rehearsal")}
    changed = {name: value for name, value in changed.items() if value is not None}
    variants = arguments.variant or list(VARIANTS)
    if arguments.what == "drawn":
        sites = [_drawn(arguments.folder, arguments.first_seed + n) for n in range(arguments.rounds * arguments.sites)]
        judging = [_drawn(arguments.folder, arguments.first_seed + JUDGING + n) for n in range(arguments.judged_on)]
        rows = _rounds(arguments.folder / "runs", sites, judging, variants, changed, arguments.rounds)
        rows += _forgotten(arguments.folder, arguments.usual, variants, arguments.rounds) if arguments.usual else []
        beside = _beside(judging)
    else:
        rows, beside = _left_out(arguments, variants, changed)
    table = pd.DataFrame([*beside, *rows])
    print("F1 / mean average precision, in hundredths; precision and recall in percent\n" + markdown(table))
    table.to_csv(arguments.folder / "table.csv", index=False)


def _left_out(
    arguments: argparse.Namespace, variants: Sequence[str], changed: dict[str, Any]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Every part of the pairs of a set judged on by detectors that learned from the others, pooled."""
    sets = pd.read_csv(SETS, dtype=str, keep_default_na=False).to_dict("records")
    each = next(row for row in sets if row["set"] == arguments.name)
    sites = [
        Site(images.before.stem, images, lambda label=label: read_label(label))
        for images, label in pairs_of(arguments.data, each)
    ]
    found: dict[tuple[str, str], list[Measured]] = {}
    for fold in range(arguments.folds) if arguments.fold is None else [arguments.fold - 1]:
        left_out = sites[fold :: arguments.folds]
        others = [site for site in sites if site not in left_out]
        folder = arguments.folder / f"fold{fold + 1}"
        for variant in variants:
            for round_name, measured in _measured_rounds(folder, others, left_out, variant, changed, arguments.rounds):
                found.setdefault((variant, round_name), []).extend(measured)
    rows = [_row(f"{variant}, {round_name}", measured) for (variant, round_name), measured in found.items()]
    return rows, _beside(sites)


class Measured(NamedTuple):
    """One site with one detector."""

    counts: Confusion
    precision: float | None


def _rounds(
    folder: Path,
    sites: Sequence[Site],
    judging: Sequence[Site],
    variants: Sequence[str],
    changed: dict[str, Any],
    rounds: int,
) -> list[dict[str, str]]:
    rows = []
    for variant in variants:
        for round_name, measured in _measured_rounds(folder, sites, judging, variant, changed, rounds):
            rows.append(_row(f"{variant}, {round_name}", measured))
            print(rows[-1], flush=True)
    return rows


def _forgotten(folder: Path, count: int, variants: Sequence[str], rounds: int) -> list[dict[str, str]]:
    """The detectors before and after on scenes as they are usually drawn, such as they learned from at first."""
    usual = [_drawn(folder, USUAL + number, by_another_sensor=False) for number in range(count)]
    rows = [_row("usual scenes, before", _measure(folder / "runs/usual.json", START, usual))]
    for variant in variants:
        work = folder / "runs" / _folder_name(variant)
        after = work / f"detector{rounds}"
        if after.exists():
            rows.append(_row(f"usual scenes, {variant}, after", _measure(work / "usual.json", after, usual)))
    return rows


def _folder_name(variant: str) -> str:
    return variant.replace(" ", "").replace(",", "")


def _measured_rounds(
    folder: Path, sites: Sequence[Site], judging: Sequence[Site], variant: str, changed: dict[str, Any], rounds: int
) -> list[tuple[str, list[Measured]]]:
    """What is measured before the first round and after each."""
    work = make_folder(folder / _folder_name(variant))
    detector: str | Path = START
    rows = [("before", _measure(work / "before.json", detector, judging))]
    sources: list[Path] = []
    for number in range(rounds):
        for site in sites[number::rounds]:
            sources += _judged(work / f"round{number + 1}", site, detector, VARIANTS[variant])
        out = work / f"detector{number + 1}"
        said = work / f"learned{number + 1}.json"
        if not said.exists():
            options = LearnOptions(complete=VARIANTS[variant].complete, **changed)
            try:
                result = learn(sources, out, start=detector, options=options, device="cpu", resume=True)
                write_json(said, result.as_json())
            except InputError as error:
                write_json(said, {"in_words": str(error)})
        words = json.loads(said.read_text())["in_words"]
        print(f"{work}, round {number + 1}: {words}", flush=True)
        detector = out if out.exists() else detector
        rows.append((f"round {number + 1}", _measure(work / f"round{number + 1}.json", detector, judging)))
    return rows


def _judged(folder: Path, site: Site, detector: str | Path, variant: Variant) -> list[Path]:
    """The result of a site with the oracle's verdicts, and its labels where it gives any."""
    result, labels = folder / site.name, folder / f"{site.name}-labels"
    if not (folder / f"{site.name}.done").exists():
        shutil.rmtree(result, ignore_errors=True)
        shutil.rmtree(labels, ignore_errors=True)
        truth = site.truth()
        with predict_scene(
            _opened(detector), site.images.before, site.images.after, result, options=_options(site)
        ) as map:
            mask, grid = map.mask, map.grid
        _give_verdicts(result, truth, grid)
        if variant.labels:
            _label_missed(labels, site, truth, mask)
        (make_folder(folder) / f"{site.name}.done").touch()
    return [path for path in (result, labels) if path.exists()]


def _give_verdicts(result: Path, truth: NDArray[np.uint8], grid: Grid) -> None:
    verdicts = Verdicts(result)
    for polygon in verdicts.polygons().itertuples():
        inside = truth[burn([polygon.geometry], grid)]
        known = inside[inside != UNKNOWN]
        if known.size:
            verdicts.give(polygon.id, "accepted" if known.mean() > 0.5 else "rejected", by="the oracle")


def _label_missed(folder: Path, site: Site, truth: NDArray[np.uint8], mask: NDArray[np.uint8]) -> None:
    """The largest changes that no found pixel touches, as a folder of labels."""
    groups, count = ndimage.label(truth == 1, np.ones((3, 3), int))
    sizes = np.bincount(groups.ravel(), minlength=count + 1)
    touched = set(np.unique(groups[mask == 1]).tolist())
    missed = [n for n in range(1, count + 1) if n not in touched and sizes[n] >= LEAST_LABEL]
    chosen = sorted(missed, key=lambda n: -sizes[n])[:MOST_LABELS]
    if not chosen:
        return
    label = np.where(np.isin(groups, chosen), np.uint8(1), np.uint8(UNKNOWN))
    for role, source in (("before", site.images.before), ("after", site.images.after)):
        shutil.copy(source, make_folder(folder) / f"{role}{source.suffix}")
    with rasterio.open(
        folder / "mask.tif", "w", driver="GTiff", height=label.shape[0], width=label.shape[1], count=1, dtype="uint8"
    ) as file:
        file.write(label, 1)


def _measure(kept: Path, detector: str | Path, judging: Sequence[Site]) -> list[Measured]:
    """`predict` with `detector` on the sites that judge."""
    if kept.exists():
        return [Measured(Confusion(**counts), precision) for counts, precision in json.loads(kept.read_text())]
    detect = predicted(_opened(detector))
    found = [_of_answer(detect(site.images), site.truth()) for site in judging]
    write_json(kept, [[asdict(each.counts), each.precision] for each in found])
    return found


def _of_answer(answer: Any, truth: NDArray[np.uint8]) -> Measured:
    histogram = probability_histogram(torch.from_numpy(answer.score), torch.from_numpy(truth)).numpy()
    return Measured(Confusion.count(answer.mask, truth), average_precision(histogram))


def _beside(judging: Sequence[Site]) -> list[dict[str, str]]:
    """ "Everything changed", and the detector without training that is best on these sites."""
    everything = []
    for site in judging:
        truth = site.truth()
        everything.append(
            Measured(
                Confusion.count(np.ones_like(truth), truth),
                float((truth == 1).sum() / max(1, (truth != UNKNOWN).sum())) or None,
            )
        )
    rows = [_row("everything changed", everything)]
    found = {}
    for name in CLASSICAL:
        detect = without_training(open_detector(name))
        found[name] = [_of_answer(detect(site.images), site.truth()) for site in judging]
    best = max(found, key=lambda name: _total(found[name]).f1 or 0)
    return [*rows, _row(f"{best} (the best without training)", found[best])]


def _total(measured: Sequence[Measured]) -> Confusion:
    return sum((each.counts for each in measured), Confusion())


def _row(name: str, measured: Sequence[Measured]) -> dict[str, str]:
    total = _total(measured)
    precisions = [each.precision for each in measured if each.precision is not None]
    return {
        "": name,
        "F1 / AP": f"{100 * (total.f1 or 0):.1f} / {100 * np.mean(precisions):.1f}",
        "cIoU": f"{100 * (total.ciou or 0):.1f}",
        "precision": f"{100 * (total.precision or 0):.0f}",
        "recall": f"{100 * (total.recall or 0):.0f}",
    }


def _opened(detector: str | Path) -> ChangeDetector:
    opened = open_detector(detector)
    assert isinstance(opened, ChangeDetector)
    return opened


def _options(site: Site) -> PredictOptions:
    return PredictOptions(bands=site.images.rgb)


def _drawn(folder: Path, seed: int, *, by_another_sensor: bool = True) -> Site:
    """A drawn site as GeoTIFFs, each at a place of its own."""
    place = make_folder(folder / "sites" / f"{seed:06d}")

    def truth() -> NDArray[np.uint8]:
        with rasterio.open(place / "truth.tif") as file:
            return np.asarray(file.read(1))

    if not (place / "truth.tif").exists():
        scene = make_scene(seed, size=SIDE, metres_per_pixel=METRES)
        for name, pixels in (("before", scene.before), ("after", scene.after)):
            seen = seen_by_another_sensor(pixels, seed) if by_another_sensor else pixels
            _write(place / f"{name}.tif", seen, seed)
        _write(place / "truth.tif", scene.mask[..., np.newaxis], seed)
    return Site(f"{seed:06d}", Images(place / "before.tif", place / "after.tif"), truth)


def seen_by_another_sensor(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """An image (H, W, 3) with half its colour, a darker middle, less sharp and noisy, as no drawn scene is."""
    unit = gaussian_filter(image.astype(np.float32) / 255, (0.8, 0.8, 0))
    pale = 0.5 * unit + 0.5 * unit.mean(axis=-1, keepdims=True)
    noise = np.random.default_rng(seed).normal(0, 0.02, image.shape)
    return np.asarray(np.rint(255 * np.clip(pale**1.6 + noise, 0, 1)), np.uint8)


def _write(path: Path, pixels: NDArray[np.uint8], seed: int) -> None:
    """Pixels (H, W, C) as a GeoTIFF, beside those of other seeds."""
    corner = Affine(METRES, 0, 300_000 + 10 * seed, 0, -METRES, 5e6 + 1e3 * (seed % 97))
    with rasterio.open(
        path, "w", driver="GTiff", height=SIDE, width=SIDE, count=pixels.shape[2], dtype="uint8", crs="EPSG:32633",
        transform=corner,
    ) as file:  # fmt: skip
        file.write(pixels.transpose(2, 0, 1))


if __name__ == "__main__":
    main()
