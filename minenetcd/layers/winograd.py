"""A 3 x 3 convolution with 2.25 times fewer multiplications, on processors.

Source: Lavin, Gray, "Fast algorithms for convolutional neural networks", CVPR 2016: F(2 x 2, 3 x 3). Each area of 4 x 4
pixels of x, two pixels apart, becomes 16 sums; what the kernel makes of each is one matrix product over the channels;
sums of the 16 results are 2 x 2 pixels. Exact but for rounding, about 3e-6 of the largest magnitude in float32. In
training the gradient of x, which is a convolution as well, is computed so, too; that of the weights is not.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeGuard

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from minenetcd.layers.inference import computed_by_torch, is_plain_convolution
from minenetcd.layers.packed import PackedMatrix, takes_packed

#: Narrower layers spend more on sums than they save in products (docs/performance.md).
LEAST_CHANNELS = 512
#: Of a batch: in training the kernel is transformed for each.
_LEAST_PIXELS = 1024
#: Areas that are worked on together, so that their sums stay in the processor's cache.
_TOGETHER = 128
_KERNEL = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))
#: Sums of four neighbouring pixels: this one, that one, times that.
_SUMS = ((0, 2, -1), (1, 2, 1), (2, 1, -1), (1, 3, -1))
#: Of the 16 products the one that counts once in each of the four pixels.
_IN_ALL = 5


class WinogradConv(nn.Conv2d):
    """`conv` for inference: (B, C, H, W) -> (B, O, H, W). Shares its weights.

    Where something else has a better way - other devices, half precision, compilers and exporters - it is a plain
    convolution, but for exporters within `written_out`.
    """

    products: Tensor  # (16, C, O)
    matrices: list[PackedMatrix]  # the same
    written_out = False

    @classmethod
    def of(cls, conv: nn.Conv2d) -> Self:
        twin = cls(conv.in_channels, conv.out_channels, 3, padding=1, bias=conv.bias is not None, device="meta")
        twin.weight, twin.bias = conv.weight, conv.bias
        twin.register_buffer(
            "products", _products(conv.weight.detach().double()).to(conv.weight.dtype), persistent=False
        )
        twin.matrices = [PackedMatrix() for _ in twin.products]
        return twin.train(conv.training)

    def reset_parameters(self) -> None:
        """Nothing is drawn: its weights are another's."""

    @staticmethod
    def suits(conv: nn.Module) -> TypeGuard[nn.Conv2d]:
        return (
            isinstance(conv, nn.Conv2d)
            and is_plain_convolution(conv, WideConv)
            and (conv.kernel_size, conv.stride, conv.padding, conv.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
            and conv.groups == 1
            and min(conv.weight.shape[:2]) >= LEAST_CHANNELS
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.written_out:
            return self._in_one_go(x)
        if not computed_by_torch(x):
            return super().forward(x)
        return _convolved(x, self.products, self.bias, self.matrices if takes_packed(x) else ())

    def _in_one_go(self, x: Tensor) -> Tensor:
        """The same in operations of their own, for a graph: without areas that are worked on together."""
        batch, channels, height, width = x.shape
        high, wide = ((side + 1) // 2 for side in (height, width))
        padded = functional.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1 + 2 * wide - width, 1, 1 + 2 * high - height))
        rows = [_summed(padded, each, high, dim=1) for each in _SUMS]
        areas = torch.stack([_summed(row, each, wide, dim=2) for row in rows for each in _SUMS])  # (16, B, h, w, C)
        products = torch.bmm(areas.reshape(16, batch * high * wide, channels), self.products)
        products = products.reshape(4, 4, batch, high, wide, self.out_channels)
        both_rows = (_first(products), _second(products))
        made = torch.stack([torch.stack([_first(row), _second(row)], dim=3) for row in both_rows], dim=2)
        whole = made.reshape(batch, 2 * high, 2 * wide, self.out_channels)[:, :height, :width].permute(0, 3, 1, 2)
        return whole if self.bias is None else whole + self.bias[:, None, None]


class WideConv(nn.Conv2d):
    """A convolution that, where it has many channels, takes fewer multiplications in training, too."""

    def forward(self, x: Tensor) -> Tensor:
        return convolve_wide(x, self.weight, self.bias) if WinogradConv.suits(self) else super().forward(x)


def convolve_wide(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The 3 x 3 convolution, with a border of one zero, of x (B, C, H, W) by `weight` (O, C, 3, 3): (B, O, H, W)."""
    is_large = min(weight.shape[:2]) >= LEAST_CHANNELS and len(x) * x.shape[2] * x.shape[3] >= _LEAST_PIXELS
    if not (is_large and torch.is_grad_enabled() and computed_by_torch(x, with_gradients=True)):
        return functional.conv2d(x, weight, bias, padding=1)
    convolved: Tensor = _WithGradients.apply(x, weight)
    return convolved if bias is None else convolved + bias[:, None, None]


class _WithGradients(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _convolved(x, _products(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, incoming: Tensor) -> tuple[Tensor | None, Tensor | None]:
        (x, weight), of_x, of_weight = ctx.saved_tensors, None, None
        if ctx.needs_input_grad[0]:
            of_x = _convolved(incoming, _products(weight.flip(2, 3).transpose(0, 1)))
        if ctx.needs_input_grad[1]:
            of_weight = conv2d_weight(x, weight.shape, incoming, padding=1)
        return of_x, of_weight


def _products(weight: Tensor) -> Tensor:
    """What the sums of areas are multiplied by, for weights (O, C, 3, 3): (16, C, O)."""
    out, channels = weight.shape[:2]
    kernel = weight.new_tensor(_KERNEL)
    taps = weight.permute(2, 3, 1, 0).reshape(9, -1)
    return (torch.kron(kernel, kernel) @ taps).view(16, channels, out)


def _convolved(
    x: Tensor, products: Tensor, bias: Tensor | None = None, matrices: Sequence[PackedMatrix] = ()
) -> Tensor:
    """`matrices`, if any, hold the `products`."""
    pixels = x.permute(0, 2, 3, 1)  # (B, H, W, C)
    height, high, wide = x.shape[2], *(-(-side // 2) for side in x.shape[2:])
    right = 2 * wide - x.shape[3]
    result = x.new_empty(len(x), high, 2, wide, 2, products.shape[2])
    step = max(1, _TOGETHER // wide)
    for image, made in zip(pixels, result, strict=True):
        for top in range(0, high, step):
            start, end = 2 * top - 1, 2 * min(top + step, high) + 1
            border = (0, 0, 1, 1 + right, max(0, -start), max(0, end - height))
            areas = _area_sums(functional.pad(image[max(0, start) : end], border), wide)
            found = _multiplied(areas, products, matrices)
            if bias is not None:
                found[_IN_ALL] += bias
            _put_pixels(found, made[top : top + step])
    whole = result.flatten(3, 4).flatten(1, 2)[:, : x.shape[2], : x.shape[3]]
    return whole.permute(0, 3, 1, 2)


def _multiplied(areas: Tensor, products: Tensor, matrices: Sequence[PackedMatrix]) -> list[Tensor]:
    if not matrices:
        return list(torch.bmm(areas, products))
    return [matrix.product(area, each.T) for matrix, area, each in zip(matrices, areas, products, strict=True)]


def _area_sums(image: Tensor, wide: int) -> Tensor:
    """Of the areas in rows (2 n + 2, 2 w + 2, C) of an image: (16, n w, C)."""
    high = len(image) // 2 - 1
    sums = image.new_empty(4, 4, high, wide, image.shape[2])
    for by_row, (first, second, sign) in zip(sums, _SUMS, strict=True):
        rows = torch.add(_every_other(image, first, high), _every_other(image, second, high), alpha=sign)
        for area, (left, right, sign) in zip(by_row, _SUMS, strict=True):
            columns = (_every_other(rows, start, wide, dim=1) for start in (left, right))
            torch.add(*columns, alpha=sign, out=area)
    return sums.flatten(2, 3).flatten(0, 1)


def _put_pixels(found: Sequence[Tensor], made: Tensor) -> None:
    """What the 16 products (n w, O) add up to, into `made` (n, 2, w, 2, O)."""
    high, _, wide, *_ = made.shape
    areas = [each.view(high, wide, -1) for each in found]
    columns = [_both_pixels(areas[column::4]) for column in range(4)]
    for row, products in enumerate(zip(*columns, strict=True)):
        _both_pixels(products, out=(made[:, row, :, 0], made[:, row, :, 1]))


def _both_pixels(
    products: Sequence[Tensor], out: tuple[Tensor | None, Tensor | None] = (None, None)
) -> tuple[Tensor, Tensor]:
    """Two neighbouring pixels, made of four products."""
    one, two, three, four = products
    return torch.add(one + two, three, out=out[0]), torch.sub(two - three, four, out=out[1])


@contextmanager
def written_out(network: nn.Module) -> Iterator[None]:
    """Within the block, a graph made of `network` holds the sums and products, not a plain convolution.

    Engines are quicker so in single precision (docs/performance.md).
    """
    layers = [layer for layer in network.modules() if isinstance(layer, WinogradConv)]
    for layer in layers:
        layer.written_out = True
    try:
        yield
    finally:
        for layer in layers:
            layer.written_out = False


def _first(products: Tensor) -> Tensor:
    """The first of two neighbouring pixels, in the direction of the first dimension (4, ...)."""
    return products[0] + products[1] + products[2]


def _second(products: Tensor) -> Tensor:
    return products[1] - products[2] - products[3]


def _summed(x: Tensor, sums: tuple[int, int, int], count: int, *, dim: int) -> Tensor:
    first, second, sign = sums
    return _every_other(x, first, count, dim) + sign * _every_other(x, second, count, dim)


def _every_other(x: Tensor, start: int, count: int, dim: int = 0) -> Tensor:
    """`count` of every other one along `dim`, from `start` on."""
    places = (slice(None),) * dim + (slice(start, start + 2 * count - 1, 2),)
    return x[places]
