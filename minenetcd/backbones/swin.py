"""Swin as a pyramid, its tensors named as in the released MineNetCD.

Source: Liu et al., "Swin Transformer", ICCV 2021; layout and names of the transformers library. Written out here,
because tokens can be put into windows, and back, in one step each, and what a window holds beyond the map need be
neither projected nor put back (docs/performance.md).
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.backbones.base import Backbone
from minenetcd.backbones.pretrained import from_hub, require_published

_PATCH = 4
_EXPANSION = 4
#: Added to the scores of tokens that share a window and are no neighbours on the map.
_APART = -100.0


class Swin(Backbone):
    """Image (B, in_channels, H, W) -> four maps (B, channels[i], H / strides[i], W / strides[i]), layer-normalised.

    Sizes that do not divide are rounded up at every stage; windows are never shrunk, as published. `pretrained_id`:
    the hub repository of a UPerNet whose trunk it may start from.
    """

    folds = True
    has_batch_norm = False

    def __init__(
        self,
        in_channels: int = 3,
        *,
        embed_dim: int,
        depths: Sequence[int],
        heads: Sequence[int],
        window: int,
        drop_path: float = 0.1,
        pretrained_id: str | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.channels = tuple(embed_dim * 2**i for i in range(len(depths)))
        self.pretrained_id = pretrained_id
        rates = iter(torch.linspace(0, drop_path, sum(depths), device="cpu").tolist())
        embeddings, layers = PatchEmbedding(in_channels, embed_dim), nn.ModuleList()
        for width, several, depth in zip(self.channels, heads, depths, strict=True):
            blocks = [SwinBlock(width, several, window, drop_path=next(rates)) for _ in range(depth)]
            merging = PatchMerging(width) if width < self.channels[-1] else nn.Identity()
            layers.append(SwinStage(blocks, window, downsample=merging))
        swin = nn.ModuleDict({"embeddings": embeddings, "encoder": nn.ModuleDict({"layers": layers})})
        norms = {f"stage{i}": nn.LayerNorm(width) for i, width in enumerate(self.channels, start=1)}
        self.network = nn.ModuleDict({"swin": swin, "hidden_states_norms": nn.ModuleDict(norms)})
        for part in (layers, embeddings):  # parity: in the library's order, so a seed gives the weights it always gave
            part.apply(_initialise)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        x, maps = self.network.get_submodule("swin.embeddings")(image), []
        stages = self.network.get_submodule("swin.encoder.layers").children()
        norms = self.network.get_submodule("hidden_states_norms").children()
        for stage, norm in zip(stages, norms, strict=True):
            x = stage(x)
            maps.append(norm(x).permute(0, 3, 1, 2))
            x = stage.get_submodule("downsample")(x)
        return tuple(maps)

    def load_pretrained(self) -> None:
        """Copy the trunk published as `pretrained_id`.

        OptionError for other than three input bands, WeightsError where the weights cannot be had.
        """
        pretrained_id = require_published("pretrained weights of Swin", self.pretrained_id, self.in_channels)
        from transformers import UperNetForSemanticSegmentation  # here, because it takes longer than torch to import

        published = from_hub(UperNetForSemanticSegmentation.from_pretrained, pretrained_id).backbone.state_dict()
        unread = "swin.layernorm."  # the library computes a last norm that no map is made of
        self.network.load_state_dict({key: x for key, x in published.items() if not key.startswith(unread)})


class PatchEmbedding(nn.Module):
    """Image (B, bands, H, W) -> tokens (B, ceil(H / 4), ceil(W / 4), channels)."""

    def __init__(self, bands: int, channels: int) -> None:
        super().__init__()
        self.patch_embeddings = nn.Sequential(OrderedDict(projection=nn.Conv2d(bands, channels, _PATCH, _PATCH)))
        self.norm = nn.LayerNorm(channels)

    def forward(self, image: Tensor) -> Tensor:
        below, beside = (-side % _PATCH for side in image.shape[2:])
        patches = self.patch_embeddings(functional.pad(image, (0, beside, 0, below)))
        tokens: Tensor = self.norm(patches.permute(0, 2, 3, 1))
        return tokens


class SwinStage(nn.Module):
    """Blocks at one scale, (B, H, W, C) -> (B, H, W, C): every other one looks through windows moved by half of one.

    `downsample` leads to the next scale.
    """

    def __init__(self, blocks: Sequence["SwinBlock"], window: int, *, downsample: nn.Module) -> None:
        super().__init__()
        self.window = window
        self.blocks = nn.ModuleList(blocks)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        batch, high, wide, channels = x.shape
        x = x.flatten(1, 2)
        windows = [Windows.over(high, wide, self.window, shift, device=x.device) for shift in (0, self.window // 2)]
        for i, block in enumerate(self.blocks):
            x = block(x, windows[i % 2])
        return x.view(batch, high, wide, channels)


class SwinBlock(nn.Module):
    """Attention within windows and an MLP, each beside a shortcut: tokens (B, H W, C) -> (B, H W, C)."""

    def __init__(self, channels: int, heads: int, window: int, *, drop_path: float) -> None:
        super().__init__()
        self.drop_path = drop_path
        self.attention = WindowAttention(channels, heads, window)
        self.layernorm_before = nn.LayerNorm(channels)
        self.layernorm_after = nn.LayerNorm(channels)
        layers = {"fc1": nn.Linear(channels, _EXPANSION * channels), "activation_fn": nn.GELU()}
        self.mlp = nn.Sequential(OrderedDict(layers, fc2=nn.Linear(_EXPANSION * channels, channels)))

    def forward(self, x: Tensor, windows: "Windows") -> Tensor:
        x = x + self._dropped(self.attention(self.layernorm_before(x), windows))
        deeper: Tensor = x + self.mlp(self.layernorm_after(x))
        return deeper

    def _dropped(self, x: Tensor) -> Tensor:
        """Stochastic depth: in training, none of it for some images, the more of it for the others."""
        if not (self.training and self.drop_path):
            return x
        kept = torch.floor(torch.rand(len(x), 1, 1, dtype=x.dtype, device=x.device) + (1 - self.drop_path))
        return x / (1 - self.drop_path) * kept


class WindowAttention(nn.Module):
    """Tokens (B, H W, C) look at those in their window -> (B, H W, C)."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(channels, channels) for _ in range(4))
        self.relative_position_bias = RelativePositionBias(heads, window)

    def forward(self, x: Tensor, windows: "Windows") -> Tensor:
        padded = functional.pad(x, (0, 0, 0, 1))  # the token that stands for all beyond the map: zero
        query, key, value = (
            windows.gather(projected(padded)).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projected in (self.q_proj, self.k_proj, self.v_proj)
        )
        scores = self.relative_position_bias()
        if windows.apart is not None:
            scores = (scores + windows.apart).repeat(len(x), 1, 1, 1)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=scores)
        out: Tensor = self.o_proj(windows.put_back(mixed.transpose(1, 2).flatten(2), len(x)))
        return out


class RelativePositionBias(nn.Module):
    """What is added to the scores of attention, by how far two tokens of a window are apart: (1, heads, N, N)."""

    relative_position_index: Tensor  # (N, N), N = window^2

    def __init__(self, heads: int, window: int) -> None:
        super().__init__()
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        rows, columns = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
        down, right = (x.reshape(-1, 1) - x.reshape(1, -1) + window - 1 for x in (rows, columns))
        self.register_buffer("relative_position_index", down * (2 * window - 1) + right, persistent=False)

    def forward(self) -> Tensor:
        return self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[None].contiguous()


@dataclass(frozen=True)
class Windows:
    """The windows of a map, moved by `shift` pixels around its edges, and which token stands where in them.

    What lies beyond the map is token H W.
    """

    taken: Tensor  # (windows, N): the token at each place
    places: Tensor  # (H W,): the place of each token
    tokens: int
    apart: Tensor | None  # (windows, 1, N, N): below zero between tokens that the shift has brought together

    @classmethod
    def over(cls, high: int, wide: int, window: int, shift: int, *, device: torch.device) -> "Windows":
        rows, columns = (torch.arange(side + -side % window, device=device) for side in (high, wide))
        row, column = ((x + shift) % len(x) for x in (rows, columns))
        outside = (row[:, None] >= high) | (column >= wide)
        taken = _cut((row[:, None] * wide + column).masked_fill(outside, high * wide), window)
        flat = taken.flatten()
        order = torch.arange(len(flat), device=device)
        places = torch.zeros_like(order).scatter(0, flat, order)[: high * wide]  # sorting is nothing that ONNX knows
        if not shift:
            return cls(taken, places, high * wide + 1, None)
        down, right = ((x >= len(x) - window).int() + (x >= len(x) - shift).int() for x in (rows, columns))
        area = _cut(3 * down[:, None] + right, window)
        apart = torch.where(area[:, None, :, None] == area[:, None, None, :], 0.0, _APART)
        return cls(taken, places, high * wide + 1, apart)

    def gather(self, tokens: Tensor) -> Tensor:
        """(B, H W + 1, C) -> (B windows, N, C)."""
        images = torch.arange(len(tokens), device=tokens.device)[:, None, None]
        taken = (images * self.tokens + self.taken).flatten()
        return tokens.flatten(0, 1).index_select(0, taken).view(-1, self.taken.shape[1], tokens.shape[2])

    def put_back(self, windows: Tensor, batch: int) -> Tensor:
        """(B windows, N, C) -> (B, H W, C)."""
        images = torch.arange(batch, device=windows.device)[:, None]
        places = (images * self.taken.numel() + self.places).flatten()
        return windows.flatten(0, 1).index_select(0, places).view(batch, -1, windows.shape[2])


class PatchMerging(nn.Module):
    """(B, H, W, C) -> (B, ceil(H / 2), ceil(W / 2), 2 C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)
        self.norm = nn.LayerNorm(4 * channels)

    def forward(self, x: Tensor) -> Tensor:
        below, beside = (side % 2 for side in x.shape[1:3])
        x = functional.pad(x, (0, 0, 0, beside, 0, below))
        corners = [x[:, row::2, column::2] for column in range(2) for row in range(2)]
        merged: Tensor = self.reduction(self.norm(torch.cat(corners, dim=-1)))
        return merged


def _cut(x: Tensor, window: int) -> Tensor:
    """(H, W) -> (windows, N)."""
    high, wide = x.shape
    cut = x.view(high // window, window, wide // window, window).transpose(1, 2)
    return cut.reshape(-1, window * window)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
