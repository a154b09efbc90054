"""RDP-Net: patches of both dates at once, mixed at constant resolution and read out after every block.

Source: Chen, Pu, Yang, Tang, Xu, "RDP-Net: Region Detail Preserving Network for Change Detection",
IEEE Transactions on Geoscience and Remote Sensing 60, 2022. The normalisation mixes instance, layer and batch
statistics (switchable normalisation: Luo et al., ICLR 2019).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

PATCH = 8
WIDTH = 384
DEPTH = 6
HEAD_WIDTH = 32


class SwitchableNorm(nn.Module):
    """Normalise (B, C, H, W) by a learnt mixture of instance, layer and batch statistics.

    Statistics are computed in float32 at least. H * W must exceed 1: the instance variance is the unbiased one.
    """

    eps = 1e-5
    keep = 0.9  # of the running statistics, at each training step
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.mean_weight = nn.Parameter(torch.ones(3))
        self.var_weight = nn.Parameter(torch.ones(3))
        self.register_buffer("running_mean", torch.zeros(1, channels, 1))
        # parity: starts at 0, so that a network never trained under-estimates the variance in evaluation.
        self.register_buffer("running_var", torch.zeros(1, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.flatten(2).to(torch.promote_types(x.dtype, torch.float32))
        instance_mean = pixels.mean(dim=-1, keepdim=True)  # (B, C, 1)
        instance_var = pixels.var(dim=-1, keepdim=True)  # parity: unbiased, unlike the other two variances
        power = instance_var + instance_mean**2
        layer_mean, layer_var = _pool(instance_mean, power, dim=1)  # (B, 1, 1)
        batch_mean, batch_var = self.batch_statistics(instance_mean, power)  # (1, C, 1)
        mean = _mixture(self.mean_weight, instance_mean, layer_mean, batch_mean)
        var = _mixture(self.var_weight, instance_var, layer_var, batch_var)
        normal = ((pixels - mean) / torch.sqrt(var + self.eps)).view_as(x)
        return (normal * self.weight + self.bias).to(x.dtype)

    def batch_statistics(self, instance_mean: Tensor, power: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance (1, C, 1): of this batch in training, which also moves the running ones."""
        if not self.training:
            return self.running_mean, self.running_var
        mean, var = _pool(instance_mean, power, dim=0)
        with torch.no_grad():
            self.running_mean.mul_(self.keep).add_((1 - self.keep) * mean)
            self.running_var.mul_(self.keep).add_((1 - self.keep) * var)
        return mean, var


class Mixer(nn.Module):
    """Mix over space, then over channels: (B, C, H, W) -> (B, C, H, W). Only the first half is residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, kernel_size=9, padding=4, groups=channels)
        self.depthwise_norm = SwitchableNorm(channels)
        self.pointwise = nn.Conv2d(channels, channels, kernel_size=1)
        self.pointwise_norm = SwitchableNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = x + functional.gelu(self.depthwise_norm(self.depthwise(x)))
        return functional.gelu(self.pointwise_norm(self.pointwise(x)))


class DetailHead(nn.Module):
    """Bring patch features back to full size: (B, in, H / patch, W / patch) -> (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, patch: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, out_channels, kernel_size=1)
        self.reduce_norm = SwitchableNorm(out_channels)
        self.unfold = nn.ConvTranspose2d(out_channels, out_channels, kernel_size=patch, stride=patch)
        self.unfold_norm = SwitchableNorm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.gelu(self.reduce_norm(self.reduce(x)))
        return functional.gelu(self.unfold_norm(self.unfold(x)))


class RDPNet(ChangeModel):
    """Both dates, stacked as channels, go through six mixers; each mixer's output has a head of its own.

    Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).
    """

    about = About(
        title="RDP-Net: Region Detail Preserving Network for Change Detection",
        authors="Chen, Pu, Yang, Tang, Xu",
        venue="IEEE Transactions on Geoscience and Remote Sensing",
        year=2022,
        doi="10.1109/TGRS.2022.3227098",
        parameters_mi=1.62,
        macs_gi=1.63,
    )
    folds = True
    size_multiple = PATCH
    # not levels: after each mixer, all at 1/8
    explained_layers = (Stage.numbered("change representation", "mixers.{}", 0, 1, 2, 3, 4, 5),)

    def __init__(self, *, in_channels: int = 3, num_classes: int = 2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.embed = nn.Conv2d(2 * in_channels, WIDTH, kernel_size=PATCH, stride=PATCH)
        self.embed_norm = SwitchableNorm(WIDTH)
        self.mixers = nn.ModuleList(Mixer(WIDTH) for _ in range(DEPTH))
        self.heads = nn.ModuleList(DetailHead(WIDTH, HEAD_WIDTH, PATCH) for _ in range(DEPTH))
        self.channel_weight = nn.Parameter(torch.randn(1, DEPTH * HEAD_WIDTH, 1, 1))
        self.classify = nn.Conv2d(DEPTH * HEAD_WIDTH, num_classes, kernel_size=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        x = self.embed(torch.cat([before, after], dim=1))
        x = functional.gelu(self.embed_norm(x))  # (B, 384, H / 8, W / 8)
        details = []
        for mixer, head in zip(self.mixers, self.heads, strict=True):
            x = mixer(x)
            details.append(head(x))
        return ChangeOutput(self.classify(torch.cat(details, dim=1) * self.channel_weight))


def _pool(mean: Tensor, power: Tensor, *, dim: int) -> tuple[Tensor, Tensor]:
    """Mean and variance over `dim` of groups of equal size with these means and mean squares."""
    pooled = mean.mean(dim=dim, keepdim=True)
    return pooled, power.mean(dim=dim, keepdim=True) - pooled**2


def _mixture(weights: Tensor, instance: Tensor, layer: Tensor, batch: Tensor) -> Tensor:
    """Average under softmax(`weights`), three in this order; (B, C, 1) after broadcasting."""
    shares = weights.softmax(dim=0)
    return shares[0] * instance + shares[1] * layer + shares[2] * batch
