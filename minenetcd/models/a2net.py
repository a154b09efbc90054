"""A2Net: MobileNetV2, aggregation of neighbouring levels, cascaded fusion of the dates, supervised attention.

Source: Li, Tang, Liu, Zhang, Dou, Wang, Zomaya, "Lightweight remote sensing change detection with progressive
feature aggregation and supervised attention", IEEE TGRS 2023.

Levels are named by their stride's exponent: level2 at 1/4 of the image's resolution to level5 at 1/32.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import mobilenet_v2

from minenetcd.backbones.pretrained import imagenet_weights
from minenetcd.errors import OptionError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

#: Level -> the trunk's layer it is read from, and its channels.
TRUNK = {2: (3, 24), 3: (6, 32), 4: (13, 96), 5: (17, 320)}
NARROW, WIDTH = 32, 64

Prediction = Literal["finest", "coarsest"]


class NeighbourAggregation(nn.Module):
    """One level of the trunk joined by the levels beside it: -> (B, 64, h, w)."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.own, self.finer = f"level{level}", f"level{level - 1}"
        neighbours = [n for n in (level - 1, level, level + 1) if n in TRUNK]
        self.sources = nn.ModuleDict({f"level{n}": ConvNormAct(TRUNK[n][1], NARROW, bias=True) for n in neighbours})
        self.fuse = nn.Sequential(
            ConvNormAct(len(neighbours) * NARROW, WIDTH, bias=True),
            ConvNormAct(WIDTH, WIDTH, bias=True, activation=None),
        )
        self.identity = nn.Conv2d(TRUNK[level][1], WIDTH, kernel_size=1)

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        own = features[self.own]
        parts = []
        for level, source in self.sources.items():
            x = functional.max_pool2d(features[level], 2) if level == self.finer else features[level]
            parts.append(resize_to(source(x), like=own))
        return functional.relu(self.fuse(torch.cat(parts, dim=1)) + self.identity(own))


class TemporalFusion(nn.Module):
    """Cascade of ever narrower contexts, the difference of the dates added before each: (B, 64, h, w) -> the same."""

    def __init__(self) -> None:
        super().__init__()
        self.context1 = _context(dilation=7)
        self.shortcut2, self.context2 = nn.Conv2d(WIDTH, WIDTH, 1), _context(dilation=5)
        self.shortcut3, self.context3 = nn.Conv2d(WIDTH, WIDTH, 1), _context(dilation=3)
        self.shortcut4, self.context4 = nn.Conv2d(WIDTH, WIDTH, 1), _context(dilation=1)
        self.shortcut5 = nn.Conv2d(WIDTH, WIDTH, 1)

    def forward(self, difference: Tensor) -> Tensor:
        x = self.context1(difference)
        x = self.context2(functional.relu(self.shortcut2(difference) + x))
        x = self.context3(functional.relu(self.shortcut3(difference) + x))
        x = self.context4(functional.relu(self.shortcut4(difference) + x))
        return functional.relu(self.shortcut5(difference) + x)


class SupervisedAttention(nn.Module):
    """Predicts a mask and gates its own input by it: (B, 64, h, w) -> the same, and mask logits (B, 1, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = nn.Conv2d(WIDTH, 1, kernel_size=1)
        self.gate = ConvNormAct(2, WIDTH, kernel_size=1, bias=True)
        self.refine = ConvNormAct(WIDTH, WIDTH, bias=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mask = self.mask(x)
        changed = torch.sigmoid(mask)
        return self.refine(x * self.gate(torch.cat([changed, 1 - changed], dim=1))), mask


class A2Net(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, 1, H, W) of the chosen level's mask.

    `prediction`: "finest" is the authors' (level 2), "coarsest" what the published weights were trained for (level
    5). `auxiliary`: the masks of the other three levels, fine to coarse, enlarged to (B, 1, H, W). Symmetric in
    the dates.
    """

    about = About(
        title="Lightweight Remote Sensing Change Detection With Progressive Feature Aggregation and Supervised "
        "Attention",
        authors="Z. Li, C. Tang, X. Liu, W. Zhang, J. Dou, L. Wang, A. Y. Zomaya",
        venue="IEEE TGRS",
        year=2023,
        doi="10.1109/TGRS.2023.3241436",
        pretrained_trunk="mobilenet_v2 (ImageNet)",
        parameters_mi=3.60,
        macs_gi=2.86,
    )
    folds = True
    size_multiple = 32
    auxiliary_weights = (1.0, 1.0, 1.0)
    explained_layers = (
        Stage.numbered("feature difference", "fusion.level{}(0)", 2, 3, 4, 5),
        Stage.numbered("change representation", "fusion.level{}", 2, 3, 4, 5),
    )

    def __init__(self, *, in_channels: int = 3, num_classes: int = 1, prediction: Prediction = "finest") -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes, prediction=prediction)
        if num_classes != 1:
            raise OptionError(
                f"A2Net needs num_classes=1, got {num_classes}: its masks gate features, use num_classes=1."
            )
        if prediction not in ("finest", "coarsest"):
            raise OptionError(f"prediction needs one of finest, coarsest, got {prediction!r}: choose one.")
        self.trunk = mobilenet_v2().features[:18]
        if in_channels != 3:
            self.trunk[0][0] = nn.Conv2d(in_channels, 32, kernel_size=3, stride=2, padding=1, bias=False)
            nn.init.kaiming_normal_(self.trunk[0][0].weight, mode="fan_out")
        self.aggregation = nn.ModuleDict({f"level{n}": NeighbourAggregation(n) for n in TRUNK})
        self.fusion = nn.ModuleDict({f"level{n}": TemporalFusion() for n in TRUNK})
        self.attention = nn.ModuleDict({f"level{n}": SupervisedAttention() for n in (5, 4, 3)})
        self.merge = nn.ModuleDict({f"level{n}": ConvNormAct(WIDTH, WIDTH, bias=True) for n in (4, 3, 2)})
        self.mask = nn.Conv2d(WIDTH, 1, kernel_size=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        earlier, later = self.features(before), self.features(after)
        changes = [self.fusion[level]((earlier[level] - later[level]).abs()) for level in earlier]
        finest, *between, coarsest = [resize_to(mask, like=before) for mask in self.decode(changes)]
        if self.config["prediction"] == "coarsest":
            return ChangeOutput(coarsest, (finest, *between))
        return ChangeOutput(finest, (*between, coarsest))

    def features(self, image: Tensor) -> dict[str, Tensor]:
        """Aggregated levels of one date, fine to coarse: (B, 64, H / 2**n, W / 2**n) under "level2" to "level5"."""
        levels = {layer: f"level{n}" for n, (layer, _) in TRUNK.items()}
        raw = {}
        for index, layer in enumerate(self.trunk):
            image = layer(image)
            if index in levels:
                raw[levels[index]] = image
        return {level: aggregate(raw) for level, aggregate in self.aggregation.items()}

    def decode(self, changes: list[Tensor]) -> list[Tensor]:
        """Changes, fine to coarse -> mask logits (B, 1, h, w) of the same levels."""
        x = changes[-1]
        masks = []
        steps = zip(self.attention.values(), self.merge.values(), reversed(changes[:-1]), strict=True)
        for attend, merge, finer in steps:
            x, mask = attend(x)
            masks.append(mask)
            x = merge(finer + resize_to(x, like=finer))
        return [self.mask(x), *reversed(masks)]

    def load_pretrained_backbone(self) -> None:
        """Start the trunk from ImageNet; OptionError for other than 3 bands."""
        if self.config["in_channels"] != 3:
            raise OptionError(
                f"The ImageNet trunk of A2Net reads 3 bands, this one {self.config['in_channels']}: use in_channels=3, "
                f"or start from random weights with pretrained_backbone=False."
            )
        weights = imagenet_weights("mobilenet_v2").items()
        unused = ("features.18.", "classifier.")
        self.trunk.load_state_dict({k.removeprefix("features."): v for k, v in weights if not k.startswith(unused)})


def _context(*, dilation: int) -> ConvNormAct:
    return ConvNormAct(WIDTH, WIDTH, dilation=dilation, bias=True, activation=None)
