"""BIT: two dates condensed to a few semantic tokens, related by a transformer, written back to the pixels.

Source: Chen, Qi, Shi, "Remote sensing image change detection with transformers", IEEE TGRS 2021.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock

from minenetcd.backbones.torchvision_resnet18 import TorchvisionResNet18
from minenetcd.layers.attention import multi_head_attention
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

WIDTH, MLP_WIDTH, HEADS, ENCODER_HEAD_WIDTH = 32, 64, 8, 64
# parity: scores are scaled by the width of a token, not by that of a head.
SCALE = WIDTH**-0.5


class TokenAttention(nn.Module):
    """Tokens attend to each other: (B, N, 32) -> the same."""

    def __init__(self, head_width: int) -> None:
        super().__init__()
        self.query_key_value = nn.Linear(WIDTH, 3 * HEADS * head_width, bias=False)
        self.project = nn.Linear(HEADS * head_width, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = self.query_key_value(tokens).chunk(3, dim=-1)
        mixed: Tensor = self.project(multi_head_attention(query, key, value, heads=HEADS, scale=SCALE))
        return mixed


class PixelAttention(nn.Module):
    """Pixels (B, N, 32) read tokens (B, L, 32) -> (B, N, 32).

    There are few tokens and many pixels, so what is linear in a pixel meets the tokens first: each head's key becomes
    what a pixel itself is multiplied by, and its value what the pixel receives. Two products of 32 x (heads L) a pixel
    are left instead of two of 32 x (heads d) and two of L x (heads d): fewer, as long as L is no more than d.
    """

    def __init__(self, head_width: int) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, HEADS * head_width, bias=False)
        self.key = nn.Linear(WIDTH, HEADS * head_width, bias=False)
        self.value = nn.Linear(WIDTH, HEADS * head_width, bias=False)
        self.project = nn.Linear(HEADS * head_width, WIDTH)

    def forward(self, pixels: Tensor, tokens: Tensor) -> Tensor:
        key, value = (_by_head(project(tokens)) for project in (self.key, self.value))  # (B, heads, L, d)
        asked = (key @ self.query.weight.unflatten(0, (HEADS, -1))).flatten(1, 2)  # (B, heads L, 32)
        given = (value @ self.project.weight.T.unflatten(0, (HEADS, -1))).flatten(1, 2)
        scores = (SCALE * asked) @ pixels.transpose(1, 2)
        weights = scores.unflatten(1, (HEADS, -1)).softmax(dim=2).flatten(1, 2)  # (B, heads L, N)
        read: Tensor = torch.baddbmm(self.project.bias, weights.transpose(1, 2), given)
        return read


def _by_head(x: Tensor) -> Tensor:
    """(B, L, heads d) -> (B, heads, L, d)."""
    apart: Tensor = x.unflatten(-1, (HEADS, -1))
    return apart.transpose(1, 2)


class TransformerLayer(nn.Module):
    """Pre-norm attention and MLP, each added to what came in."""

    def __init__(self, attention: TokenAttention | PixelAttention) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.attention = attention
        self.mlp_norm = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, MLP_WIDTH), nn.GELU(), nn.Linear(MLP_WIDTH, WIDTH))

    def forward(self, x: Tensor, *memory: Tensor) -> Tensor:
        """`x` (B, N, 32) attends to itself, or to the `memory` (B, L, 32) given."""
        # parity: one norm serves the pixels and the tokens they read.
        x = x + self.attention(*map(self.attention_norm, (x, *memory)))
        x = x + self.mlp(self.mlp_norm(x))
        return x


class BIT(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W).

    `tokens`: semantic tokens a date. `decoder_head_width`: 8 in the published weights, 64 is the other form the
    authors trained. Not symmetric: the position embedding tells the dates apart.
    """

    about = About(
        title="Remote Sensing Image Change Detection with Transformers",
        authors="H. Chen, Z. Qi, Z. Shi",
        venue="IEEE TGRS",
        year=2021,
        doi="10.1109/TGRS.2021.3095166",
        pretrained_trunk="resnet18 (ImageNet)",
        parameters_mi=11.39,
        macs_gi=8.28,
    )
    folds = True
    size_multiple = 8
    explained_layers = (Stage("feature difference", ("head(0)",)),)

    def __init__(
        self,
        *,
        in_channels: int = 3,
        num_classes: int = 2,
        tokens: int = 4,
        encoder_depth: int = 1,
        decoder_depth: int = 8,
        decoder_head_width: int = 8,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            num_classes=num_classes,
            tokens=tokens,
            encoder_depth=encoder_depth,
            decoder_depth=decoder_depth,
            decoder_head_width=decoder_head_width,
        )
        self.trunk = _trunk(in_channels)
        self.reduce = nn.Conv2d(256, WIDTH, kernel_size=3, padding=1)
        self.token_maps = nn.Conv2d(WIDTH, tokens, kernel_size=1, bias=False)
        self.position = nn.Parameter(torch.randn(1, 2 * tokens, WIDTH))
        self.encoder = nn.ModuleList(TransformerLayer(TokenAttention(ENCODER_HEAD_WIDTH)) for _ in range(encoder_depth))
        self.decoder = nn.ModuleList(TransformerLayer(PixelAttention(decoder_head_width)) for _ in range(decoder_depth))
        self.head = nn.Sequential(ConvNormAct(WIDTH, WIDTH), nn.Conv2d(WIDTH, num_classes, kernel_size=3, padding=1))

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        earlier, later = self.features(before), self.features(after)
        tokens = torch.cat([self.tokenise(earlier), self.tokenise(later)], dim=1) + self.position
        for layer in self.encoder:
            tokens = layer(tokens)
        earlier_tokens, later_tokens = tokens.chunk(2, dim=1)
        difference = (self.write_back(earlier, earlier_tokens) - self.write_back(later, later_tokens)).abs()
        return ChangeOutput(self.head(resize_to(difference, like=before)))

    def features(self, image: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, 32, H / 4, W / 4)."""
        coarse = self.trunk(image)[-1]  # (B, 256, H / 8, W / 8)
        reduced: Tensor = self.reduce(functional.interpolate(coarse, scale_factor=2, mode="nearest"))
        return reduced

    def tokenise(self, features: Tensor) -> Tensor:
        """Weighted means of the pixels (B, 32, h, w), one for each token map -> (B, tokens, 32)."""
        weights = self.token_maps(features).flatten(2).softmax(dim=-1)
        tokens: Tensor = weights @ features.flatten(2).transpose(1, 2)
        return tokens

    def write_back(self, features: Tensor, tokens: Tensor) -> Tensor:
        """Every pixel of (B, 32, h, w) reads its own date's tokens (B, tokens, 32) -> (B, 32, h, w)."""
        pixels = features.flatten(2).transpose(1, 2)
        for layer in self.decoder:
            pixels = layer(pixels, tokens)
        written: Tensor = pixels.transpose(1, 2).unflatten(2, features.shape[-2:])
        return written

    def load_pretrained_backbone(self) -> None:
        self.trunk.load_pretrained()


def _trunk(in_channels: int) -> TorchvisionResNet18:
    """ResNet-18 up to its third layer, which keeps the stride of the second: 256 channels at 1/8."""
    trunk = TorchvisionResNet18(in_channels, levels=3)
    # parity: the stride is taken out without dilating what follows.
    first: BasicBlock = trunk.layer3[0]
    first.conv1.stride = first.downsample[0].stride = (1, 1)
    trunk.strides = (4, 8, 8)
    return trunk
