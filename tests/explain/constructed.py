"""Networks whose Grad-CAM is known by arithmetic."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.models.base import ChangeModel, Stage
from minenetcd.types import ChangeOutput

CELL = 4  # pixels a side
DIFFERENCE, BRIGHTNESS = 3.0, -2.0


class Known(ChangeModel):
    """Log-odds of a cell: 3 |after - before| - 2 after - 0.5, each the mean of its first band over the cell.

    The layer holds both, so that alpha is (3, -2) / cells and the map 3 |after - before| - 2 after, over the cells.
    With `num_classes` 2 a third channel is added to both logits, which no probability shows. `unused` has no influence.
    """

    explained_layers = (
        Stage("features", ("features", "unused")),
        Stage("given to the head", ("head(0)", "head(0)")),
    )

    def __init__(self, *, num_classes: int = 1) -> None:
        super().__init__(num_classes=num_classes)
        self.features, self.unused = Features(), nn.Tanh()
        self.head = nn.Conv2d(3, num_classes, kernel_size=1)
        change, common = torch.tensor([DIFFERENCE, BRIGHTNESS, 0.0]), torch.tensor([0.0, 0.0, 7.0])
        rows = [change] if num_classes == 1 else [common, change + common]
        with torch.no_grad():
            self.head.weight.copy_(torch.stack(rows)[..., None, None])
            self.head.bias.copy_(torch.tensor([-0.5] if num_classes == 1 else [0.0, -0.5]))

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        features = self.features(before, after)
        self.unused(features)
        return ChangeOutput(functional.interpolate(self.head(features), scale_factor=CELL, mode="nearest"))


class Features(nn.Module):
    """Difference, brightness, and the same everywhere: two dates -> (B, 3, H / 4, W / 4)."""

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        cells = [functional.avg_pool2d(x[:, :1], CELL) for x in ((after - before).abs(), after)]
        return torch.cat([*cells, torch.ones_like(cells[0])], dim=1)


def known_detector(**options: int) -> ChangeDetector:
    """`Known` on images of 0 to 1 as they are."""
    plain = Preprocessing(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return ChangeDetector(Known(**options), preprocessing=plain, provenance={"name": "known"}).eval()
