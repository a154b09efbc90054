"""A 3 x 3 convolution with 2.25 times fewer multiplications, for inference on processors.

Source: Lavin, Gray, "Fast algorithms for convolutional neural networks", CVPR 2016: F(2 x 2, 3 x 3). Each area of 4 x 4
pixels of x, two pixels apart, becomes 16 sums; what the kernel makes of each is one matrix product over the channels;
sums of the 16 results are 2 x 2 pixels. Exact but for rounding, about 3e-6 of the largest magnitude in float32.
"""

from typing import Self, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.inference import computed_by_torch

#: Narrower layers spend more on sums than they save in products (docs/performance.md).
LEAST_CHANNELS = 512
#: Areas that are worked on together, so that their sums stay in the processor's cache.
_TOGETHER = 128
_KERNEL = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))
#: Sums of four neighbouring pixels: this one, that one, times that.
_SUMS = ((0, 2, -1), (1, 2, 1), (2, 1, -1), (1, 3, -1))


class WinogradConv(nn.Conv2d):
    """`conv` for inference: (B, C, H, W) -> (B, O, H, W). Shares its weights.

    Where something else has a better way - other devices, half precision, compilers and exporters - it is a plain
    convolution.
    """

    products: Tensor  # (16, C, O)

    @classmethod
    def of(cls, conv: nn.Conv2d) -> Self:
        twin = cls(conv.in_channels, conv.out_channels, 3, padding=1, bias=conv.bias is not None, device="meta")
        twin.weight, twin.bias = conv.weight, conv.bias
        kernel = torch.tensor(_KERNEL, dtype=torch.float64, device=conv.weight.device)
        products = torch.einsum("ai,ocij,bj->abco", kernel, conv.weight.detach().double(), kernel)
        twin.register_buffer("products", products.flatten(0, 1).to(conv.weight.dtype), persistent=False)
        return twin.train(conv.training)

    @staticmethod
    def suits(conv: nn.Module) -> TypeGuard[nn.Conv2d]:
        return (
            type(conv) is nn.Conv2d
            and (conv.kernel_size, conv.stride, conv.padding, conv.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
            and conv.groups == 1
            and min(conv.in_channels, conv.out_channels) >= LEAST_CHANNELS
        )

    def forward(self, x: Tensor) -> Tensor:
        if not computed_by_torch(x):
            return super().forward(x)
        pixels = x.permute(0, 2, 3, 1)  # (B, H, W, C)
        high, wide = (-(-side // 2) for side in x.shape[2:])
        bottom, right = 2 * high - x.shape[2], 2 * wide - x.shape[3]
        padded = functional.pad(pixels, (0, 0, 1, 1 + right, 1, 1 + bottom))
        result = x.new_empty(len(x), high, 2, wide, 2, self.out_channels)
        step = max(1, _TOGETHER // wide)
        for image, made in zip(padded, result, strict=True):
            for top in range(0, high, step):
                self._rows(image[2 * top : 2 * (top + step) + 2], made[top : top + step])
        whole = result.flatten(3, 4).flatten(1, 2)[:, : x.shape[2], : x.shape[3]]
        return whole.permute(0, 3, 1, 2)

    def _rows(self, image: Tensor, made: Tensor) -> None:
        """Rows of areas: from `image` (2 n + 2, 2 w + 2, C) into `made` (n, 2, w, 2, O)."""
        high, _, wide, *_ = made.shape
        sums = image.new_empty(4, 4, high, wide, self.in_channels)
        for by_row, (first, second, sign) in zip(sums, _SUMS, strict=True):
            rows = torch.add(_every_other(image, first, high), _every_other(image, second, high), alpha=sign)
            for area, (left, right, sign) in zip(by_row, _SUMS, strict=True):
                columns = (_every_other(rows, start, wide, dim=1) for start in (left, right))
                torch.add(*columns, alpha=sign, out=area)
        products = torch.bmm(sums.view(16, high * wide, -1), self.products).view(4, 4, high, wide, -1)
        upper, lower = products[0] + products[1] + products[2], products[1] - products[2] - products[3]
        for row, part in enumerate((upper, lower)):
            both = (part[0] + part[1] + part[2], part[1] - part[2] - part[3])
            for column, pixels in enumerate(both):
                made[:, row, :, column] = pixels if self.bias is None else pixels + self.bias


def _every_other(x: Tensor, start: int, count: int, dim: int = 0) -> Tensor:
    """`count` of every other one along `dim`, from `start` on."""
    places = (slice(None),) * dim + (slice(start, start + 2 * count - 1, 2),)
    return x[places]
