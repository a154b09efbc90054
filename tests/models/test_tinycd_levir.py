"""The TinyCD authors' own LEVIR-CD weights, on LEVIR-CD tiles, against the counts of the published code."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from minenetcd.models.tinycd import TinyCD
from minenetcd.types import change_probability
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.tinycd import RULES

IMAGENET_MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
IMAGENET_STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)

# True positives, false positives, false negatives, true negatives, in pixels.
ALL_TILES = (102718, 7807, 8196, 602175)
TEST_TILES = (78651, 5176, 5341, 369584)
F1 = {
    "test_102_0512_0000": 0.9865,
    "test_121_0768_0256": 0.8916,
    "test_2_0000_0000": 0.9293,
    "test_2_0000_0512": 0.9344,
    "test_55_0256_0000": 0.9541,
    "test_77_0512_0256": 0.9286,
    "test_7_0256_0512": 0.9388,
    "train_36_0512_0512": 0.9161,
    "train_386_0512_0768": 0,
    "train_412_0512_0768": 0.9448,
    "val_27_0000_0256": 0.8883,
}


@pytest.fixture(scope="module")
def counts(real_images: Path) -> dict[str, np.ndarray]:
    """Of each tile: TP, FP, FN, TN at probability 0.5."""
    weights, tiles = real_images / "weights/tinycd_levir_best.pth", real_images / "levir_256"
    model = TinyCD()
    load_strictly(model, rename(torch.load(weights, weights_only=True, map_location="cpu"), RULES))
    model.eval()
    return {path.stem: confusion(model, tiles, path.name) for path in sorted((tiles / "A").glob("*.png"))}


@torch.no_grad()
def confusion(model: TinyCD, tiles: Path, tile: str) -> np.ndarray:
    logits = model(image(tiles / "A" / tile), image(tiles / "B" / tile)).logits
    found = (change_probability(logits)[0] > 0.5).numpy()
    true = np.asarray(Image.open(tiles / "label" / tile).convert("L")) == 255
    return np.array([(found & true).sum(), (found & ~true).sum(), (~found & true).sum(), (~found & ~true).sum()])


def image(path: Path) -> Tensor:
    """(1, 3, H, W), normalised as the authors trained."""
    pixels = torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1) / 255
    return ((pixels - IMAGENET_MEAN) / IMAGENET_STD)[None]


@pytest.mark.slow
@pytest.mark.parametrize(("prefix", "expected"), [("", ALL_TILES), ("test_", TEST_TILES)], ids=["all", "test"])
def test_summed_counts_are_the_published_ones(
    counts: dict[str, np.ndarray], prefix: str, expected: tuple[int, ...]
) -> None:
    total = sum(count for tile, count in counts.items() if tile.startswith(prefix))
    np.testing.assert_allclose(total, expected, rtol=5e-4)


def test_every_tile_scores_as_published(counts: dict[str, np.ndarray]) -> None:
    scores = {tile: 2 * tp / (2 * tp + fp + fn) for tile, (tp, fp, fn, _) in counts.items()}
    assert scores == pytest.approx(F1, abs=1e-4)
    assert counts["train_386_0512_0768"][1] == pytest.approx(1088, abs=5)
