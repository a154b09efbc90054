"""TinyCD: shallow features of both dates, mixed channel by channel, gate a very light decoder.

Source: Codegoni, Lombardi, Ferrari, "TINYCD: A (Not So) Deep Learning Model For Change Detection",
Neural Computing and Applications 2023. The trunk is the first four entries of torchvision's EfficientNet-B4.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torchvision.models import efficientnet_b4
from torchvision.ops import Conv2dNormActivation

from minenetcd.backbones.pretrained import imagenet_weights
from minenetcd.errors import OptionError
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

TRUNK = "efficientnet_b4"
TRUNK_ENTRIES = 4


class Mix(nn.ModuleList):
    """Merge each channel with its counterpart of the other date: two (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            [
                nn.Conv2d(2 * channels, channels, kernel_size=3, padding=1, groups=channels),
                nn.PReLU(),
                nn.InstanceNorm2d(channels),
            ]
        )

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        mixed = torch.stack([before, after], dim=2).flatten(1, 2)  # b0, a0, b1, a1, ...
        for layer in self:
            mixed = layer(mixed)
        return mixed


class PixelMLP(nn.Sequential):
    """A perceptron with PReLU, run on every pixel: (B, widths[0], H, W) -> (B, widths[-1], H, W)."""

    def __init__(self, *widths: int, activate_last: bool = True) -> None:
        layers = [nn.Sequential(nn.Conv2d(a, b, kernel_size=1), nn.PReLU()) for a, b in pairwise(widths)]
        if not activate_last:
            layers[-1] = layers[-1][:1]
        super().__init__(*layers)


class MixMask(nn.Module):
    """One unbounded weight per pixel from two dates: two (B, C, H, W) -> (B, 1, H, W)."""

    def __init__(self, channels: int, *hidden: int) -> None:
        super().__init__()
        self.mix = Mix(channels)
        self.score = PixelMLP(channels, *hidden, 1)

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        weight: Tensor = self.score(self.mix(before, after))
        return weight


class UpMask(nn.Module):
    """Enlarge to the mask's size, gate with the mask, refine: (B, in, h, w), (B, 1, H, W) -> (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.refine = nn.Sequential(
            nn.Conv2d(in_channels, in_channels, kernel_size=3, padding=1, groups=in_channels),
            nn.PReLU(),
            nn.InstanceNorm2d(in_channels),
            nn.Conv2d(in_channels, out_channels, kernel_size=1),
            nn.PReLU(),
            nn.InstanceNorm2d(out_channels),
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        refined: Tensor = self.refine(resize_to(x, mask, align_corners=True) * mask)
        return refined


class TinyCD(ChangeModel):
    """Masks of the images and of two shallow feature maps gate the enlargement of the mixed deepest features.

    Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W). The instance normalisations see the whole
    image, so the answer at a pixel depends on the tile around it; any size is taken as it is, without padding.
    """

    about = About(
        title="TINYCD: A (Not So) Deep Learning Model For Change Detection",
        authors="Codegoni, Lombardi, Ferrari",
        venue="Neural Computing and Applications",
        year=2023,
        doi="10.1007/s00521-022-08122-3",
        pretrained_trunk=f"{TRUNK} (ImageNet)",
        parameters_mi=0.27,
        macs_gi=1.44,
    )
    folds = True
    explained_layers = (Stage("change representation", ("decoder.2", "decoder.1", "decoder.0", "deep_mix")),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 1) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.trunk = _trunk(in_channels)
        self.image_mask = MixMask(in_channels, 10, 5)
        self.feature_masks = nn.ModuleList([MixMask(24, 12, 6), MixMask(32, 16, 8)])
        self.deep_mix = Mix(56)
        self.decoder = nn.ModuleList([UpMask(56, 64), UpMask(64, 64), UpMask(64, 32)])
        self.classify = PixelMLP(32, 16, 8, num_classes, activate_last=False)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        (*shallow_before, deep_before), (*shallow_after, deep_after) = self.features(before), self.features(after)
        masks = [self.image_mask(before, after)]  # fine to coarse
        masks += [m(b, a) for m, b, a in zip(self.feature_masks, shallow_before, shallow_after, strict=True)]
        x = self.deep_mix(deep_before, deep_after)
        for up, mask in zip(self.decoder, reversed(masks), strict=True):
            x = up(x, mask)
        return ChangeOutput(self.classify(x))

    def features(self, image: Tensor) -> list[Tensor]:
        """Fine to coarse: 24, 32 and 56 channels at 1/2, 1/4 and 1/8 of the resolution, rounded up."""
        stem, *stages = self.trunk
        features = [stem(image)]
        for stage in stages:
            features.append(stage(features[-1]))
        return features[1:]

    def load_pretrained_backbone(self) -> None:
        """Start the trunk from EfficientNet-B4's ImageNet weights.

        Raises OptionError unless `in_channels` is 3, and WeightsError where the weights cannot be had.
        """
        channels = self.config["in_channels"]
        if channels != 3:
            raise OptionError(
                f"TinyCD's ImageNet trunk needs in_channels=3, got {channels}: build it with "
                f"pretrained_backbone=False, or select 3 bands."
            )
        published = imagenet_weights(TRUNK)
        wanted = self.trunk.state_dict()
        self.trunk.load_state_dict({name: published[f"features.{name}"] for name in wanted})


def _trunk(in_channels: int) -> nn.Sequential:
    """Stem and first three stages of EfficientNet-B4, of random weights; stochastic depth as in the full network."""
    trunk: nn.Sequential = efficientnet_b4(weights=None).features[:TRUNK_ENTRIES]
    if in_channels != 3:
        first: Conv2dNormActivation = trunk[0]
        stem = nn.Conv2d(in_channels, first[0].out_channels, kernel_size=3, stride=2, padding=1, bias=False)
        nn.init.kaiming_normal_(stem.weight, mode="fan_out")
        first[0] = stem
    return trunk
