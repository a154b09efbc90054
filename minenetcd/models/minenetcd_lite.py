"""MineNetCD-Lite: two dates compared on the maps of a frozen ImageNet trunk and pixel by pixel, a light decoder.

It is this package's own. That a frozen trunk suffices was measured: docs/experiments.md. The pixels' branch has no
weights over neighbours, only means over 3 x 3, so that it does not learn the seams of what was pasted.
"""

from collections.abc import Iterable, Sequence
from typing import Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.backbones.efficientnet_lite import EfficientNetLite0
from minenetcd.errors import OptionError
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.inference import computed_by_torch
from minenetcd.layers.joint_deviation import joint_deviation
from minenetcd.layers.linear_operators import enlarging, places_read, pool_to
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import BandStatistics, ChangeOutput

#: Pixels that are joined together: 128 numbers of each take 1.5 MB.
_STRIP, _STRIP_OF_A_GRAPH = 3072, 49_152
#: Deviations below this are those of ground without texture. [of the network's numbers, which go from -1 to 1]
_FLAT = 0.02


class Decoder(nn.Module):
    """Maps of both dates, fine to coarse, and the dates themselves -> logits (B, num_classes, H, W)."""

    def __init__(self, channels: Sequence[int], pixel_channels: int, num_classes: int, width: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(ConvNormAct(3 * each, width, kernel_size=1) for each in channels)
        self.deepest = nn.Sequential(ConvNormAct(width, width), ConvNormAct(width, width))
        self.refine = nn.ModuleList(ConvNormAct(width, width) for _ in channels[:-1])
        self.pixels = ConvNormAct(pixel_channels, width // 3, kernel_size=1)
        self.join = ConvNormAct(width + width // 3, 2 * width // 3, kernel_size=1)
        self.classify = nn.Conv2d(2 * width // 3, num_classes, kernel_size=1)

    def forward(self, maps: Sequence[Tensor], pixels: Tensor) -> Tensor:
        """`maps` and `pixels` are those of both dates, compared."""
        x = resize_to(self.ground(maps), like=pixels)
        logits: Tensor = self.classify(self.join(torch.cat([x, self.pixels(pixels)], dim=1)))
        return logits

    def ground(self, maps: Sequence[Tensor]) -> Tensor:
        """What the maps say, at the size of the finest: (B, width, h, w)."""
        *finer, deepest = (level(each) for level, each in zip(self.levels, maps, strict=True))
        x: Tensor = self.deepest(deepest)
        for refine, level in zip(self.refine, reversed(finer), strict=True):
            x = refine(resize_to(x, like=level) + level)
        return x


class JoinedDecoders(nn.Module):
    """The mean of folded `decoders`, for inference: the same, with less done at the size of the images.

    Joining ground and pixels is linear, so the ground is multiplied before it is enlarged; classifying is linear, so
    the mean of all decoders is one product. What is left for each pixel is done in strips that the processor's cache
    holds, for all decoders together.
    """

    def __init__(self, decoders: Sequence[Decoder]) -> None:
        super().__init__()
        self.decoders = nn.ModuleList(decoders)
        self.pixels = _beside([_as_linear(each.pixels.conv) for each in decoders])
        joins = [_as_linear(each.join.conv) for each in decoders]
        width = joins[0].in_features - self.pixels.out_features // len(decoders)  # of the ground
        self.of_ground = nn.ParameterList(join.weight[:, :width] for join in joins)
        self.of_pixels = nn.ParameterList(join.weight[:, width:].T.contiguous() for join in joins)
        self.bias = nn.Parameter(torch.cat([join.bias for join in joins]))
        self.classify = _mean([_as_linear(each.classify) for each in decoders])

    def forward(self, maps: Sequence[Tensor], pixels: Tensor) -> Tensor:
        """As those of `Decoder.forward`."""
        grounds = [
            functional.linear(each.ground(maps).permute(0, 2, 3, 1), weight)
            for each, weight in zip(cast(Iterable[Decoder], self.decoders), self.of_ground, strict=True)
        ]
        ground = (torch.cat(grounds, dim=-1) + self.bias).permute(0, 3, 1, 2)  # weights of enlarging add up to one
        high, wide = pixels.shape[2:]
        rows = enlarging(ground.shape[2], high, like=ground)
        broad = resize_to(ground, (ground.shape[2], wide)).permute(0, 2, 3, 1)
        logits = []
        for top in range(0, high, step := _rows_at_once(pixels)):
            bottom = min(top + step, high)
            read = places_read(ground.shape[2], high, top, bottom)
            enlarged = (rows[top:bottom, read] @ broad[:, read].flatten(2)).unflatten(-1, (wide, -1))
            logits.append(self._logits(enlarged, pixels[:, :, top:bottom].permute(0, 2, 3, 1)))
        return torch.cat(logits, dim=1).permute(0, 3, 1, 2)

    def _logits(self, ground: Tensor, pixels: Tensor) -> Tensor:
        """Both (B, n, W, channels), of a strip -> (B, n, W, K)."""
        own = self.pixels(pixels).relu().chunk(len(self.of_pixels), dim=-1)
        shares = [part @ weight for part, weight in zip(own, self.of_pixels, strict=True)]
        logits: Tensor = self.classify((ground + torch.cat(shares, dim=-1)).relu())
        return logits


def _rows_at_once(pixels: Tensor) -> int:
    """Rows of a strip: on processors what the cache holds, or, in a graph, which repeats each strip, more of them."""
    if pixels.device.type != "cpu":
        return pixels.shape[2]
    return max(1, (_STRIP if computed_by_torch(pixels) else _STRIP_OF_A_GRAPH) // pixels.shape[3])


def _as_linear(conv: nn.Conv2d) -> nn.Linear:
    """What a 1 x 1 convolution with a bias makes of each pixel."""
    linear = nn.Linear(conv.in_channels, conv.out_channels, device="meta")
    linear.weight, linear.bias = nn.Parameter(conv.weight.flatten(1)), nn.Parameter(cast(Tensor, conv.bias))
    return linear


def _beside(layers: Sequence[nn.Linear]) -> nn.Linear:
    """All that `layers` make of one input, side by side."""
    linear = nn.Linear(layers[0].in_features, sum(each.out_features for each in layers), device="meta")
    linear.weight = nn.Parameter(torch.cat([each.weight for each in layers]))
    linear.bias = nn.Parameter(torch.cat([each.bias for each in layers]))
    return linear


def _mean(layers: Sequence[nn.Linear]) -> nn.Linear:
    """The mean of what each of `layers` makes of an input of its own; these stand side by side."""
    linear = nn.Linear(sum(each.in_features for each in layers), layers[0].out_features, device="meta")
    linear.weight = nn.Parameter(torch.cat([each.weight for each in layers], dim=1) / len(layers))
    linear.bias = nn.Parameter(torch.stack([each.bias for each in layers]).mean(dim=0))
    return linear


class MineNetCDLite(ChangeModel):
    """Two dates (B, in_channels, H, W) in -1..1 -> logits (B, num_classes, H, W), the same in either order of dates.

    Of the trunk, EfficientNet-Lite0, so many `levels` are read; three go down to a sixteenth of the size. It is
    `frozen`, in evaluation mode and without gradients, unless that is turned off. Of several `heads`, decoders of that
    `width` which start from other random weights and learn side by side, the mean counts; each has its loss as an
    auxiliary output. With `joint_deviation` they also see how far each pixel departs from how the dates go together
    elsewhere (`layers.joint_deviation`).
    """

    about = About(pretrained_trunk="EfficientNet-Lite0 (ImageNet)")
    folds = True
    standardises = True
    main_weight = 0.0
    size_multiple = 32  # else coarse maps, enlarged to a size that their cells do not divide, lie off by some pixels

    def __init__(
        self,
        *,
        in_channels: int = 3,
        num_classes: int = 1,
        width: int = 48,
        heads: int = 1,
        levels: int = 3,
        frozen: bool = True,
        joint_deviation: bool = False,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            num_classes=num_classes,
            width=width,
            heads=heads,
            levels=levels,
            frozen=frozen,
            joint_deviation=joint_deviation,
        )
        if heads < 1 or not 1 <= levels <= 4 or width < 3:
            raise OptionError(
                f"MineNetCD-Lite needs one head or more, 1 to 4 levels and a width of 3 or more, got {heads} heads, "
                f"{levels} levels, width {width}: correct these."
            )
        self.trunk = EfficientNetLite0(in_channels, levels=levels)
        self.frozen = frozen
        self.trunk.requires_grad_(not frozen)
        self.joint_deviation = joint_deviation
        pixel_channels = 3 * in_channels + int(joint_deviation)
        self.heads = nn.ModuleList(
            Decoder(self.trunk.channels, pixel_channels, num_classes, width) for _ in range(heads)
        )
        self.auxiliary_weights = (1 / heads,) * heads
        # what the first head makes of the maps, for all: the maps themselves say much less of where change is
        self.explained_layers = (Stage.numbered("dates compared", "heads.0.levels.{}", *range(levels)),)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        maps = [_compared(*each.chunk(2)) for each in self._features(torch.cat([before, after]))]
        statistics = self.of_scene or (_own_statistics(before), _own_statistics(after))
        pixels = _pixels_compared(before, after, *statistics)
        if self.joint_deviation:
            pixels = torch.cat([pixels, joint_deviation(before, after)], dim=1)
        if "joined" in self._modules:
            return ChangeOutput(self.get_submodule("joined")(maps, pixels))
        logits = tuple(head(maps, pixels) for head in self.heads)
        return ChangeOutput(torch.stack(logits).mean(dim=0), logits)

    def fused(self) -> Self:
        twin = super().fused()
        if twin is not self and "heads" in twin._modules:  # else it is one already
            parts = dict(twin.named_children())
            decoders = cast(Iterable[Decoder], parts.pop("heads"))
            twin._modules = {**parts, "joined": JoinedDecoders(list(decoders))}
        return twin

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.frozen:
            self.trunk.eval()
        return self

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()

    def _features(self, dates: Tensor) -> list[Tensor]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps: list[Tensor] = self.trunk(dates)
            return maps


def _compared(before: Tensor, after: Tensor) -> Tensor:
    """Maps (B, C, H, W) of both dates -> (B, 3 C, H, W), the same in either order."""
    return torch.cat([(before - after).abs(), before + after, torch.minimum(before, after)], dim=1)


def _pixels_compared(before: Tensor, after: Tensor, of_before: BandStatistics, of_after: BandStatistics) -> Tensor:
    """Local means of: difference, difference of standardised dates, mean of both, (B, 3 C, H, W)."""
    difference = (before - after).abs()
    standardised = (_standardised(before, of_before) - _standardised(after, of_after)).abs()
    both = torch.cat([difference, standardised, (before + after) / 2], dim=1)
    return functional.avg_pool2d(both, 3, stride=1, padding=1, count_include_pad=False)


def _own_statistics(date: Tensor) -> BandStatistics:
    """By products with matrices: engines that add up all pixels one by one lose a digit."""
    pixels = date.shape[2] * date.shape[3]
    with torch.autocast(date.device.type, enabled=False):
        mean = pool_to(date, 1)
        variance = pool_to((date - mean).square(), 1) * (pixels / (pixels - 1))
        return BandStatistics(mean, variance.sqrt())


def _standardised(date: Tensor, by: BandStatistics) -> Tensor:
    """Mean 0 and deviation 1 of each band of what the statistics are of."""
    return (date - by.mean) / by.deviation.clamp(min=_FLAT)
