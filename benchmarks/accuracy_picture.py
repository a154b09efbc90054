"""Draw docs/images/accuracy.png: points of the demo's map, judged by its truth, and the areas that follow.

python benchmarks/accuracy_picture.py
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import rasterio
from matplotlib.lines import Line2D
from PIL import Image

import minenetcd
from minenetcd.accuracy.estimation.outcome import AccuracyEstimate
from minenetcd.accuracy.sampling.options import SampleOptions
from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style, only_grid, titled
from minenetcd.display.palettes import ACCENT, AFTER, BLUE, INK, QUIET
from minenetcd.prediction.demo import SIZE, run_demo
from minenetcd.prediction.report.figures import change_image

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "accuracy.png"
SAMPLE = SampleOptions(points=240, least=60, buffer=20)
KINDS = {
    "agrees": ("o", BLUE, "map and reference agree"),
    "not change": ("X", AFTER, "mapped as change, is none"),
    "missed": ("D", ACCENT, "change that the map missed"),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = run_demo(minenetcd.from_pretrained("minenetcd-nano"), folder)
        sample = minenetcd.sample_accuracy(folder, Path(folder) / "accuracy", options=SAMPLE)
        truth, after = _read(demo.truth)[..., 0], _read(demo.after)
        points = sample.points.assign(reference=truth[sample.points["row"], sample.points["col"]])
        labels = Path(folder) / "labels.csv"
        points[["id", "reference", "comment", "sample"]].to_csv(labels, index=False)
        found = minenetcd.estimate_accuracy(sample.folder, labels=labels)
        true_hectares = np.count_nonzero((truth == 1) & (demo.prediction.mask != 255)) * found.hectares / truth.size
        image = change_image(after, demo.prediction.mask)[..., :3]
    with figure_style():
        save_figure(_figure(image, points, found, true_hectares), PICTURE)
    with Image.open(PICTURE) as picture:
        indexed = picture.convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE)
    indexed.save(PICTURE, optimize=True)
    print(PICTURE)


def _figure(image: np.ndarray, points: pd.DataFrame, found: AccuracyEstimate, true_hectares: float) -> plt.Figure:
    figure = titled(
        10.5, 5.6, "Areas with an error bar",
        f"{found.judged} points of the demo's map, judged by its truth; at least 60 in change, near it, and elsewhere",
    )  # fmt: skip
    on_map, areas = figure.subplots(1, 2, width_ratios=(1, 1.05))
    side = image.shape[0] / SIZE
    on_map.imshow(image)
    on_map.set(xticks=[], yticks=[])
    mapped, reference = points["map_class"], points["reference"]
    masks = {
        "agrees": mapped == reference,
        "not change": (mapped == 1) & (reference == 0),
        "missed": (mapped == 0) & (reference == 1),
    }
    for kind, (marker, colour, _) in KINDS.items():
        own = points[masks[kind]]
        on_map.scatter(
            own["col"] * side, own["row"] * side, 20 if kind == "agrees" else 55, marker=marker, color=colour,
            edgecolors="white", linewidths=0.7,
        )  # fmt: skip
    handles = [
        Line2D([], [], marker=marker, color=colour, linestyle="", label=label)
        for marker, colour, label in KINDS.values()
    ]
    on_map.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, -0.01), ncols=1)
    change = found.classes[1]
    area = change.hectares
    rows = ("the truth", "estimated by the sample", "counted on the map")
    areas.plot([true_hectares], [0], "s", color=INK, markersize=8)
    areas.errorbar(
        [area.value], [1], xerr=[[area.value - area.low], [area.high - area.value]], fmt="o", color=ACCENT,
        capsize=6, linewidth=2.5, markersize=9,
    )  # fmt: skip
    areas.plot([change.mapped_hectares], [2], "D", color="white", markeredgecolor=QUIET, markersize=9)
    texts = (
        f"{true_hectares:.1f}", f"{area.value:.1f} \N{PLUS-MINUS SIGN} {area.margin:.1f}",
        f"{change.mapped_hectares:.1f}",
    )  # fmt: skip
    for place, (value, text) in enumerate(zip((true_hectares, area.value, change.mapped_hectares), texts, strict=True)):
        areas.annotate(text, (value, place), (0, 11), textcoords="offset points", ha="center", fontsize=11)
    only_grid(areas, "x")
    areas.set(ylim=(-0.6, 2.6), yticks=range(3), xlabel="hectares of change")
    areas.set_yticklabels(rows)
    areas.margins(x=0.2)
    return figure


def _read(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read().transpose(1, 2, 0)


if __name__ == "__main__":
    main()
