"""VMamba as a pyramid: blocks that mix pixels by a selective scan along four orders, and channels by an MLP.

Source: Liu et al., "VMamba: Visual state space model", 2024, arXiv 2401.10166, in the form without a gate, which
MineNetCD uses. Tensors are named as published. Inside, maps are channels-last: (batch, height, width, channels).
"""

import math
import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import Weights, WeightsEnum
from torchvision.ops import Permute, StochasticDepth

from minenetcd.backbones.base import Backbone
from minenetcd.backbones.pretrained import WAY_OUT, downloading, require_published
from minenetcd.backbones.selective_scan import scan_time_major
from minenetcd.errors import WeightsError

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
_RELEASE = "https://github.com/MzeroMiko/VMamba/releases/download/%23v2cls"


class ImageNetWeights(WeightsEnum):  # type: ignore[misc]  # torchvision brings no types
    """The authors' classifiers trained on ImageNet-1k: where the published training started."""

    TINY = Weights(f"{_RELEASE}/vssm_tiny_0230_ckpt_epoch_262.pth", transforms=None, meta={})
    SMALL = Weights(f"{_RELEASE}/vssm_small_0229_ckpt_epoch_222.pth", transforms=None, meta={})
    BASE = Weights(f"{_RELEASE}/vssm_base_0229_ckpt_epoch_237.pth", transforms=None, meta={})


class VMamba(Backbone):
    """Image (B, in_channels, H, W) -> four maps (B, channels[i], H / strides[i], W / strides[i]), layer-normalised.

    Sides that do not divide are rounded up at every stage. Stochastic depth grows linearly over all blocks from 0 to
    `drop_path`; `dropout` acts behind every scan (0.6 is MineNetCD's own choice). `pretrained_id`: a name of
    `ImageNetWeights`.
    """

    folds = True
    has_batch_norm = False
    #: MineNetCD was released with another wiring of its spatial ChangeFFT behind this trunk: the difference passes it.
    has_residual_change_fft = True

    def __init__(
        self,
        in_channels: int = 3,
        *,
        channels: Sequence[int] = (96, 192, 384, 768),
        depths: Sequence[int] = (2, 2, 5, 2),
        drop_path: float = 0.1,
        dropout: float = 0.6,
        pretrained_id: str | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.channels = tuple(channels)
        self.pretrained_id = pretrained_id
        rates = iter([drop_path * i / max(sum(depths) - 1, 1) for i in range(sum(depths))])
        self.patch_embed = _stem(in_channels, channels[0])
        stages = []
        for width, depth in zip(channels, depths, strict=True):
            blocks = (VSSBlock(width, drop_path=next(rates), dropout=dropout) for _ in range(depth))
            stages.append(nn.ModuleDict({"blocks": nn.Sequential(*blocks)}))
        for stage, width, wider in zip(stages, channels, channels[1:], strict=False):
            stage["downsample"] = _downsample(width, wider)
        self.layers = nn.ModuleList(stages)
        for i, width in enumerate(channels):
            self.add_module(f"outnorm{i}", nn.LayerNorm(width))
        self.apply(_initialise)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        x, maps = self.patch_embed(image), []
        for i, stage in enumerate(cast("Iterable[nn.ModuleDict]", self.layers)):
            x = stage["blocks"](x)
            # parity: what goes on to the next stage is not normalised
            maps.append(self.get_submodule(f"outnorm{i}")(x).permute(_TO_FIRST))
            if "downsample" in stage:
                x = stage["downsample"](x)
        return tuple(maps)

    def load_pretrained(self) -> None:
        """Copy the weights `pretrained_id`; the norms of the outputs, which a classifier lacks, keep their start.

        OptionError for other than three input bands, WeightsError where the file cannot be had or does not fit.
        """
        pretrained_id = require_published("ImageNet weights of VMamba", self.pretrained_id, self.in_channels)
        weights = ImageNetWeights.__members__[pretrained_id]
        published = _fetch(weights)
        own = {name: x for name, x in self.state_dict().items() if not name.startswith("outnorm")}
        for name, x in own.items():
            if name not in published or published[name].numel() != x.numel():
                raise WeightsError(
                    f"{weights.url} lacks {name!r} of shape {tuple(x.shape)}: remove the damaged file, or {WAY_OUT}."
                )
        # linear layers are also published as 1 x 1 convolutions
        self.load_state_dict({name: published[name].reshape(x.shape) for name, x in own.items()}, strict=False)


class VSSBlock(nn.Module):
    """Pre-norm residual block, scan then MLP: (B, H, W, width) -> the same."""

    def __init__(self, width: int, *, drop_path: float, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.op = CrossScan(width, dropout=dropout)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width)
        self.drop_path = StochasticDepth(drop_path, mode="row")

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.op(self.norm(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class MLP(nn.Module):
    """Linear, GELU, linear: (..., width) -> the same."""

    def __init__(self, width: int, *, ratio: int = 4) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, ratio * width)
        self.fc2 = nn.Linear(ratio * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class CrossScan(nn.Module):
    """SS2D: every pixel learns of all others by scans along rows and columns, each from both ends.

    (B, H, W, width) -> the same. E = 2 width channels are scanned with N = `states` states; steps come from a
    projection of rank R = width / 16, rounded up. Directions: 0 row by row, 1 column by column, 2 and 3 the reverses.
    """

    DIRECTIONS = 4

    #: Parameters that the authors spare from weight decay.
    no_weight_decay = ("A_logs", "Ds")

    def __init__(self, width: int, *, states: int = 1, ratio: int = 2, dropout: float = 0.0) -> None:
        super().__init__()
        inner, rank = ratio * width, math.ceil(width / 16)
        self.x_proj_weight = nn.Parameter(torch.empty(self.DIRECTIONS, rank + 2 * states, inner))
        self.dt_projs_weight = nn.Parameter(torch.empty(self.DIRECTIONS, inner, rank))
        self.dt_projs_bias = nn.Parameter(_first_steps(self.DIRECTIONS, inner))
        self.A_logs = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(self.DIRECTIONS * inner, 1))
        self.Ds = nn.Parameter(torch.ones(self.DIRECTIONS * inner))
        nn.init.uniform_(self.x_proj_weight, -(inner**-0.5), inner**-0.5)
        nn.init.uniform_(self.dt_projs_weight, -(rank**-0.5), rank**-0.5)
        self.out_norm = nn.LayerNorm(inner)
        self.in_proj = nn.Linear(width, inner, bias=False)
        self.conv2d = nn.Conv2d(inner, inner, kernel_size=3, padding=1, groups=inner, bias=False)
        self.out_proj = nn.Linear(inner, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2d(self.in_proj(x).permute(_TO_FIRST))
        y = self.scan(functional.silu(x).permute(_TO_LAST).contiguous())
        return self.dropout(self.out_proj(self.out_norm(y.to(self.out_norm.weight.dtype))))

    def scan(self, x: Tensor) -> Tensor:
        """The sum of the four scans of `x` (B, H, W, E), in at least float32.

        What is projected from a pixel does not depend on where the scan comes from, so no sequence is ever built: each
        scan reads and writes the map where it lies.
        """
        projected = functional.linear(x, self.x_proj_weight.flatten(0, 1)).unflatten(-1, (self.DIRECTIONS, -1))
        total = self._scan_along(0, x, projected) + self._scan_along(1, x, projected)
        for direction in (2, 3):
            total += self._scan_along(direction, x, projected)
        return total

    def _scan_along(self, direction: int, x: Tensor, projected: Tensor) -> Tensor:
        """One scan of `x`; `projected` (B, H, W, directions, R + 2 N) holds steps, B and C of all directions."""
        states, rank, dtype = self.A_logs.shape[1], self.dt_projs_weight.shape[2], _at_least_float32(x)
        low, B, C = projected[..., direction : direction + 1, :].split([rank, states, states], dim=-1)
        with torch.autocast(x.device.type, enabled=False):
            delta = functional.linear(low.squeeze(-2).to(dtype), self.dt_projs_weight[direction].to(dtype))
        columns = direction % 2 == 1
        u, delta, B, C = (_in_order(part, columns=columns) for part in (x, delta, B, C))
        A, D = (p.to(dtype).unflatten(0, (self.DIRECTIONS, -1))[direction] for p in (self.A_logs, self.Ds))
        y = scan_time_major(u, delta, -A.exp(), B, C, D, self.dt_projs_bias[direction], reverse=direction >= 2)
        return y.transpose(1, 2) if columns else y.squeeze(1).unflatten(1, x.shape[1:3])


def _at_least_float32(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)


def _in_order(x: Tensor, *, columns: bool) -> Tensor:
    """The map (B, H, W, ...) as sequences with two axes of time, a view."""
    return x.transpose(1, 2) if columns else x.flatten(1, 2).unsqueeze(1)


def _first_steps(*shape: int) -> Tensor:
    """Biases whose softplus is spread evenly, in the logarithm, over 0.001 ... 0.1 [time]."""
    step = torch.empty(shape).uniform_(math.log(0.001), math.log(0.1)).exp()
    return step + torch.log(-torch.expm1(-step))


def _stem(in_channels: int, width: int) -> nn.Sequential:
    """Two convolutions of stride 2: (B, in_channels, H, W) -> (B, H / 4, W / 4, width)."""
    return nn.Sequential(
        nn.Conv2d(in_channels, width // 2, kernel_size=3, stride=2, padding=1),
        Permute(_TO_LAST),
        nn.LayerNorm(width // 2),
        Permute(_TO_FIRST),
        nn.GELU(),
        nn.Conv2d(width // 2, width, kernel_size=3, stride=2, padding=1),
        Permute(_TO_LAST),
        nn.LayerNorm(width),
    )


def _downsample(width: int, wider: int) -> nn.Sequential:
    """(B, H, W, width) -> (B, H / 2, W / 2, wider)."""
    conv = nn.Conv2d(width, wider, kernel_size=3, stride=2, padding=1)
    return nn.Sequential(Permute(_TO_FIRST), conv, Permute(_TO_LAST), nn.LayerNorm(wider))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _fetch(weights: ImageNetWeights) -> Mapping[str, Tensor]:
    """The published tensors, from torch's cache or the network."""
    try:
        with downloading(f"ImageNet weights of VMamba ({weights.url})"):
            return weights.get_state_dict(progress=False, map_location="cpu", weights_only=True)["model"]
    except (pickle.UnpicklingError, KeyError, TypeError, RuntimeError) as error:
        raise WeightsError(
            f"{weights.url} does not hold a VMamba: remove it from torch's cache, or {WAY_OUT}."
        ) from error
