"""AFCF3D-Net: the dates are a third axis, mixed by every convolution; levels meet their neighbours, then all others.

Source: Ye, Wang, Zhou, Lei, Fan, Qin, "Adjacent-Level Feature Cross-Fusion With 3-D CNN for Remote Sensing Image
Change Detection", IEEE TGRS 2023.

Features are (B, C, T, H, W). T is 2, the before image first; in the full-scale decoder it is 10: two dates of each of
five levels.
"""

import torch
from torch import Tensor, nn

from minenetcd.backbones.temporal_resnet18 import TemporalResNet18
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

WIDTH, DATES, LEVELS = 32, 2, 5
Size3 = tuple[int, int, int]


class Conv3dNormReLU(nn.Sequential):
    """Conv3d, BatchNorm3d, ReLU: (B, in, T, H, W) -> (B, 32, T', H', W'); sizes are those of (T, H, W)."""

    def __init__(
        self,
        in_channels: int = WIDTH,
        *,
        kernel_size: Size3 = (3, 3, 3),
        stride: Size3 = (1, 1, 1),
        padding: Size3 = (1, 1, 1),
    ) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, WIDTH, kernel_size, stride, padding)
        self.norm = nn.BatchNorm3d(WIDTH)
        self.act = nn.ReLU()


class CoordinateAttention(nn.Module):
    """One gate for each row and one for each column, of every channel at every time: (B, C, T, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shared = ConvNormAct(channels, channels, kernel_size=1, bias=True)
        self.row_gate = nn.Conv2d(channels, channels, kernel_size=1)
        self.column_gate = nn.Conv2d(channels, channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1, 2)  # the time is the fast index
        rows, columns = flat.mean(dim=3, keepdim=True), flat.mean(dim=2, keepdim=True)
        profile = self.shared(torch.cat([rows, columns.transpose(2, 3)], dim=2))  # (B, C * T, H + W, 1)
        rows, columns = profile.split(flat.shape[2:], dim=2)
        gates = torch.sigmoid(self.column_gate(columns.transpose(2, 3))) * torch.sigmoid(self.row_gate(rows))
        return (flat * gates).view_as(x)


class NeighbourFusion(nn.Module):
    """A level (B, 32, 2, H, W) joined by the levels beside it, where it has them: -> the same shape."""

    def __init__(self, *, finer: bool, coarser: bool) -> None:
        super().__init__()
        self.shrink = _halving() if finer else None
        self.refine = Conv3dNormReLU() if coarser else None
        self.merge = _merging()
        self.attend = CoordinateAttention(DATES * WIDTH)

    def forward(self, level: Tensor, *, finer: Tensor | None = None, coarser: Tensor | None = None) -> Tensor:
        x = level
        if finer is not None:
            assert self.shrink is not None, "built without a finer level"
            x = self.shrink(finer) + x
        if coarser is not None:
            assert self.refine is not None, "built without a coarser level"
            x = x + self.refine(double(coarser))
        fused: Tensor = self.attend(self.merge(x)) + level
        return fused


class FullScaleStage(nn.Module):
    """All levels at one resolution, one after the other in time: (B, 32, 10, H, W) -> (B, 32, `times`, H, W)."""

    def __init__(self, *, times: int) -> None:
        super().__init__()
        self.merge = _merging()
        self.attend = CoordinateAttention(LEVELS * DATES * WIDTH)
        self.condense = nn.Sequential(
            Conv3dNormReLU(),
            Conv3dNormReLU(kernel_size=(4, 3, 3), stride=(2, 1, 1), padding=(0, 1, 1)),  # T: 10 -> 4
            Conv3dNormReLU(kernel_size=(5 - times, 1, 1), padding=(0, 0, 0)),  # T: 4 -> times
        )

    def forward(self, levels: Tensor) -> Tensor:
        condensed: Tensor = self.condense(levels + self.attend(self.merge(levels)))
        return condensed


class FullScaleDecoder(nn.Module):
    """Five levels, fine to coarse, (B, 32, 2, h_i, w_i) -> (B, 32, h_0, w_0); every stage sees all of them."""

    def __init__(self) -> None:
        super().__init__()
        # parity: one module shrinks, and one refines what was enlarged, whatever the level.
        self.shrink = _halving()
        self.refine = Conv3dNormReLU()
        self.stages = nn.ModuleList(FullScaleStage(times=DATES if stage else 1) for stage in range(LEVELS - 1))

    def forward(self, levels: list[Tensor]) -> Tensor:
        finer = self.shrunk(levels[:-1])
        coarser = [levels[-1]]  # what stands below, each from its last enlargement; the newest first
        for number in reversed(range(LEVELS - 1)):
            coarser = [self.refine(double(x)) for x in coarser]
            sequence = [*reversed(coarser), *finer[number]]
            if number == 0:
                sequence = [sequence[-1], *sequence[:-1]]  # parity: the finest level goes first
            coarser.insert(0, self.stages[number](torch.cat(sequence, dim=2)))
        return coarser[0].squeeze(2)

    def shrunk(self, levels: list[Tensor]) -> list[list[Tensor]]:
        """For each level: itself, and the finer ones brought to its resolution, the nearest first."""
        stages: list[list[Tensor]] = [[] for _ in levels]
        for number, x in enumerate(levels):
            stages[number].insert(0, x)
            for stage in stages[number + 1 :]:
                x = self.shrink(x)
                stage.insert(0, x)
        return stages


class AFCF3D(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).

    Classes are decided at half the resolution and their probabilities are enlarged; `logits` are those of the enlarged
    probabilities. Not symmetric: every mix of the dates tells the earlier from the later.
    """

    about = About(
        title="Adjacent-Level Feature Cross-Fusion With 3-D CNN for Remote Sensing Image Change Detection",
        authors="Y. Ye, M. Wang, L. Zhou, G. Lei, J. Fan, Y. Qin",
        venue="IEEE TGRS",
        year=2023,
        doi="10.1109/TGRS.2023.3305499",
        pretrained_trunk="resnet18 (ImageNet)",
        parameters_mi=16.83,
        macs_gi=29.54,
    )
    folds = True
    size_multiple = 32
    explained_layers = (Stage.numbered("change representation", "decoder.stages.{}", 0, 1, 2, 3),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 1) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.trunk = TemporalResNet18(in_channels)
        self.reduce = nn.ModuleList(
            nn.Sequential(
                Conv3dNormReLU(channels, kernel_size=(1, 1, 1), padding=(0, 0, 0)), Conv3dNormReLU(), Conv3dNormReLU()
            )
            for channels in self.trunk.channels
        )
        self.fuse_finest = NeighbourFusion(finer=False, coarser=True)
        self.fuse_between = NeighbourFusion(finer=True, coarser=True)
        self.fuse_coarsest = NeighbourFusion(finer=True, coarser=False)
        self.decoder = FullScaleDecoder()
        self.head = nn.Sequential(
            ConvNormAct(WIDTH, 2 * WIDTH, kernel_size=1, activation=None),
            ConvNormAct(2 * WIDTH, WIDTH, kernel_size=1, activation=None),
            nn.Conv2d(WIDTH, num_classes, kernel_size=1),
        )

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        return ChangeOutput(with_enlarged_probability(self.decide(before, after), like=before))

    def decide(self, before: Tensor, after: Tensor) -> Tensor:
        """Logits at half the resolution, (B, num_classes, H / 2, W / 2)."""
        features = self.trunk(torch.stack([before, after], dim=2))
        reduced = [reduce(level) for reduce, level in zip(self.reduce, features, strict=True)]
        logits: Tensor = self.head(self.decoder(self.fuse(reduced)))
        return logits

    def fuse(self, levels: list[Tensor]) -> list[Tensor]:
        """Every level with its neighbours, fine to coarse, shapes kept."""
        # parity: one module serves all levels that have two neighbours.
        between = [
            self.fuse_between(level, finer=finer, coarser=coarser)
            for finer, level, coarser in zip(levels, levels[1:], levels[2:], strict=False)
        ]
        finest = self.fuse_finest(levels[0], coarser=levels[1])
        return [finest, *between, self.fuse_coarsest(levels[-1], finer=levels[-2])]

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()


def double(x: Tensor) -> Tensor:
    """Enlarge H and W of (B, C, T, H, W) twofold, corners on corners."""
    size = (2 * x.shape[-2], 2 * x.shape[-1])
    doubled: Tensor = resize_to(x.flatten(1, 2), size, align_corners=True).unflatten(1, x.shape[1:3])
    return doubled


def with_enlarged_probability(logits: Tensor, like: Tensor) -> Tensor:
    """Logits (B, K, H, W) of the size of `like` whose probabilities are those of `logits` (B, K, h, w), enlarged.

    Computed in float32 at least, and from the probability of every class, so that they keep their digits where
    one of them is next to 1.
    """
    exact = logits if logits.dtype == torch.float64 else logits.float()
    if binary := logits.shape[1] == 1:
        exact = torch.cat([torch.zeros_like(exact), exact], dim=1)
    probability = resize_to(exact.softmax(dim=1), like, align_corners=True)
    enlarged = probability.clamp_min(torch.finfo(exact.dtype).tiny).log()
    return (enlarged[:, 1:] - enlarged[:, :1] if binary else enlarged).to(logits.dtype)


def _merging() -> nn.Sequential:
    return nn.Sequential(Conv3dNormReLU(), Conv3dNormReLU(kernel_size=(1, 1, 1), padding=(0, 0, 0)))


def _halving() -> Conv3dNormReLU:
    return Conv3dNormReLU(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
