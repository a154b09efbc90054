"""How detectors trained on synthetic scenes do on real pairs, beside a baseline without training.

    python benchmarks/transfer.py FOLDER [--model NAME] [--sheet sheet.png]

FOLDER holds A/, B/ and label/ with images of the same names; labels are 0 and another value.
The threshold is the detector's own: it is never chosen here.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import minenetcd
from minenetcd.display.agreement import agreement_picture
from minenetcd.evaluation.baseline import baseline_mask
from minenetcd.evaluation.confusion import Confusion
from minenetcd.prediction.scene import predict_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="minenetcd-nano")
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    detector = minenetcd.from_pretrained(arguments.model)
    rows, totals = [], {}
    for path in sorted((arguments.folder / "A").iterdir()):
        before, after = (_rgb(arguments.folder / date / path.name) for date in "AB")
        truth = (np.asarray(Image.open(arguments.folder / "label" / path.name).convert("L")) > 127).astype(np.uint8)
        with predict_scene(detector, arguments.folder / "A" / path.name, arguments.folder / "B" / path.name) as result:
            masks = {detector.name: result.mask}
        masks["CVA + Otsu"] = baseline_mask(before, after)
        masks["CVA + Otsu, standardised"] = baseline_mask(before, after, standardise=True)
        for name, mask in masks.items():
            counts = Confusion.count(mask, truth)
            totals[name] = totals.get(name, Confusion()) + counts
        rows.append(np.hstack([before, after, *(agreement_picture(mask == 1, truth) for mask in masks.values())]))
    for name, counts in totals.items():
        f1, ciou, precision, recall = (x or 0.0 for x in (counts.f1, counts.ciou, counts.precision, counts.recall))
        print(f"{name:28} F1 {f1:.4f}  cIoU {ciou:.4f}  precision {precision:.4f}  recall {recall:.4f}  {counts}")
    if arguments.sheet:
        width = max(row.shape[1] for row in rows)
        Image.fromarray(np.vstack([np.pad(r, [(0, 4), (0, width - r.shape[1]), (0, 0)]) for r in rows])).save(
            arguments.sheet
        )


def _rgb(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


if __name__ == "__main__":
    main()
