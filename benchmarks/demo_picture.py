"""Draw docs/images/demo.png: the demo's images, its map, and the map against the truth.

python benchmarks/demo_picture.py
"""

import tempfile
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image, ImageDraw, ImageFont

import minenetcd
from minenetcd.display.agreement import agreement_picture
from minenetcd.prediction.demo import run_demo
from minenetcd.prediction.report.figures import change_image

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "demo.png"
SIDE, MARGIN, TITLE = 480, 12, 34


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = run_demo(minenetcd.from_pretrained("minenetcd-nano"), folder)
        before, after = (_read(path) for path in (demo.before, demo.after))
        truth = _read(demo.truth)[..., 0]
        mask = demo.prediction.mask
        panels = {
            "Before": before,
            "After": after,
            f"Found: {demo.prediction.hectares:.1f} ha": change_image(after, mask)[..., :3],
            f"Against the truth: F1 {demo.counts.f1:.2f}": agreement_picture(mask == 1, truth),
        }
    width = len(panels) * (SIDE + MARGIN) - MARGIN
    sheet = Image.new("RGB", (width, SIDE + TITLE), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=20)
    for number, (title, image) in enumerate(panels.items()):
        left = number * (SIDE + MARGIN)
        draw.text((left + 2, 4), title, fill="black", font=font)
        sheet.paste(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left, TITLE))
        draw.rectangle([left, TITLE, left + SIDE - 1, TITLE + SIDE - 1], outline=(170, 170, 170))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    indexed = sheet.quantize(256, kmeans=3, dither=Image.Dither.NONE)  # without k-means the little blue turns grey
    indexed.save(PICTURE, optimize=True)
    print(PICTURE)


def _read(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read().transpose(1, 2, 0)


if __name__ == "__main__":
    main()
