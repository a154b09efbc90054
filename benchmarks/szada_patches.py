"""The SZTAKI AirChange protocol of the literature as a data set: python benchmarks/szada_patches.py PAIRS OUT

PAIRS holds A/, B/ and label/ with szada_1.png to szada_7.png (952 x 640 pixels). The test split is the upper left
784 x 448 pixels of pair 1, as one image; pairs 2 to 7, cut into patches of 136 x 128, are the training split, with
the pair as their site, so that validation pairs can be held out whole (data.val_share).

Source of the protocol: Zhan et al., IEEE GRSL 2017; Daudt, Le Saux, Boulch, ICIP 2018.
"""

import argparse
import csv
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 136, 128
TEST_BOX = (0, 0, 784, 448)
KINDS = {"before": "A", "after": "B", "mask": "label"}


def cut(pairs: Path, out: Path, name: str, box: tuple[int, int, int, int]) -> dict[str, str]:
    """Cut `box` out of both dates and the mask of pair `name`; the paths written, by column of the table."""
    row = {}
    for column, folder in KINDS.items():
        path = out / column / f"{name}_{box[1]:03d}_{box[0]:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(pairs / folder / f"{name}.png") as image:
            image.crop(box).save(path)
        row[column] = str(path.relative_to(out))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    rows = [{"split": "test", "site": "szada_1", **cut(options.pairs, options.out, "szada_1", TEST_BOX)}]
    for number in range(2, 8):
        name = f"szada_{number}"
        for top in range(0, 640, HEIGHT):
            for left in range(0, 952, WIDTH):
                box = (left, top, left + WIDTH, top + HEIGHT)
                rows.append({"split": "train", "site": name, **cut(options.pairs, options.out, name, box)})
    with (options.out / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ("split", "site", *KINDS))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows) - 1} training patches and the test image: {options.out / 'pairs.csv'}")


if __name__ == "__main__":
    main()
